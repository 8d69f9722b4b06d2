"""Manifests as JSON: an object with ``files`` or ``deliveries``, read entry by entry so that each has its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from onepiece_core.errors import ManifestError
from onepiece_core.manifest.drop_cells import Entry, read_entry
from onepiece_core.manifest.drop_manifest import DropManifest
from onepiece_core.manifest.drop_mapping import Mapping
from onepiece_core.naming import escaped

LISTS = ("files", "deliveries")
_SPACE = re.compile(r"[ \t\r\n]*")
_MAX_DIGITS = 18  # of what a signed 64-bit number surely holds
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class _Bad:
    """A value that is none: NaN, 1e999, a number of five thousand digits."""

    text: str


class _Object(dict[str, Any]):
    """An object that remembers a key that came twice."""

    twice: str | None = None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        made.twice = next(key for key in keys if keys.count(key) > 1)
    return made


def _integer(text: str) -> int | _Bad:
    return int(text) if len(text.lstrip("-")) <= _MAX_DIGITS else _Bad(text)


def _float(text: str) -> float | _Bad:
    value = float(text)
    return value if value not in (float("inf"), float("-inf")) else _Bad(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_Bad)


def read_json(text: str, where: str, mapping: Mapping) -> DropManifest:
    """Every entry. Raises ManifestError: it is no JSON, its root is another one, a key of its root is twice."""
    manifest = DropManifest([])
    seen: set[str] = set()
    for key, values in _Document(text, where).members():
        if key in seen:
            raise ManifestError(f"{where}: the key {escaped(key)!r} is there twice", path=where)
        seen.add(key)
        if values is not None:
            manifest.entries += [_entry(line, value, mapping) for line, value in values]
    if len(seen & set(LISTS)) != 1:
        there = "both `files` and `deliveries`" if seen & set(LISTS) else "neither `files` nor `deliveries`"
        raise ManifestError(f"{where} holds {there}", path=where, hint='Write {"files": [{...}, ...]}.')
    return manifest


class _Document:
    """Walks the root by hand and lets the parser read each value: it tells no lines by itself."""

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where = text, where
        self._at, self._counted, self._line = 0, 0, 1

    def members(self) -> Iterator[tuple[str, list[tuple[int, Any]] | None]]:
        """The keys of the root; the lists of entries with the line of each, None for what is none of them."""
        self._skip()
        if self._text[self._at : self._at + 1] != "{":
            self._fail("the root is no object")
        for _ in self._parts("{", "}"):
            key = self._value()
            if not isinstance(key, str):
                self._fail("a key is no text")
            self._expect(":")
            if key in LISTS:
                if self._text[self._at : self._at + 1] != "[":
                    self._fail(f"{key!r} is no list")
                yield key, [(self._line_here(), self._value()) for _ in self._parts("[", "]")]
            else:
                if problem := problem_of(self._value()):
                    self._fail(f"{escaped(key)!r}: {problem[1]}")
                yield key, None
        self._skip()
        if self._at < len(self._text):
            self._fail("there is text behind the root")

    def _parts(self, start: str, end: str) -> Iterator[None]:
        """Stops before each part of a list or an object."""
        self._expect(start)
        if self._text[self._at : self._at + 1] == end:
            self._at += 1
            return
        while True:
            yield
            self._skip()
            if self._text[self._at : self._at + 1] == end:
                self._at += 1
                return
            self._expect(",")

    def _expect(self, character: str) -> None:
        self._skip()
        if self._text[self._at : self._at + 1] != character:
            self._fail(f"{character!r} is missing")
        self._at += 1
        self._skip()

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def _value(self) -> Any:
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError as cause:
            self._at = cause.pos
            self._fail(cause.msg, cause)
        except RecursionError as cause:
            self._fail("it is nested too deeply", cause)
        return value

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _fail(self, why: str, cause: Exception | None = None) -> Any:
        line = self._text.count("\n", 0, self._at) + 1
        column = self._at - self._text.rfind("\n", 0, self._at)
        raise ManifestError(
            f"{self._where}, line {line}, column {column}: {why}", path=self._where, line=line, column=column
        ) from cause


def _entry(line: int, value: Any, mapping: Mapping) -> Entry:
    if not isinstance(value, dict):
        entry = Entry(line, {})
        entry.say("row.value", "the entry is no object")
        return entry
    entry = Entry(line, mapping.renamed(value))
    problem = problem_of(value)
    if problem is not None:
        entry.say(*problem)
        return entry
    known = {*mapping.their_names()}
    unknown = [name for name in value if name not in known]
    if unknown and mapping.options.unknown != "keep":
        entry.say("row.unknown_field", f"unknown fields: {', '.join(map(escaped, unknown))[:200]}")
    return read_entry(entry, mapping.required, mapping.options.checksum_algorithm)


def problem_of(value: Any, depth: int = 0) -> tuple[str, str] | None:
    """Code and message of the first thing that no reader should take, however deep it lies."""
    if depth > _MAX_DEPTH:
        return "row.value", "it is nested too deeply"
    if isinstance(value, _Bad):
        return "row.number", f"{value.text[:20]} is no number"
    if isinstance(value, str) and not value.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in value):
        return "row.text", "a text holds half of a surrogate pair"
    if isinstance(value, _Object) and value.twice is not None:
        return "row.duplicate_key", f"the key {escaped(value.twice)!r} is there twice"
    below: Any = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((told for each in below if (told := problem_of(each, depth + 1))), None)
