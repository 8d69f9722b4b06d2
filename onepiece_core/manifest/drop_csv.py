"""Manifests as CSV: strict where the standard reader is silent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice

from onepiece_core.errors import ManifestError
from onepiece_core.manifest.drop_cells import Entry, read_entry
from onepiece_core.manifest.drop_manifest import DropManifest
from onepiece_core.manifest.drop_mapping import Mapping
from onepiece_core.naming import escaped
from onepiece_core.rules.ingest_codes import found

_DELIMITERS = ",;\t|"


def read_csv(text: str, where: str, mapping: Mapping) -> DropManifest:
    """Every row as an entry. Raises ManifestError: no header, a column twice, a quote that never ends."""
    known = {name.casefold(): name for name in mapping.their_names()}
    delimiter = mapping.options.delimiter or delimiter_of(text, known)
    rows = iter_rows(text, delimiter, where)
    header = next(rows, None)
    if header is None:
        raise ManifestError(f"{where} is empty", path=where, rule="manifest.empty")
    names = column_names(header[1], known, where, header[0])
    _check_columns(names, mapping, where, header[0])
    manifest = DropManifest([])
    unknown = [name for name in names if name.casefold() not in known]
    if unknown and mapping.options.unknown != "keep":
        told = ", ".join(escaped(name) or "a column without a name" for name in unknown)
        manifest.problems.append(found("manifest.column", f"unknown columns: {told}", line=header[0]))
    for line, cells in rows:
        manifest.entries.append(_entry(line, cells, names, mapping))
    return manifest


def _entry(line: int, cells: list[str], names: Sequence[str], mapping: Mapping) -> Entry:
    entry = Entry(line, mapping.renamed(dict(zip(names, cells, strict=False))))
    if len(cells) != len(names):
        code = "row.short" if len(cells) < len(names) else "row.long"
        entry.say(code, f"the row has {len(cells)} cells, the header {len(names)}")
        # Which cell is missing nobody can say: nothing of the row is believed.
        return entry
    return read_entry(entry, mapping.required, mapping.options.checksum_algorithm)


def iter_rows(text: str, delimiter: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, each with the physical line where it starts."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as cause:
            why = "a quote that never ends" if "unexpected end" in str(cause) else str(cause)
            raise ManifestError(f"{where}, line {line}: {why}", path=where, line=line) from cause
        if any(cell.strip() for cell in cells):
            yield line, cells


def delimiter_of(text: str, known: dict[str, str] | None = None) -> str:
    """The one that makes the most known columns of the header; None: the most columns."""

    def columns(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            first = next((row for row in islice(reader, 100) if any(cell.strip() for cell in row)), [])
        except csv.Error:
            return 0
        return sum(known is None or cell.strip().casefold() in known for cell in first)

    return max(_DELIMITERS, key=columns)


def column_names(cells: list[str], known: dict[str, str], where: str, line: int) -> list[str]:
    """The header's names, known ones as they are spelled in ``known``. Raises ManifestError for one that is twice."""
    names = [known.get(cell.strip().casefold(), cell.strip()) for cell in cells]
    folded = [name.casefold() for name in names]
    twice = next((name for name in names if name and folded.count(name.casefold()) > 1), None)
    if twice is not None:
        raise ManifestError(
            f"{where}, line {line}: the column {escaped(twice)!r} is there twice", path=where, line=line
        )
    return names


def _check_columns(names: Sequence[str], mapping: Mapping, where: str, line: int) -> None:
    there = mapping.renamed(dict.fromkeys(names, "there"))
    lacking = [name for name in mapping.required if not there.get(name)]
    if lacking:
        raise ManifestError(
            f"{where}, line {line}: the header lacks {', '.join(lacking)}",
            hint="Give the header show,episode,scene,shot,asset,version,source_path,delivery_path,checksum; "
            "a mapping preset names other columns.",
            path=where,
            line=line,
        )
