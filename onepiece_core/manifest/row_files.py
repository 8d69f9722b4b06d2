"""Rows of values from CSV, JSON, JSON lines or YAML, each with the line where it stands.

A damaged row is one bad row; a damaged file is an error. Values are as the file has them: text in CSV and YAML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onepiece_core.errors import ManifestError, UsageError
from onepiece_core.manifest.drop_csv import column_names, delimiter_of, iter_rows
from onepiece_core.manifest.drop_manifest import decoded, read_bytes
from onepiece_core.manifest.strict_json import strict_loads
from onepiece_core.shown import shown

MAX_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row; ``error`` says why nothing of it can be believed.

    Attributes:
        line: the physical line, of JSON the number of the row; counted from 1.
    """

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


def read_rows(path: Path) -> list[Row]:
    """The rows of a ``.csv``, ``.tsv``, ``.json``, ``.jsonl``, ``.ndjson``, ``.yaml`` or ``.yml`` file.

    Raises:
        UsageError: another extension.
        InputMissing, InputUnreadable: it cannot be read.
        ManifestError: it is damaged as a whole, or holds no row.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(
            f"{shown(path.name)} is no file of rows",
            hint=f"Its name must end in {', '.join(_READERS)}.",
            path=shown(path),
        )
    where = shown(path.name)
    rows: list[Row] = []
    for row in reader(decoded(read_bytes(path), where), where):
        rows.append(row)
        if len(rows) > MAX_ROWS:
            raise ManifestError(f"{where} holds more than {MAX_ROWS} rows", path=where)
    if not rows:
        raise ManifestError(f"{where} holds no rows", hint="An empty file is no success.", path=where)
    return rows


def _csv(text: str, where: str) -> Iterator[Row]:
    rows = iter_rows(text, delimiter_of(text), where)
    line, cells = next(rows, (0, []))
    names = column_names(cells, {}, where, line)
    for number, cells in rows:
        if len(cells) != len(names):
            yield Row(number, error=f"it has {len(cells)} cells, the header {len(names)}")
        else:
            yield Row(number, {name: cell for name, cell in zip(names, cells, strict=True) if name})


def _json(text: str, where: str) -> Iterator[Row]:
    try:
        value = strict_loads(text.encode())
    except ValueError as cause:
        raise ManifestError(f"{where} cannot be read: {cause}", path=where) from cause
    yield from _objects(value, where)


def _json_lines(text: str, where: str) -> Iterator[Row]:  # noqa: ARG001 - a bad line is a bad row
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield _row(number, strict_loads(line.encode()))
        except ValueError as cause:
            yield Row(number, error=str(cause))


def _yaml(text: str, where: str) -> Iterator[Row]:
    from onepiece_core.manifest.strict_yaml import strict_yaml

    try:
        value = strict_yaml(text)
    except ValueError as cause:
        raise ManifestError(f"{where} cannot be read: {cause}", path=where) from cause
    yield from _objects(value, where)


def _objects(value: Any, where: str) -> Iterator[Row]:
    rows = value.get("rows") if isinstance(value, dict) and value.keys() == {"rows"} else value
    if not isinstance(rows, list):
        raise ManifestError(f"{where} must hold a list of rows", path=where)
    yield from (_row(number, each) for number, each in enumerate(rows, 1))


def _row(number: int, value: Any) -> Row:
    if not isinstance(value, dict):
        return Row(number, error="it is no object")
    return Row(number, value)


_READERS: dict[str, Callable[[str, str], Iterator[Row]]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".yaml": _yaml,
    ".yml": _yaml,
}
