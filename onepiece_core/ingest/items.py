"""Sort the files of a drop into items: one sequence, movie or still each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from onepiece_core import sequences
from onepiece_core.ingest.model import DropFile, DropItem
from onepiece_core.rules.ingest_codes import found
from onepiece_core.sequences import Doubled, Sequence, split_extension
from onepiece_core.shown import shown

ARCHIVES = sequences.ARCHIVES
_SUB_FRAME = re.compile(r"(?P<base>.+)\.(?P<frame>-?\d{3,7})\.(?P<sub>\d{1,4})", re.ASCII)


def is_archive(relative: str) -> bool:
    return split_extension(relative)[1].lower() in ARCHIVES


def sort_items(files: Iterable[DropFile]) -> Iterator[DropItem]:
    """Every file in exactly one item, by pattern. A frame that is there twice makes an item that is refused."""
    by_name = {file.relative: file for file in files}
    doubled: list[Doubled] = []
    scan = sequences.scan(by_name, doubled=doubled)
    for each in scan.sequences:
        yield DropItem(_base(each.base), each.pattern, tuple(by_name[name] for name in each.names), each)
    for error, names in doubled:
        first = names[0]
        item = DropItem(_frameless(first), first, tuple(by_name[each] for each in names))
        item.problems.append(found("sequence.doubled", error.report.message, frames=str(error.report.context["frame"])))
        yield item
    singles, sub_frames = _sub_frames(scan.files)
    for name in singles:
        yield DropItem(_base(split_extension(name)[0]), name, (by_name[name],))
    for (base, extension), some in sub_frames.items():
        yield _sub_frame_item(base, extension, [by_name[name] for name in some])


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _frameless(relative: str) -> str:
    stem = _base(split_extension(relative)[0])
    return stem.rstrip("0123456789").rstrip("._-") or stem


_Group = tuple[str, str]


def _sub_frames(names: Iterable[str]) -> tuple[list[str], dict[_Group, list[str]]]:
    """Names such as ``sim.1001.25.vdb``, together where there are several of one base."""
    singles: list[str] = []
    groups: dict[_Group, list[str]] = {}
    for name in names:
        stem, extension = split_extension(name)
        match = _SUB_FRAME.fullmatch(stem) if extension.lower() not in sequences.NEVER else None
        if match is None:
            singles.append(name)
        else:
            groups.setdefault((match["base"], extension.lower()), []).append(name)
    return singles, groups


def _sub_frame_item(base: str, extension: str, files: list[DropFile]) -> DropItem:
    subs = sorted({int(split_extension(file.relative)[0].rpartition(".")[2]) for file in files})
    item = DropItem(_base(base), f"{base}.%04d.*.{extension}", tuple(files))
    told = ", ".join(f".{sub}" for sub in subs[:8])
    item.problems.append(
        found("sequence.sub_frames", f"{len(files)} files lie between whole frames, at {told}", steps=subs[:50])
    )
    return item


def frame_of(item: DropItem, index: int) -> int | None:
    """The number of the item's file at ``index``; None where there are no frames."""
    return None if item.sequence is None else item.sequence.frames[index]


def item_name(item: DropItem) -> str:
    """What a person is told."""
    return shown(item.pattern if item.sequence else _base(item.pattern))


def is_numbered(sequence: Sequence | None) -> bool:
    """Frames in time, not tiles."""
    return sequence is not None and not sequence.tiles
