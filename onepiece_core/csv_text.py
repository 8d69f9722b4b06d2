"""CSV that a spreadsheet shows and never carries out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

# What a spreadsheet takes for the start of a formula (owasp.org, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(headers: Sequence[str], rows: Iterable[Sequence[str | int | float | None]]) -> str:
    """A table with LF line ends. Text that looks like a formula gets ``'`` before it; numbers stay as they are.

    Characters that cannot be seen are written as escapes, so that each row is one line.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(headers)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _cell(value: str | int | float | None) -> str | int | float:
    if not isinstance(value, str):
        return "" if value is None else value
    kept = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    return f"'{kept}" if value.startswith(_FORMULA) else kept
