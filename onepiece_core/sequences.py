"""Frame sequences, found in one pass over a list of file names.

A name is a frame when digits stand right before its extension: ``comp_v004.1001.exr``, ``comp_1001.exr``,
``comp1001.exr``, ``1001.png``. These are never frames: a version (``comp_v004.exr``), more than seven
digits (a date), a sub-frame (``comp.1001.25.exr``), and any movie, sound, scene, document or archive.
Names are grouped by base, separator and lower-case extension first and the padding is found after that, so
0999 and 1000 with ``%04d``, or 99999 and 100000, stay one sequence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from onepiece_core.errors import PaddingsMixed
from onepiece_core.frames import format_ranges, format_spans, gaps

_DIGITS = "0123456789"
_MAX_DIGITS = 7


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MOVIES = _words("mov mp4 m4v avi mkv webm mxf mpg mpeg wmv qt flv ogv mts m2ts r3d braw gif")
_SOUNDS = _words("wav aif aiff mp3 flac ogg m4a aac bwf")
_SCENES = _words("ma mb nk nknc hip hiplc hipnc blend max c4d 3de spp mud ztl zpr aep prproj psb fbx")
TEXTS = _words("json xml txt csv tsv otio edl aaf ale md pdf py mel toml yaml yml log html mhl ini doc docx")
ARCHIVES = _words("zip gz tar tgz bz2 xz 7z rar tar.gz tar.bz2 tar.xz tar.zst zst dmg iso cab jar")
NEVER = MOVIES | _SOUNDS | _SCENES | TEXTS | ARCHIVES | {"part", "tmp"}

# Textures: their numbers are tiles (UDIM), not frames.
_TILES = _words("tx tex rat")
# Endings that are one extension with the one before them.
_SECOND = _words("sc gz bz2 xz lzma zst")
_FIRST = _words("bgeo geo tar ass rib sim vdb ifd bhclassic usd")


def split_extension(name: str) -> tuple[str, str]:
    """``cache.1001.bgeo.sc`` as (``cache.1001``, ``bgeo.sc``); no extension is ``""``."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or stem.endswith("/") or "/" in extension:
        return name, ""
    if extension.lower() in _SECOND:
        inner, dot, first = stem.rpartition(".")
        if dot and inner and first.lower() in _FIRST:
            return inner, f"{first}.{extension}"
    return stem, extension


@dataclass(frozen=True)
class Sequence:
    """Frames of one name. ``base`` holds the folder when the scanned names did.

    Attributes:
        padding: digits of a frame at least; 1 is no padding.
        extension: without its leading dot, as the first frame spells it.
        frames: sorted, each once.
        names: the file of each frame, in the same order.
        tiles: the numbers are UDIM tiles: gaps mean nothing.
    """

    base: str
    separator: str
    padding: int
    extension: str
    frames: tuple[int, ...] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    tiles: bool = False

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def first(self) -> int:
        return self.frames[0]

    @property
    def last(self) -> int:
        return self.frames[-1]

    @property
    def pattern(self) -> str:
        """``name.%04d.exr``; tiles are ``name.<UDIM>.tx``."""
        # A percent sign in the name itself would be read as a second number.
        base = self.base if self.tiles else self.base.replace("%", "%%")
        number = "<UDIM>" if self.tiles else "%d" if self.padding < 2 else f"%0{self.padding}d"
        return f"{base}{self.separator}{number}.{self.extension}"

    def file_name(self, frame: int) -> str:
        """The file of ``frame``: the one that is there, or the one that should be."""
        index = bisect_left(self.frames, frame)
        if index < len(self.frames) and self.frames[index] == frame:
            return self.names[index]
        return f"{self.base}{self.separator}{frame:0{self.padding}d}.{self.extension}"

    @cached_property
    def missing_spans(self) -> tuple[tuple[int, int], ...]:
        """Runs of frames that are not there, as (first, last)."""
        return () if self.tiles else tuple(gaps(self.frames))

    @property
    def missing(self) -> str | None:
        """``1003,1010-1012``, or None."""
        return format_spans(self.missing_spans) or None

    @property
    def missing_count(self) -> int:
        return sum(last - first + 1 for first, last in self.missing_spans)

    @property
    def ranges(self) -> str:
        """``1001-1002,1004-1009``: the frames that are there."""
        return format_ranges(self.frames)


@dataclass(frozen=True)
class Scan:
    """Every scanned name once: in a sequence, or among ``files``. Both sorted."""

    sequences: tuple[Sequence, ...]
    files: tuple[str, ...]


# (frame, its digits with their sign, whole name)
_Frame = tuple[int, str, str]
_Key = tuple[str, str, str]


# Why a group cannot be a sequence, and all of its names.
Doubled = tuple[PaddingsMixed, tuple[str, ...]]


