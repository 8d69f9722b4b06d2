"""Draw the icons of our tools: ``python shelves/draw_icons.py`` writes onepiece_shelves/icons/ anew.

Each picture is drawn once below, as lines and one accent, on a field of 64 by 64. It becomes an SVG for windows that
are dark and one for windows that are light, and a PNG of each in the sizes that hosts show.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ICONS = Path(__file__).parent / "onepiece_shelves" / "icons"
SIZES = (32, 64)
# Window -> colour of the lines, colour of the accent.
THEMES = {"dark": ("#e4e4e4", "#ffb02e"), "light": ("#333333", "#b85c00")}

# Name -> what is drawn in the lines' colour, and what in the accent's. ``fill`` stands where a shape is full.
PICTURES = {
    "publish": (
        '<path d="M10 38v12a5 5 0 0 0 5 5h34a5 5 0 0 0 5-5V38"/>',
        '<path d="M32 44V10M18 23l14-14 14 14"/>',
    ),
    "open_shot": (
        '<path d="M7 50V15a4 4 0 0 1 4-4h13l6 7h23a4 4 0 0 1 4 4v28a4 4 0 0 1-4 4H11a4 4 0 0 1-4-4z"/>',
        '<path fill="{accent}" d="M26 28l15 8.5-15 8.5z"/>',
    ),
    "save_next": (
        '<path d="M28 56H15a4 4 0 0 1-4-4V12a4 4 0 0 1 4-4h22l13 13v9M36 9v13h13"/>',
        '<path d="M46 38v20M36 48h20"/>',
    ),
    "recover": (
        '<path d="M13 22a22 22 0 1 1-3 13M11 8v15h15"/>',
        '<path d="M23 33l7 7 12-13"/>',
    ),
    "about": (
        '<circle cx="32" cy="32" r="24"/>',
        '<path d="M32 30v15"/><circle cx="32" cy="20" r="1.2" fill="{accent}"/>',
    ),
}


def svg(name: str, theme: str) -> str:
    """The source of one picture for one kind of window."""
    line, accent = THEMES[theme]
    drawn, accented = (part.format(accent=accent) for part in PICTURES[name])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">\n'
        f'  <g fill="none" stroke="{line}" stroke-width="5" stroke-linecap="round" stroke-linejoin="round">\n'
        f"    {drawn}\n"
        f'    <g stroke="{accent}">{accented}</g>\n'
        "  </g>\n"
        "</svg>\n"
    )


def draw(source: str, size: int, path: Path) -> None:
    """The PNG of an SVG."""
    from PySide6.QtCore import QByteArray
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(source.encode())).render(painter)
    painter.end()
    if not image.save(str(path)):
        raise OSError(f"{path} cannot be written")


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication(sys.argv[:1])
    ICONS.mkdir(exist_ok=True)
    for name in PICTURES:
        for theme in THEMES:
            source = svg(name, theme)
            (ICONS / f"{name}_{theme}.svg").write_text(source, encoding="utf-8", newline="\n")
            for size in SIZES:
                draw(source, size, ICONS / f"{name}_{theme}_{size}.png")
    del application


if __name__ == "__main__":
    main()
