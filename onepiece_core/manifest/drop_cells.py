"""One entry of a vendor's manifest, from texts to what is expected; every way in which a cell can be wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onepiece_core.checksums import LENGTHS
from onepiece_core.errors import NameInvalid, PathEscapes, SequenceError
from onepiece_core.frames import parse_ranges
from onepiece_core.ingest.model import Expected, Problem
from onepiece_core.naming import MAX_COMPONENT_BYTES, escaped, parse_version
from onepiece_core.paths import check_relative
from onepiece_core.rules.ingest_codes import found

# The columns that both forms of a manifest have, in their order.
COLUMNS = ("show", "episode", "scene", "shot", "asset", "version", "source_path", "delivery_path", "checksum")
# What an entry may hold besides.
MORE = ("frames", "description", "task", "submitting_for", "artist")
REQUIRED = ("show", "version", "delivery_path")
_CODES = ("episode", "scene", "shot", "asset")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+", re.ASCII)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}(?: .*)?|\d{{1,2}}-(?:{_MONTHS})[a-z]*(?:-\d+)?"
    rf"|(?:{_MONTHS})[a-z]*-\d{{1,4}}",
    re.ASCII | re.IGNORECASE,
)
_CHECKSUM = re.compile(r"(?:(?P<algorithm>[^:=]*)[:=])?(?P<digest>.*)", re.DOTALL)
_ALIASES = {
    "xxh3128": "xxh128", "xxh3-128": "xxh128", "xxh3_128": "xxh128", "xxhash64": "xxh64", "xxhash128": "xxh128",
    "sha-1": "sha1", "sha-256": "sha256", "sha-512": "sha512", "crc-32": "crc32",
}  # fmt: skip
_SHOWN = 80


@dataclass(slots=True)
class Entry:
    """One row or object.

    Attributes:
        line: where it starts, the physical line of the file.
        cells: by the name of :data:`COLUMNS` or :data:`MORE`; other names are kept as they are.
        expected: None when it is too damaged to look for its file.
        problems: with ``line``; an error refuses what the entry is about.
        path: the delivery path as it was written, for what cannot be matched.
    """

    line: int
    cells: Mapping[str, Any]
    expected: Expected | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def path(self) -> str:
        value = self.cells.get("delivery_path")
        return value if isinstance(value, str) else ""

    @property
    def is_refused(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

    def say(self, code: str, message: str, **more: Any) -> None:
        self.problems.append(found(code, message, line=self.line, **more))


def read_entry(entry: Entry, required: tuple[str, ...] = REQUIRED, bare_algorithm: str | None = None) -> Entry:
    """Fill ``expected`` and ``problems``. ``bare_algorithm``: of checksums that name none."""
    texts = {name: _text(entry, name) for name in (*COLUMNS, *MORE)}
    for name in required:
        if texts[name] == "" and not any(problem.message.startswith(f"{name} ") for problem in entry.problems):
            code = "row.path" if name == "delivery_path" else "row.value"
            entry.say(code, f"{name} is empty")
    path = _path(entry, texts["delivery_path"])
    version = _version(entry, texts["version"])
    for name in _CODES:
        _code(entry, name, texts[name])
    _formulas(entry)
    frames = _frames(entry, texts["frames"])
    checksum = _checksum(entry, texts["checksum"], bare_algorithm)
    if path is not None:
        entry.expected = Expected(
            delivery_path=path,
            show=texts["show"],
            episode=texts["episode"] or None,
            sequence=texts["scene"] or None,
            shot=texts["shot"] or None,
            asset=texts["asset"] or None,
            version=version or 0,
            source_path=texts["source_path"],
            checksum=checksum,
            frames=frames,
            line=entry.line,
            more={name: value for name, value in entry.cells.items() if name not in COLUMNS and name != "frames"},
        )
    return entry


def _text(entry: Entry, name: str) -> str:
    value = entry.cells.get(name)
    if value is None:
        return ""
    if name == "version" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        entry.say("row.value", f"{name} is {_kind(value)} where a text is expected")
        return ""
    if any(0xD800 <= ord(c) <= 0xDFFF for c in value):
        entry.say("row.text", f"{name} holds half of a surrogate pair")
        return ""
    # Spaces around a code are a slip of the finger; those in a path belong to it.
    return value if name in ("delivery_path", "source_path", "description") else value.strip()


def _path(entry: Entry, text: str) -> str | None:
    if not text:
        return None
    try:
        path = check_relative(text)
    except PathEscapes as error:
        entry.say("row.path", error.report.message)
        return None
    if any(not c.isprintable() for c in path):
        entry.say("row.path", f"{escaped(path)[:_SHOWN]!r} holds control characters")
        return None
    if any(len(part.encode()) > MAX_COMPONENT_BYTES for part in path.split("/")):
        entry.say("row.path", f"{path[:_SHOWN]!r}... holds a name of more than {MAX_COMPONENT_BYTES} bytes")
        return None
    return path


def _version(entry: Entry, text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_version(text)
    except NameInvalid:
        entry.say("row.version", f"{escaped(text)[:_SHOWN]!r} is no version")
        return None


def _code(entry: Entry, name: str, text: str) -> None:
    if looks_damaged(text):
        entry.say("row.excel_damaged", f"{name} {text!r} looks Excel-damaged", field=name)
    elif any(not c.isprintable() or c in "/\\" for c in text):
        entry.say("row.value", f"{name} {escaped(text)[:_SHOWN]!r} is no code")


def looks_damaged(text: str) -> bool:
    """Whether a spreadsheet made a number or a date of a code."""
    return bool(_SCIENTIFIC.fullmatch(text) or _DATE.fullmatch(text))


def _formulas(entry: Entry) -> None:
    names = [
        name
        for name, value in entry.cells.items()
        if isinstance(value, str) and (value[:1] in ("=", "+", "@") or (value[:1] == "-" and not value[1:2].isdigit()))
    ]
    if names:
        entry.say("row.formula", f"{', '.join(map(escaped, names))}: a spreadsheet would take it for a formula")


def _frames(entry: Entry, text: str) -> str | None:
    if not text:
        return None
    try:
        parse_ranges(text)
    except SequenceError as error:
        entry.say("row.frames", error.report.message[:200])
        return None
    return text


def _checksum(entry: Entry, text: str, bare_algorithm: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    match = _CHECKSUM.fullmatch(text)
    assert match is not None
    digest = match["digest"].strip().lower()
    if match["algorithm"] is None:
        return _bare(entry, digest, bare_algorithm)
    algorithm = match["algorithm"].strip().lower()
    return check_digest(entry, _ALIASES.get(algorithm, algorithm), digest)


def check_digest(entry: Entry, algorithm: str, digest: str) -> tuple[str, str] | None:
    if algorithm not in LENGTHS:
        entry.say("checksum.unknown", f"{escaped(algorithm)[:_SHOWN]!r} is no checksum that is known here")
    elif not re.fullmatch(r"[0-9a-f]+", digest, re.ASCII):
        entry.say("checksum.invalid", f"{escaped(digest)[:_SHOWN]!r} is not hexadecimal")
    elif len(digest) != LENGTHS[algorithm]:
        wanted = LENGTHS[algorithm]
        entry.say("checksum.length", f"{algorithm} has {wanted} digits, {digest[:_SHOWN]!r} has {len(digest)}")
    else:
        return algorithm, digest
    return None


def _bare(entry: Entry, digest: str, bare_algorithm: str | None) -> tuple[str, str] | None:
    if bare_algorithm:
        return check_digest(entry, bare_algorithm, digest)
    if not re.fullmatch(r"[0-9a-f]+", digest, re.ASCII):
        entry.say("checksum.invalid", f"{escaped(digest)[:_SHOWN]!r} is not hexadecimal")
        return None
    # 16 digits are xxh64 or xxh3, 32 are md5 or xxh128: only what can be one thing alone is taken.
    alone = {40: "sha1", 64: "sha256", 128: "sha512"}
    if len(digest) in alone:
        return alone[len(digest)], digest
    if len(digest) in LENGTHS.values():
        entry.say(
            "checksum.ambiguous", f"{digest[:_SHOWN]!r} names no algorithm, and several have {len(digest)} digits"
        )
    else:
        entry.say("checksum.length", f"{digest[:_SHOWN]!r} has {len(digest)} digits, as no checksum has")
    return None


def _kind(value: Any) -> str:
    names = {bool: "a truth value", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")