def scan(entries: Iterable[str], *, tiles: bool = False, doubled: list[Doubled] | None = None) -> Scan:
    """Sort file names, or relative POSIX paths, into sequences and single files.

    ``tiles`` says that the numbers are UDIM tiles whatever the extension. Raises PaddingsMixed when one
    frame is there twice, as ``a.1.exr`` and ``a.0001.exr`` are; given ``doubled``, such a group is put there
    and the others are scanned.
    """
    groups: dict[_Key, list[_Frame]] = {}
    files: list[str] = []
    for name in entries:
        split = _split(name)
        if split is None:
            files.append(name)
        else:
            groups.setdefault(split[0], []).append((int(split[1]), split[1], name))
    sequences: list[Sequence] = []
    for key, members in groups.items():
        try:
            paddings = _by_padding(members)
        except PaddingsMixed as error:
            if doubled is None:
                raise
            doubled.append((error, tuple(sorted(name for _, _, name in members))))
            continue
        for padding, frames in paddings.items():
            if len(frames) == 1 and not _stands_alone(key, frames[0][1]):
                files.append(frames[0][2])
            else:
                sequences.append(_sequence(key, padding, frames, tiles))
    sequences.sort(key=lambda found: (found.base, found.separator, found.extension, found.padding))
    return Scan(tuple(sequences), tuple(sorted(files)))


def group_of(name: str) -> tuple[str, str, str] | None:
    """Base, separator, lower-case extension: the same for all frames of a sequence. None: ``name`` is no frame."""
    split = _split(name)
    return None if split is None else split[0]


def _split(name: str) -> tuple[_Key, str] | None:
    """The group a name belongs to and its number, or None when it is no frame."""
    stem, extension = split_extension(name)
    base = stem.rstrip(_DIGITS)
    number = stem[len(base) :]
    if not number or not extension or len(number) > _MAX_DIGITS or extension.isdigit():
        return None
    extension = extension.lower()
    if extension in NEVER:
        return None
    before = base[-2:-1]
    if base.endswith("-") and (not before or before in "._/"):
        base, number = base[:-1], f"-{number}"
    separator = base[-1:] if base[-1:] in ("-", ".", "_") else ""
    if separator:
        base = base[:-1]
    elif (base[-1:] in ("v", "V") and (not before or before in "._-/")) or (
        len(number) < 3 and base[-1:] not in ("", "/")
    ):
        return None
    if separator == "." and _is_number(base.rpartition(".")[2]):
        return None  # a sub-frame
    return (base, separator, extension), number


def _is_number(text: str) -> bool:
    return len(text) >= 3 and not text.strip(_DIGITS)


def _stands_alone(key: _Key, number: str) -> bool:
    """Whether a single file is a frame on its own: ``ref_01.jpg`` is not."""
    return len(number) >= (3 if key[1] == "." else 4)


def _by_padding(members: list[_Frame]) -> dict[int, list[_Frame]]:
    _refuse_doubles(members)
    widths = {len(number) for _, number, _ in members}
    if len(widths) == 1 and all(frame >= 0 for frame, _, _ in members):
        return {widths.pop(): members}
    padded = {len(number) for _, number, _ in members if number[:1] == "0" and len(number) > 1}
    found: dict[int, list[_Frame]] = {}
    loose: list[_Frame] = []
    for member in members:
        padding = _padding_of(member[1], padded)
        if padding is None:
            loose.append(member)
        else:
            found.setdefault(padding, []).append(member)
    if loose:
        shortest = min(len(number) for _, number, _ in loose)
        found.setdefault(shortest, []).extend(loose)
    return found


def _padding_of(number: str, padded: set[int]) -> int | None:
    """The padding among ``padded`` that writes ``number`` like this."""
    if number[0] == "-":
        # printf counts the sign, Houdini does not: -001 and -0001 both belong to %04d.
        digits = len(number) - 1
        return digits if digits in padded else digits + 1 if digits + 1 in padded else None
    if number[0] == "0":
        return len(number) if len(number) in padded else None
    return max((padding for padding in padded if padding <= len(number)), default=None)


def _refuse_doubles(members: list[_Frame]) -> None:
    if len({frame for frame, _, _ in members}) == len(members):
        return
    seen: dict[int, str] = {}
    for frame, _, name in sorted(members):
        other = seen.setdefault(frame, name)
        if other is not name:
            first, second = sorted((other, name))
            files = [first, second]
            raise PaddingsMixed(f"frame {frame} is there twice: {first!r} and {second!r}", frame=frame, files=files)


def _sequence(key: _Key, padding: int, members: list[_Frame], tiles: bool) -> Sequence:
    base, separator, extension = key
    ordered = sorted(members)
    frames = tuple(frame for frame, _, _ in ordered)
    names = tuple(name for _, _, name in ordered)
    in_tiles = (tiles or extension in _TILES) and frames[0] >= 1001 and frames[-1] <= 1999
    return Sequence(base, separator, padding, names[0][-len(extension) :], frames, names, in_tiles)
