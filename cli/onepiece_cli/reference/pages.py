"""The pages of the reference by file name."""

from __future__ import annotations

from pathlib import Path

from onepiece_cli.reference.commands import commands_page
from onepiece_cli.reference.errors import errors_page
from onepiece_cli.reference.rules import rules_page
from onepiece_cli.reference.settings import settings_page

_INDEX = """# Reference

| page | holds |
|---|---|
| [commands.md](commands.md) | every command, option and argument, with examples |
| [settings.md](settings.md) | every setting of `onepiece.toml` and every environment variable |
| [errors.md](errors.md) | every error code, what to do about it, and the exit statuses |
| [rules.md](rules.md) | what a publish is checked for |

These pages are made from the code by `python -m onepiece_cli.reference --write`.
"""


def pages() -> dict[str, str]:
    """File name -> text."""
    return {
        "README.md": _INDEX,
        "commands.md": commands_page(),
        "settings.md": settings_page(),
        "errors.md": errors_page(),
        "rules.md": rules_page(),
    }


def outdated(folder: Path) -> list[str]:
    """The pages that differ from what ``folder`` holds."""
    return [name for name, text in pages().items() if _read(folder / name) != text]


def write_pages(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        if _read(folder / name) != text:
            (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError:
        return None
