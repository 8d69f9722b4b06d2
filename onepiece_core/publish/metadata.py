"""The ``--metadata`` file of a publish: a JSON object, or a CSV of ``key,value`` rows."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from onepiece_core.errors import InputMissing, InputUnreadable, MetadataInvalid
from onepiece_core.manifest.strict_json import strict_loads
from onepiece_core.shown import shown

# Notes about a publish, not data of it: what is larger was named by mistake.
MAX_BYTES = 16 << 20
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def load_metadata(path: Path) -> dict[str, Any]:
    """The facts in ``path``. A file whose name ends in ``.csv`` is read as CSV, any other as JSON.

    CSV: two columns, with or without a ``key,value`` header; values stay text.

    Raises:
        InputMissing, InputUnreadable: the file itself.
        MetadataInvalid: it is no object, holds a key twice, a NaN, a row that is not ``key,value``, ...
    """
    data = _read(path)
    if path.suffix.lower() == ".csv":
        return _from_csv(data, shown(path))
    try:
        value = strict_loads(data)
    except ValueError as cause:
        raise MetadataInvalid(f"{shown(path)} is no sound JSON: {cause}", path=shown(path)) from cause
    if not isinstance(value, dict):
        raise MetadataInvalid(
            f"{shown(path)} holds {_kind(value)}, not an object",
            path=shown(path),
            hint='Write it as {"key": "value", ...}.',
        )
    return value


def _read(path: Path) -> bytes:
    try:
        if not path.exists():
            raise InputMissing(f"{shown(path)}: there is no such file", path=shown(path))
        if not path.is_file():  # a pipe would hang
            raise MetadataInvalid(f"{shown(path)} is no file", path=shown(path))
        if path.stat().st_size > MAX_BYTES:
            raise MetadataInvalid(f"{shown(path)} is larger than {MAX_BYTES} bytes", path=shown(path))
        return path.read_bytes()
    except ValueError as cause:  # a NUL in the name
        raise InputMissing(f"{shown(path)} is no path", path=shown(path)) from cause
    except OSError as cause:
        raise InputUnreadable(f"{shown(path)}: {cause.strerror}", path=shown(path)) from cause


def _from_csv(data: bytes, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    rows = csv.reader(io.StringIO(_decode(data, where), newline=""), strict=True)
    try:
        for row in rows:
            if not row or (not found and [cell.strip().lower() for cell in row] == ["key", "value"]):
                continue
            if len(row) != 2:
                raise MetadataInvalid(
                    f"{where}, line {rows.line_num}: {len(row)} cells where a key and a value are expected",
                    path=where,
                    line=rows.line_num,
                    hint="Put quotes around a value that holds a comma.",
                )
            key = row[0].strip()
            if not key or key in found:
                problem = f"the key {key!r} is there twice" if key else "the key is empty"
                raise MetadataInvalid(f"{where}, line {rows.line_num}: {problem}", path=where, line=rows.line_num)
            found[key] = row[1]
    except csv.Error as cause:
        raise MetadataInvalid(f"{where}, line {rows.line_num}: {cause}", path=where, line=rows.line_num) from cause
    if not found:
        raise MetadataInvalid(f"{where} holds no key at all", path=where)
    return found


def _decode(data: bytes, where: str) -> str:
    encoding = "utf-16" if data.startswith(_UTF16_MARKS) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as cause:
        raise MetadataInvalid(
            f"{where}: byte {cause.start} is not {encoding.upper().removesuffix('-SIG')}",
            path=where,
            hint="Save it as UTF-8.",
        ) from cause
    if "\0" in text:
        raise MetadataInvalid(f"{where} holds a NUL: it is no CSV", path=where)
    return text


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
