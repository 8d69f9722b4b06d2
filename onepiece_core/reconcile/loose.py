"""Media that lies in no package: frames and files of a folder, against the rows that name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import MediaError, OnePieceError
from onepiece_core.frames import format_ranges, parse_ranges
from onepiece_core.junk import is_junk
from onepiece_core.media.probe import kind_of, probe_all
from onepiece_core.reconcile.model import Action, ParkFile, ParkObject, finding
from onepiece_core.reconcile.parts import World
from onepiece_core.reconcile.rows import Row
from onepiece_core.reconcile.units import Item, Unit
from onepiece_core.sequences import MOVIES, Doubled, scan, split_extension
from onepiece_core.sequences import Sequence as Frames
from onepiece_core.storage.places import Place

_CACHES = frozenset({"abc", "usd", "usda", "usdc", "usdz", "vdb", "bgeo", "bgeo.sc", "ass", "rib", "tx", "tex", "sxr"})
_THUMBNAILS = ("thumb", "thumbs", "thumbnail", "thumbnails", "preview", "previews")


def is_media(name: str) -> bool:
    """Pictures, movies and caches: what a row would refer to. Notes, scenes and tables are nobody's orphans."""
    extension = split_extension(name)[1].lower()
    return not is_junk(name.rpartition("/")[2]) and (
        kind_of(name) != "other" or extension in MOVIES or extension in _CACHES
    )


def is_thumbnail(path: str) -> bool:
    """A small picture beside its media, by its name or its folder."""
    *folders, name = path.casefold().split("/")
    stem = name.partition(".")[0]
    if kind_of(name) not in ("jpeg", "png", "gif"):
        return False
    return any(each.strip(".") in _THUMBNAILS for each in folders[-1:]) or stem.endswith(_THUMBNAILS[:4])


@dataclass(frozen=True, slots=True)
class Side:
    """Where a unit lies: a folder (``place`` None) or an S3 place."""

    root: str
    place: Place | None

    @property
    def is_disk(self) -> bool:
        return self.place is None

    def path(self, folder: str, name: str) -> str:
        return "/".join(part for part in (self.root, folder, name) if part)

    def park(self, world: World, folder: str, item: Item) -> Action:
        """Move one of a unit's items aside."""
        path = self.path(folder, item.path)
        if self.place is None:
            return ParkFile(
                path=world.persist(path),
                base=world.base_of(path),
                size_bytes=item.size_bytes,
                mtime_ns=int(item.mark),
            )
        key = path[len(f"s3://{self.place.bucket}/") :]
        return ParkObject(
            bucket=self.place.bucket,
            key=key,
            base=self.place.prefix,
            size_bytes=item.size_bytes,
            etag=item.mark,
        )


def check_loose(world: World, side: Side, unit: Unit) -> None:
    """Find orphans, and frames that are not there or not whole."""
    items = {item.path: item for item in unit.items if is_media(item.path)}
    doubled: list[Doubled] = []
    found = scan(items, doubled=doubled)
    for sequence in found.sequences:
        rows = _rows_of(world, side, unit.folder, sequence.names)
        if rows is None:
            orphan(world, side, unit.folder, sequence.pattern, [items[name] for name in sequence.names])
        else:
            _check_frames(world, side, unit.folder, sequence, rows)
            _check_whole(world, side, unit.folder, sequence.pattern, [items[name] for name in sequence.names], rows)
    for name in (*found.files, *(name for _, names in doubled for name in names)):
        rows = _rows_of(world, side, unit.folder, (name,))
        if rows is None:
            if not is_thumbnail(side.path(unit.folder, name)):
                orphan(world, side, unit.folder, name, [items[name]])
        else:
            _check_whole(world, side, unit.folder, name, [items[name]], rows)


def _rows_of(world: World, side: Side, folder: str, names: Sequence[str]) -> list[Row] | None:
    """Live rows, marked as found; [] for retired ones; None where no row refers to any of the files."""
    rows: dict[int, Row] = {}
    for name in names:
        for row in world.rows.of_file(side.path(folder, name)):
            row.found = True
            rows[id(row)] = row
        if rows:
            break
    if rows:
        return list(rows.values())
    # A row may name the folder that holds its files.
    inside = [row for row in world.rows.exactly(side.path(folder, "")) if row is not None]
    for row in inside:
        row.found = True
    if inside:
        return inside
    return [] if any(world.rows.is_retired(side.path(folder, name)) for name in names[:1]) else None


def orphan(world: World, side: Side, folder: str, pattern: str, items: Iterable[Item]) -> None:
    """Report files that nobody refers to, as one."""
    every = list(items)
    parts = side.path(folder, "").split("/")
    if any(part in world.unfinished for part in parts):
        return  # a publish is at it, or waits
    path = side.path(folder, pattern)
    count = "a file" if len(every) == 1 else f"{len(every)} files"
    world.add(
        finding(
            "orphan.file" if side.is_disk else "orphan.object",
            path,
            f"{count} that no row refers to",
            paths=(path,),
            repair=tuple(side.park(world, folder, item) for item in every),
        )
    )


def _check_frames(world: World, side: Side, folder: str, sequence: Frames, rows: Sequence[Row]) -> None:
    """The frames that a Version tells, against those that are there."""
    if sequence.tiles:
        return
    for row in rows:
        expected = expected_frames(row)
        if not expected:
            continue
        there = {frame for frame in sequence.frames if frame in expected}
        count = row.values.get("frame_count")
        missing = sorted(expected - there)
        # A count below the range's length is a range with holes that somebody has agreed to.
        if missing and not (isinstance(count, int) and 0 < count < len(expected) and len(there) >= count):
            row.broken = True
            path = side.path(folder, sequence.pattern)
            ranges = format_ranges(missing)
            world.add(
                finding(
                    "frames.missing",
                    path,
                    f"{len(missing)} of {len(expected)} frames are missing: {ranges}",
                    rows=tuple(each.ref for each in rows),
                    paths=(path,),
                    frames=ranges,
                )
            )
            return


def expected_frames(row: Row) -> set[int]:
    """What a Version says that there is."""
    first, last = row.values.get("sg_first_frame"), row.values.get("sg_last_frame")
    if isinstance(first, int) and isinstance(last, int) and 0 <= last - first < 10_000_000:
        return set(range(first, last + 1))
    text = row.values.get("frame_range")
    if isinstance(text, str) and text.strip():
        try:
            return set(parse_ranges(text))
        except OnePieceError:
            return set()
    return set()


def _check_whole(
    world: World, side: Side, folder: str, pattern: str, items: Sequence[Item], rows: Sequence[Row]
) -> None:
    """Size 0 anywhere; on disk the media's own tables tell whether all of it is there. Retired rows want nothing."""
    if not rows:
        return
    bad = [item for item in items if not item.size_bytes]
    if side.is_disk:
        rest = [item for item in items if item.size_bytes and kind_of(item.path) != "other"]
        facts = probe_all([Path(side.path(folder, item.path)) for item in rest]) if rest else []
        bad += [item for item, told in zip(rest, facts, strict=True) if isinstance(told, MediaError)]
    if not bad:
        return
    for row in rows:
        row.broken = True
    path = side.path(folder, pattern)
    names = sorted(item.path for item in bad)
    told = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    world.add(
        finding(
            "frames.truncated",
            path,
            f"{told}: empty, cut or damaged",
            rows=tuple(row.ref for row in rows),
            paths=tuple(side.path(folder, name) for name in names[:100]),
        )
    )
