"""Open the files of a drop: their first bytes, or every table that tells whether a file is whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence

from onepiece_core.checksums import Stamp
from onepiece_core.errors import (
    InputMissing,
    InputUnreadable,
    MediaEmpty,
    MediaError,
    MediaTruncated,
    OnePieceError,
)
from onepiece_core.frames import format_ranges
from onepiece_core.ingest.items import is_numbered
from onepiece_core.ingest.model import Depth, DropFile, DropItem, Problem
from onepiece_core.media.probe import HEAD_BYTES, kind_of, probe_all, recognise
from onepiece_core.progress import Progress, Reporter
from onepiece_core.rules.ingest_codes import found
from onepiece_core.shown import shown

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_STEP = 5000


def look_at(items: Sequence[DropItem], depth: Depth, reporter: Reporter) -> None:
    """Fill ``media`` and the problems of each item."""
    total = sum(len(item.files) for item in items)
    if depth == "structure":
        _probe(items, reporter)
    else:
        done = 0
        for item in items:
            _heads(item)
            done += len(item.files)
            if done // _STEP != (done - len(item.files)) // _STEP:
                reporter.step(Progress(operation="ingest", phase="look", done=done, total=total))
    for item in items:
        _gather(item)


def _probe(items: Sequence[DropItem], reporter: Reporter) -> None:
    files = [file for item in items for file in item.files]
    results = iter(probe_all([file.path for file in files], reporter, operation="ingest"))
    for item in items:
        found_here = [next(results) for _ in item.files]
        item.media = tuple(None if isinstance(each, OnePieceError) else each for each in found_here)
        for file, result in zip(item.files, found_here, strict=True):
            if isinstance(result, OnePieceError):
                _say(item, file, problem_of(result))
            elif result.size_bytes != file.stamp.size_bytes:
                _say(item, file, _changing())


def _heads(item: DropItem) -> None:
    promised = kind_of(item.files[0].relative)
    for file in item.files:
        if not file.stamp.size_bytes:
            _say(item, file, found("media.empty", f"{shown(_name(file))} holds no bytes"))
            continue
        try:
            handle = os.open(file.source, _FLAGS)
            try:
                status = os.fstat(handle)
                head = os.read(handle, HEAD_BYTES)
            finally:
                os.close(handle)
        except OSError as error:
            _say(item, file, found("file.unreadable", f"it cannot be read: {(error.strerror or '').lower()}"))
            continue
        if not stat.S_ISREG(status.st_mode) or status.st_size != file.stamp.size_bytes:
            _say(item, file, _changing())
        elif promised != "other":
            wrong = recognise(head, promised)[1]
            if wrong:
                _say(item, file, found("media.invalid", f"{shown(_name(file))}: {wrong}"))


def check_still_the_same(files: Iterable[DropFile]) -> Iterator[DropFile]:
    """The files that are not any more what they were when the drop was walked."""
    for file in files:
        try:
            if Stamp.of(os.stat(file.source)) != file.stamp:  # noqa: PTH116 - a hundred thousand of them
                yield file
        except OSError:
            yield file


def say_changing(items: Iterable[DropItem]) -> None:
    """Refuse what has changed while the plan was made."""
    for item in items:
        for file in check_still_the_same(item.files):
            if not any(problem.code == "file.changing" for problem in item.file_problems.get(file.relative, ())):
                _say(item, file, _changing())


def _changing() -> Problem:
    return found("file.changing", "it is still changing")


def problem_of(error: OnePieceError) -> Problem:
    """A file that could not be probed."""
    kinds: Mapping[type[OnePieceError], str] = {
        MediaEmpty: "media.empty",
        MediaTruncated: "media.truncated",
        MediaError: "media.invalid",
        InputUnreadable: "file.unreadable",
        InputMissing: "file.changing",
    }
    code = next((code for kind, code in kinds.items() if isinstance(error, kind)), "file.special")
    context = {key: value for key, value in error.report.context.items() if key != "path"}
    return found(code, error.report.message, **context)


def _say(item: DropItem, file: DropFile, problem: Problem) -> None:
    item.file_problems.setdefault(file.relative, []).append(problem)


def _name(file: DropFile) -> str:
    return file.relative.rpartition("/")[2]


_SAID = {
    "media.empty": "hold no bytes",
    "media.truncated": "are truncated",
    "media.invalid": "are not what their name says",
    "file.unreadable": "cannot be read",
    "file.changing": "are still changing",
    "file.special": "are no files",
}


def _gather(item: DropItem) -> None:
    """One sentence about a sequence, with the range of its bad frames."""
    if not is_numbered(item.sequence) or not item.file_problems:
        return
    assert item.sequence is not None
    by_code: dict[str, list[int]] = {}
    for frame, name in zip(item.sequence.frames, item.sequence.names, strict=True):
        for problem in item.file_problems.get(name, ()):
            if problem.code in _SAID:
                by_code.setdefault(problem.code, []).append(frame)
    for code, frames in by_code.items():
        ranges = format_ranges(frames)
        item.problems.append(found(code, f"frames {ranges.replace(',', ', ')} {_SAID[code]}", frames=ranges))
