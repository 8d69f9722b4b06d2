"""Match a manifest's entries with the items of a drop."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from onepiece_core.context import Context, Convention
from onepiece_core.frames import format_ranges
from onepiece_core.ingest.items import is_numbered, item_name
from onepiece_core.ingest.model import DropItem, Expected, Problem
from onepiece_core.ingest.names import show_problems
from onepiece_core.manifest.drop_cells import Entry, looks_damaged
from onepiece_core.naming import escaped
from onepiece_core.rules.ingest_codes import found
from onepiece_core.sequences import Sequence as FrameSequence
from onepiece_core.sequences import scan
from onepiece_core.shown import shown

_NUMBER = re.compile(r"%0?\d*d|#+|@+|\$F\d?|<UDIM>|\[-?\d+--?\d+\]")
# What a row calls the parts of a context.
_FIELDS = {"episode": "episode", "scene": "sequence", "shot": "shot", "asset": "asset"}
# An item, and one of its files; None is the item as a whole.
_Target = tuple[DropItem, str | None]


def match_entries(
    entries: Iterable[Entry],
    items: Sequence[DropItem],
    *,
    show_code: str | None,
    drop_name: str,
    convention: Convention,
) -> list[Problem]:
    """Tell each item what the manifest says of it; what is left over is about the drop as a whole."""
    index = _Index(items, drop_name)
    problems: list[Problem] = []
    told: dict[int, dict[str, list[Problem]]] = {}
    for entry in entries:
        if entry.expected is None:
            problems += entry.problems
            continue
        targets = index.find(entry.expected.delivery_path)
        lacking = index.lacking_frame(entry.expected.delivery_path) if not targets else None
        if lacking is not None:
            # The frame's sequence is there: it is the sequence that is not whole.
            item, frame = lacking
            item.problems += entry.problems
            index.rows.setdefault(id(item), []).append((None, replace(entry.expected, frames=str(frame))))
            continue
        if len(targets) != 1:
            problems += [*entry.problems, _without_file(entry, targets)]
            continue
        item, file = targets[0]
        told.setdefault(id(item), {}).setdefault(file or "", []).extend(_say(entry, item, file, show_code, convention))
        index.rows.setdefault(id(item), []).append((file, index.with_frame(entry.expected, file)))
    for item in items:
        _settle(item, index.rows.get(id(item), []), told.get(id(item), {}))
    return problems


class _Index:
    """The items by every way in which a manifest may call them."""

    def __init__(self, items: Sequence[DropItem], drop_name: str) -> None:
        self._drop_name = drop_name
        self._by_path: dict[str, _Target] = {}
        self._by_name: dict[str, list[_Target]] = {}
        self.rows: dict[int, list[tuple[str | None, Expected]]] = {}
        self._frames: dict[str, int] = {}
        self._sequences: dict[tuple[str, str, str], DropItem] = {}
        for item in items:
            if item.sequence is not None and is_numbered(item.sequence):
                self._frames.update(zip(item.sequence.names, item.sequence.frames, strict=True))
                self._sequences[_sequence_key(item.sequence)] = item
            self._add(item.pattern, (item, None))
            if item.sequence is not None or len(item.files) > 1:
                for file in item.files:
                    self._add(file.relative, (item, file.relative))

    def _add(self, path: str, target: _Target) -> None:
        key = _key(path)
        self._by_path[key] = target
        self._by_name.setdefault(key.rpartition("/")[2], []).append(target)

    def find(self, path: str) -> list[_Target]:
        """One target; none; or several that a name without folders may mean."""
        key = _key(path)
        for each in (key, key.removeprefix(f"{self._drop_name}/")):
            if each in self._by_path:
                return [self._by_path[each]]
        return self._by_name.get(key, []) if "/" not in key else []

    def with_frame(self, expected: Expected, file: str | None) -> Expected:
        """A row of one frame asks for that frame."""
        frame = self._frames.get(file) if file is not None else None
        return expected if frame is None else replace(expected, frames=str(frame))

    def lacking_frame(self, path: str) -> tuple[DropItem, int] | None:
        """The sequence that ``path`` is a frame of, although the frame is not there."""
        alone = scan([path]).sequences
        item = self._sequences.get(_sequence_key(alone[0])) if alone else None
        return None if item is None else (item, alone[0].first)


def _sequence_key(sequence: FrameSequence) -> tuple[str, str, str]:
    return sequence.base, sequence.separator, sequence.extension.lower()


def _key(path: str) -> str:
    """One spelling of accents, and of the number in a pattern."""
    folder, slash, name = path.rpartition("/")
    name = _NUMBER.sub("<#>", name.replace("%%", "%\0"))
    key = f"{folder}{slash}{name}"
    return _nfc(key)


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _without_file(entry: Entry, targets: list[_Target]) -> Problem:
    path = shown(entry.path)
    if not targets:
        return found("file.missing", f"{path} is not in the drop", line=entry.line, path=path)
    several = ", ".join(shown(file or item.pattern) for item, file in targets[:5])
    return found("row.ambiguous", f"{path} may be {several}", line=entry.line, path=path)


def _say(
    entry: Entry, item: DropItem, file: str | None, show_code: str | None, convention: Convention
) -> list[Problem]:
    expected = entry.expected
    assert expected is not None
    problems = [_with_answer(problem, item) for problem in entry.problems]
    if expected.show and show_code:
        problems += show_problems(expected.show, show_code, entry.line)
    problems += _compare(expected, item, convention)
    real = file or item.pattern
    if real != expected.delivery_path and _nfc(real) == _nfc(expected.delivery_path):
        problems.append(found("name.normalised", "the manifest spells its accents in another way", line=entry.line))
    if expected.checksum and file is None and item.sequence is not None:
        problems.append(found("checksum.pattern", "one checksum for a whole sequence is not checked", line=entry.line))
    return problems


def _with_answer(problem: Problem, item: DropItem) -> Problem:
    """A damaged code, with what the file's name says it was."""
    known = item.context.values().get(_FIELDS.get(problem.context.get("field", ""), ""))
    if problem.code != "row.excel_damaged" or known is None:
        return problem
    return problem.model_copy(update={"message": f"{problem.message}; the file says {known}"})


