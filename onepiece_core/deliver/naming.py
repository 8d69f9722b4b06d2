"""What files are called in a delivery. A client's template is only used where each name can be read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from onepiece_core.deliver.model import Entry, MediaFile, MediaPlace, PlannedVersion, Problem
from onepiece_core.errors import NameInvalid
from onepiece_core.name_template import NameTemplate
from onepiece_core.naming import find_collisions, fold, portable_problem, split_version
from onepiece_core.sequences import split_extension

# What the fields of a template may hold; they are checked as parts of a path afterwards.
_FREE = r"[^/]+?"
FIELDS = {
    "show": _FREE,
    "episode": _FREE,
    "sequence": _FREE,
    "shot": _FREE,
    "code": _FREE,
    "name": _FREE,
    "version": r"\d{3,4}",
    "frame": r"-?\d+",
    "ext": r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)?",
}
# Written by the delivery itself.
RESERVED = ("manifest.json", "manifest.csv", "ascmhl")


class Namer:
    """Names the files of one delivery. Raises NameInvalid for a template that is not well formed."""

    def __init__(self, template: str | None, show_code: str, first_frame: int | None) -> None:
        self._template = NameTemplate(template, FIELDS) if template else None
        self._show, self._first = show_code, first_frame

    def entries(self, version: PlannedVersion, media: Iterable[MediaPlace]) -> tuple[Entry, ...]:
        """Raises NameInvalid where a value is missing, or a name would not be read back as what it was made of."""
        return tuple(entry for place in media for entry in self._of(version, place.files))

    def _of(self, version: PlannedVersion, files: Sequence[MediaFile]) -> list[Entry]:
        first = files[0].frame
        made = []
        for file in files:
            frame = file.frame
            if frame is not None and first is not None and self._first is not None:
                frame += self._first - first
            made.append(Entry(self._path(version, file, frame), file.name, file, frame))
        return made

    def _path(self, version: PlannedVersion, file: MediaFile, frame: int | None) -> str:
        stem, ext = split_extension(file.name)
        digits = _digits(stem, file.frame)
        base = stem[: len(stem) - len(digits)] if digits else stem
        number = None if frame is None else f"{frame:0{len(digits)}d}"
        if self._template is None:
            name = file.name if frame == file.frame else f"{base}{number}.{ext}"
            return f"{version.code}/{name}" if file.frame is not None else name
        values = {
            "show": self._show,
            "episode": version.episode,
            "sequence": version.sequence,
            "shot": version.entity,
            "code": version.code,
            "name": base.rstrip("._-"),
            "version": _version_of(version.code),
            "frame": number,
            "ext": ext,
        }
        return self._checked({name: value for name, value in values.items() if value})

    def _checked(self, values: dict[str, str]) -> str:
        assert self._template is not None
        text = self._template.format(values)
        told = {name: value for name, value in values.items() if name in self._template.fields}
        read = self._template.parse(text)
        if read is None or any(told.get(name) != value for name, value in read.items()):
            raise NameInvalid(
                f"{text!r} cannot be traced back: {self._template.text} reads it as {read}",
                hint="Put something between the fields that none of them holds.",
            )
        return text


def _digits(stem: str, frame: int | None) -> str:
    """The frame's number as the name writes it."""
    if frame is None:
        return ""
    digits = stem[len(stem.rstrip("0123456789")) :]
    return f"-{digits}" if frame < 0 else digits


def _version_of(code: str) -> str | None:
    try:
        number = split_version(code).version
    except NameInvalid:
        return None
    return None if number is None else f"{number:03d}"


def refuse_bad_names(versions: Sequence[PlannedVersion]) -> tuple[PlannedVersion, ...]:
    """``versions`` with what is wrong with the names of their files: nothing of a collision is delivered."""
    owners: dict[str, list[int]] = {}
    for version in versions:
        if not version.is_refused:
            for entry in version.entries:
                owners.setdefault(entry.path, []).append(version.id)
    clashes = _clashes(owners)
    return tuple(
        version if version.is_refused else replace(version, problems=(*version.problems, *_problems(version, clashes)))
        for version in versions
    )


def _clashes(owners: dict[str, list[int]]) -> dict[str, str]:
    found = {path: f"{path} is there {len(ids)} times" for path, ids in owners.items() if len(ids) > 1}
    for one, other in find_collisions(owners):
        # A pair may be of folders: all below them clash.
        for path in owners:
            for mine, theirs in ((one, other), (other, one)):
                if path == mine or path.startswith(f"{mine}/"):
                    found.setdefault(path, f"{mine} and {theirs} are one name on Windows and macOS")
    return found


def _problems(version: PlannedVersion, clashes: dict[str, str]) -> list[Problem]:
    found: list[Problem] = []
    for entry in version.entries:
        if entry.path in clashes:
            found.append(Problem("delivery.name_collision", clashes[entry.path]))
        parts = entry.path.split("/")
        if fold(parts[0]) in RESERVED:
            found.append(Problem("delivery.name_collision", f"{parts[0]} is a name of the delivery itself"))
        for part in parts:
            if problem := portable_problem(part):
                found.append(Problem("delivery.name_not_portable", f"{part!r} {problem[1]}"))
    return found[:1]
