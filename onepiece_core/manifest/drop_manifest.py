"""A vendor's manifest, CSV or JSON: one damaged entry refuses itself, a damaged file refuses the drop."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from onepiece_core.errors import InputMissing, InputUnreadable, ManifestError
from onepiece_core.ingest.model import Problem
from onepiece_core.manifest.drop_cells import Entry
from onepiece_core.manifest.drop_mapping import Mapping
from onepiece_core.naming import fold
from onepiece_core.rules.ingest_codes import found
from onepiece_core.shown import shown

# More than any show delivers; less than what fills a machine's memory.
MAX_BYTES = 256 << 20


@dataclass(slots=True)
class DropManifest:
    """Its entries in their order, and what is to be said about the file as a whole."""

    entries: list[Entry]
    problems: list[Problem] = field(default_factory=list)


def load_manifest(path: Path, mapping: Mapping | None = None) -> DropManifest:
    """Read a ``.csv`` (``.tsv``, ``.txt``) or ``.json`` manifest.

    Raises:
        InputMissing, InputUnreadable: it cannot be read.
        ManifestError: it is damaged as a whole; ``context.rule`` is the code.
    """
    data = read_bytes(path)
    return read_manifest(data, is_json=path.suffix.lower() == ".json", where=shown(path.name), mapping=mapping)


def read_manifest(data: bytes, *, is_json: bool, where: str, mapping: Mapping | None = None) -> DropManifest:
    """The same from bytes. ``where`` is the file's name for people. Raises ManifestError."""
    from onepiece_core.manifest.drop_csv import read_csv
    from onepiece_core.manifest.drop_json import read_json

    mapping = mapping or Mapping()
    text = decoded(data, where)
    read = read_json if is_json else read_csv
    manifest = read(text, where, mapping)
    if not manifest.entries:
        raise ManifestError(
            f"{where} holds 0 entries", hint="An empty manifest is no success.", path=where, rule="manifest.empty"
        )
    _refuse_duplicates(manifest.entries)
    return manifest


def decoded(data: bytes, where: str) -> str:
    """UTF-8, or UTF-16 with its mark. Raises ManifestError with the offset of the byte that is neither."""
    encoding = "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and not data.startswith(b"\xff\xfe\0\0"):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as cause:
        line = data.count(b"\n", 0, cause.start) + 1
        byte = data[cause.start : cause.start + 1].hex()
        raise ManifestError(
            f"{where} is not UTF-8: byte 0x{byte} at offset {cause.start}, line {line}",
            hint="Save it as UTF-8: spreadsheets call that CSV UTF-8.",
            path=where,
            offset=cause.start,
            line=line,
        ) from cause


def read_bytes(path: Path) -> bytes:
    """A small regular file, whole. Raises InputMissing, InputUnreadable, ManifestError when it is too large."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
        with open(handle, "rb") as stream:  # noqa: PTH123 - a descriptor
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise InputUnreadable(f"The manifest {shown(path)} is no file.", path=shown(path))
            if status.st_size > MAX_BYTES:
                raise ManifestError(f"{shown(path.name)} is larger than {MAX_BYTES >> 20} MiB", path=shown(path))
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError as cause:
        raise InputMissing(f"The manifest {shown(path)} is not there.", path=shown(path)) from cause
    except ValueError as cause:
        raise InputMissing(f"{str(path)!r} is no path.", path=repr(str(path))) from cause
    except OSError as cause:
        raise InputUnreadable(
            f"The manifest {shown(path)} cannot be read: {cause.strerror}.", path=shown(path)
        ) from cause


def _refuse_duplicates(entries: list[Entry]) -> None:
    """Two rows of one path: nobody can say which is right, so both are refused."""
    seen: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.expected is not None:
            seen.setdefault(fold(entry.expected.delivery_path), []).append(entry)
    for same in seen.values():
        if len(same) > 1:
            lines = ", ".join(str(entry.line) for entry in same)
            for entry in same:
                entry.problems.append(
                    found("row.duplicate", f"{shown(entry.path)} is in the lines {lines}", line=entry.line)
                )