def _compare(expected: Expected, item: DropItem, convention: Convention) -> list[Problem]:
    """What the manifest tells beside what the name tells."""
    named = item.context
    problems = []
    if named.version and expected.version and named.version != expected.version:
        told = f"the manifest says version {expected.version}, the name {named.version}"
        problems.append(found("row.mismatch", told, line=expected.line))
    for field in _FIELDS.values():
        value, known = getattr(expected, field), getattr(named, field)
        if value is None or looks_damaged(value) or (known is not None and value.casefold() == known.casefold()):
            continue
        if known is None:
            if named.show is None and value.isdigit() and not convention.scene.accepts(field, value):
                told = f"{field} {value!r} looks Excel-damaged, and no name says what it was"
                problems.append(found("row.excel_damaged", told, line=expected.line))
        elif _digits(value) == _digits(known) and value.isdigit():
            told = f"{field} {value!r} looks Excel-damaged; the file says {known}"
            problems.append(found("row.excel_damaged", told, line=expected.line))
        else:
            told = f"the manifest says {field} {escaped(value)}, the name {known}"
            problems.append(found("row.mismatch", told, line=expected.line))
    return problems


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit()).lstrip("0")


def _settle(item: DropItem, rows: list[tuple[str | None, Expected]], told: dict[str, list[Problem]]) -> None:
    """Put the problems where they belong: a row of one frame speaks of that frame."""
    item.expected = tuple(expected for _, expected in rows)
    for file, problems in told.items():
        if not file:
            item.problems += problems
        elif problems:
            item.file_problems.setdefault(file, []).extend(problems)
    if rows and item.context.show is None:
        item.context = _context_of(rows[0][1]).over(item.context)


def _context_of(expected: Expected) -> Context:
    return Context(
        show=expected.show or None,
        episode=expected.episode,
        sequence=expected.sequence,
        shot=expected.shot,
        asset=expected.asset,
        version=expected.version or None,
    )


def check_unlisted(items: Iterable[DropItem]) -> None:
    """Files that no row of a manifest names."""
    for item in items:
        if not item.expected:
            item.problems.append(found("file.unlisted", f"{item_name(item)} is not in the manifest"))
        elif all(_is_one_frame(expected) for expected in item.expected) and is_numbered(item.sequence):
            assert item.sequence is not None
            named = {_key(expected.delivery_path).rpartition("/")[2] for expected in item.expected}
            extra = [
                frame
                for frame, name in zip(item.sequence.frames, item.sequence.names, strict=True)
                if _key(name).rpartition("/")[2] not in named
            ]
            if extra:
                frames = format_ranges(extra)
                item.problems.append(found("file.unlisted", f"the manifest does not name {frames}", frames=frames))


def _is_one_frame(expected: Expected) -> bool:
    return _NUMBER.search(expected.delivery_path) is None
