"""Reports as one HTML file: nothing is loaded from elsewhere, light and dark, fit for a printer and for a mail.

Every text is escaped here; :class:`Html` is what has been escaped already.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2129; --soft: #5b6472; --line: #d9dde3; --paper: #fff; --band: #f5f6f8;
  --good: #14713a; --warn: #8a5a00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ed; --soft: #9aa3b2; --line: #353b45; --paper: #15181d;
  --band: #1d2128; --good: #6fcf97; --warn: #f0b64a; --bad: #ff8a80; } }
@media print { :root { --ink: #000; --paper: #fff; } details { display: block; }
  details::details-content { content-visibility: visible; height: auto; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1200px; padding: 32px 24px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 36px 0 10px; }
p.lead { color: var(--soft); margin: 0 0 20px; overflow-wrap: anywhere; }
dl.counts { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0; }
dl.counts div { border: 1px solid var(--line); border-radius: 8px; padding: 8px 16px; min-width: 104px; }
dl.counts dt { color: var(--soft); font-size: 13px; }
dl.counts dd { margin: 0; font-size: 21px; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; color: var(--soft); font-weight: 600; background: var(--band); white-space: nowrap; }
th, td { padding: 6px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
td { overflow-wrap: break-word; min-width: 64px; max-width: 420px; }
td > span { white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); gap: 16px; }
figure { margin: 0; } figure img { width: 100%; height: auto; border-radius: 6px; display: block; background: #000; }
figcaption { font-size: 12.5px; color: var(--soft); overflow-wrap: anywhere; margin-top: 4px; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
"""


class Html(str):
    """Text that is HTML and needs no escaping."""

    __slots__ = ()


# A number is set to the right, a text as it is.
Cell = str | int | float | Html | None


def page(title: str, lead: str, parts: Iterable[Html], *, footer: str) -> str:
    """The whole file. ``parts`` stand below one another."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{text(title)}</h1>\n<p class="lead">{text(lead)}</p>\n'
        + "\n".join(parts)
        + f"\n<footer>{text(footer)}</footer>\n</body>\n</html>\n"
    )


def text(told: str) -> Html:
    """``told``, escaped; what cannot be seen or would turn the writing direction is shown as an escape."""
    kept = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in told)
    return Html(escape(kept))


def heading(told: str) -> Html:
    return Html(f"<h2>{text(told)}</h2>")


def counts(told: Mapping[str, tuple[str | int, str]]) -> Html:
    """Figures at a glance: label -> (figure, "good", "warn", "bad" or "")."""
    boxes = (
        f'<div><dt>{text(label)}</dt><dd class="{text(tone)}">{text(str(figure))}</dd></div>'
        for label, (figure, tone) in told.items()
    )
    return Html(f'<dl class="counts">{"".join(boxes)}</dl>')


def toned(told: str, tone: str) -> Html:
    """A word in the colour of "good", "warn" or "bad"."""
    return Html(f'<span class="{text(tone)}">{text(told)}</span>')


def table(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Html:
    """A table that scrolls by itself where it is wider than the page."""
    head = "".join(f'<th scope="col">{text(header)}</th>' for header in headers)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return Html(f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>')


def picture(jpeg: bytes, caption: str) -> Html:
    """A JPEG inside the page."""
    data = base64.b64encode(jpeg).decode()
    told = text(caption)
    return Html(
        f'<figure><img alt="{told}" loading="lazy" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{told}</figcaption></figure>"
    )


def pictures(figures: Iterable[Html]) -> Html:
    """Pictures side by side."""
    return Html(f'<div class="pictures">{"".join(figures)}</div>')


def _cell(value: Cell) -> str:
    if isinstance(value, Html):
        return f"<td>{value}</td>"
    if isinstance(value, int | float):
        return f'<td class="number">{value}</td>'
    return f"<td>{text(value or '')}</td>"
