"""Versions that are there already, that go back, or that the drop holds twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from onepiece_core.checksums import hash_file
from onepiece_core.errors import OnePieceError
from onepiece_core.ingest.items import item_name
from onepiece_core.ingest.model import DropItem
from onepiece_core.ingest.tracked import Tracked, base_of, shot_key
from onepiece_core.rules.ingest_codes import found
from onepiece_core.rules.ingest_frames import check_cut
from onepiece_core.shown import shown


class EarlierDeliveries(Protocol):
    """What was taken in before, found by content."""

    def find_duplicate(self, item: DropItem) -> str | None:
        """Where the same bytes are already, for people; None when they are new, or nobody can say.

        The item's own place, from an earlier run over the same drop, is no duplicate.
        """
        ...

    def has_same_bytes(self, item: DropItem) -> bool | None:
        """Whether the item's own place holds these bytes; None when nothing is known of it."""
        ...


def check_tracked(
    items: Iterable[DropItem],
    tracked: Tracked,
    own_path: Callable[[DropItem], str],
    earlier: EarlierDeliveries | None,
) -> None:
    """Shots, cuts and versions; ``own_path`` is where the item will be."""
    for item in items:
        key = shot_key(item.context)
        shot = tracked.shots.get(key) if key else None
        if shot is not None:
            item.shot = shot.link
            check_cut(item, shot.values)
        else:
            what = f"the shot {shown(key)}" if key else "a shot: neither name nor manifest tells one"
            item.problems.append(found("shot.unknown", f"the tracker does not know {what}"))
        _check_version(item, tracked, own_path(item), earlier)


def _check_version(item: DropItem, tracked: Tracked, own_path: str, earlier: EarlierDeliveries | None) -> None:
    base, version = base_of(item.name)
    rows = tracked.versions.get(base, [])
    named = [row for row in rows if row.code == item.name]
    if named:
        # The frames and the movie of one version may have a row each.
        same = next((row for row in named if own_path in row.paths), named[0])
        is_same = _is_same(item, own_path, {path for row in named for path in row.paths}, earlier)
        # A row that names this very place is of an earlier run: the bytes there decide when they are sent.
        if is_same or (is_same is None and own_path in same.paths):
            item.problems.append(found("version.there", f"the Version {same.id} is there already", version_id=same.id))
        elif not (kinds := {_kind(path) for row in named for path in row.paths}) or _kind(own_path) in kinds:
            message = f"the tracker has the Version {shown(item.name)} ({same.id}), and not with this content"
            item.problems.append(found("version.exists", message, version_id=same.id))
    latest = max((row.version for row in rows if row.version), default=None)
    if latest is not None and version is not None and version < latest:
        item.problems.append(found("version.regress", f"v{version:03d} is older than v{latest:03d}", latest=latest))


def _is_same(item: DropItem, own_path: str, paths: set[str], earlier: EarlierDeliveries | None) -> bool | None:
    """Whether the Version holds these bytes; None when nobody can say."""
    if earlier is None:
        return None
    if own_path not in paths:
        return earlier.find_duplicate(item) in paths or None
    return earlier.has_same_bytes(item)


def _kind(path: str) -> str:
    return path.rpartition(".")[2].lower()


def check_twice(items: Sequence[DropItem]) -> None:
    """One version, in one kind of file, in two places of the drop: the bytes tell whether that matters."""
    by_name: dict[tuple[str, str], list[DropItem]] = {}
    for item in items:
        by_name.setdefault((item.name, _kind(item.pattern)), []).append(item)
    for same in by_name.values():
        if len(same) == 1:
            continue
        content = {_content(item) for item in same}
        code = "version.duplicate" if len(content) == 1 and None not in content else "version.conflict"
        for item in same:
            others = ", ".join(shown(other.pattern) for other in same if other is not item)
            word = "also as" if code == "version.duplicate" else "with other content as"
            item.problems.append(found(code, f"{item_name(item)} is in the drop {word} {others}"))


def _content(item: DropItem) -> tuple[tuple[int, str], ...] | None:
    """The hash of each file; None when one cannot be read."""
    try:
        return tuple((file.stamp.size_bytes, hash_file(file.path).digests["xxh128"]) for file in item.files)
    except OnePieceError:
        return None


def check_earlier(items: Iterable[DropItem], earlier: EarlierDeliveries) -> None:
    """Content that came before, under whatever name."""
    for item in items:
        where = None if item.is_refused else earlier.find_duplicate(item)
        if where is not None:
            item.problems.append(found("delivery.duplicate", f"the same content was delivered before: {shown(where)}"))
