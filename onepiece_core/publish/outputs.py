"""What lies on disk where a scene renders to. Looks at names only: ten thousand frames cost one listing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from onepiece_core import sequences
from onepiece_core.errors import PaddingsMixed
from onepiece_core.frames import format_spans, gaps
from onepiece_core.junk import is_junk
from onepiece_core.publish._walk import pattern_expression
from onepiece_core.rules.host_facts import OutputFact, SceneFacts

# Folders beside a scene that hold its review movies.
_MOVIE_FOLDERS = ("", "playblasts", "playblast", "previews", "preview")
_MOVIES = (".mov", ".mp4")
_FRAMES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class FoundOutput:
    """One output of a scene, and its files.

    Attributes:
        names: of the files that are there, in the order of their frames.
        frames: sorted; empty for what is no sequence.
    """

    output: OutputFact
    folder: str
    names: tuple[str, ...]
    frames: tuple[int, ...] = ()

    @property
    def is_there(self) -> bool:
        return bool(self.names)

    @property
    def missing_spans(self) -> tuple[tuple[int, int], ...]:
        """Runs of frames that the scene would render and that are not there, as (first, last)."""
        if not self.frames:
            return ()
        first, last = self.output.first, self.output.last
        inside = [frame for frame in self.frames if first <= frame <= last]
        if first > last:
            return tuple(gaps(self.frames))
        return tuple(gaps([first - 1, *inside, last + 1]))

    @property
    def missing(self) -> str | None:
        """``1003,1010-1012``, or None."""
        return format_spans(self.missing_spans) or None

    @property
    def missing_count(self) -> int:
        return sum(last - first + 1 for first, last in self.missing_spans)

    def path(self, index: int) -> str:
        return f"{self.folder}/{self.names[index]}"


def find_outputs(facts: SceneFacts) -> tuple[FoundOutput, ...]:
    """Every output of the scene with what is on disk of it, in the host's order; the scene's review movie last."""
    folders: dict[str, frozenset[str]] = {}
    found = [_found(output, folders) for output in facts.outputs or ()]
    known = {each.output.path for each in found}
    return (*found, *(movie for movie in _movies(facts.scene, folders) if movie.output.path not in known))


def _found(output: OutputFact, folders: dict[str, frozenset[str]]) -> FoundOutput:
    folder, _, name = output.path.rpartition("/")
    there = _listed(folder, folders)
    expression = pattern_expression(name)
    if expression is None:
        return FoundOutput(output, folder, (name,) if name in there else ())
    names = [each for each in there if expression.fullmatch(each)]
    frames = dict(_frames(names))
    ordered = sorted(frames)
    return FoundOutput(output, folder, tuple(frames[frame] for frame in ordered), tuple(ordered))


def _frames(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    try:
        scanned = sequences.scan(names)
    except PaddingsMixed:  # the publish refuses it and says which
        return
    for sequence in scanned.sequences:
        yield from zip(sequence.frames, sequence.names, strict=True)


def _movies(scene: str | None, folders: dict[str, frozenset[str]]) -> Iterator[FoundOutput]:
    """The movie that is called like the scene, beside it or in a folder for such movies; else frames there."""
    if not scene:
        return
    home, stem = scene.rpartition("/")[0], PurePath(scene).stem
    places = [f"{home}/{below}".rstrip("/") for below in _MOVIE_FOLDERS]
    for folder in places:
        for name in (f"{stem}{ending}" for ending in _MOVIES):
            if name in _listed(folder, folders):
                path = f"{folder}/{name}"
                yield FoundOutput(OutputFact(id=path, label=name, path=path, kind="movie"), folder, (name,))
                return
    for folder in places[1:]:  # frames beside the scene may be renders
        if found := next(_playblasts(folder, stem, folders), None):
            yield found
            return


def _playblasts(folder: str, stem: str, folders: dict[str, frozenset[str]]) -> Iterator[FoundOutput]:
    names = [each for each in _listed(folder, folders) if each.startswith(f"{stem}.") and each.endswith(_FRAMES)]
    try:
        scanned = sequences.scan(names)
    except PaddingsMixed:
        return
    for each in scanned.sequences:
        path = f"{folder}/{each.pattern}"
        told = OutputFact(id=path, label=each.pattern, path=path, kind="movie", first=each.first, last=each.last)
        yield FoundOutput(told, folder, tuple(each.names), tuple(each.frames))


def _listed(folder: str, folders: dict[str, frozenset[str]]) -> frozenset[str]:
    """The files in ``folder``; none when it cannot be read."""
    if folder not in folders:
        folders[folder] = frozenset(_names(folder))
    return folders[folder]


def _names(folder: str) -> list[str]:
    try:
        with os.scandir(folder or "/") as entries:
            return [entry.name for entry in entries if not is_junk(entry.name) and not entry.is_dir()]
    except (OSError, ValueError):
        return []
