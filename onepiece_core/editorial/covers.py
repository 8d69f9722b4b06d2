"""Which published Versions no longer cover the cut, and which shots come back, as the tracker knows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from onepiece_core.editorial.diff import CutDiff, ShotChange
from onepiece_core.tracker.tracker import Entity, Tracker

# Ids that one filter names.
_SHOTS_A_REQUEST = 500
_SHOT_FIELDS = ("code", "sg_status_list", "sg_cut_in", "sg_cut_out", "sg_head_in", "sg_tail_out", "sg_sequence")
_VERSION_FIELDS = ("code", "entity", "sg_first_frame", "sg_last_frame", "sg_status_list", "created_at")
# A shot that the cut had lost.
_OMITTED = "omt"


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A Version that held all that the old cut showed of its shot, and does not hold what the new one shows.

    Attributes:
        first, last: its frames.
        needed_first, needed_last: the frames that the new cut shows, in the shot's numbers.
    """

    shot: str
    version: str
    version_id: int
    status: str | None
    first: int
    last: int
    needed_first: int
    needed_last: int


class TrackedShots:
    """The project's shots, found by what clips call them."""

    def __init__(self, shots: Iterable[Entity]) -> None:
        self._by_code: dict[str, list[Entity]] = defaultdict(list)
        for shot in shots:
            self._by_code[str(shot.get("code")).casefold()].append(shot)

    def find(self, name: str) -> Entity | None:
        """The shot whose code is ``name``, or the longest run of words in it; None when that is not just one."""
        words = name.casefold().replace(".", "_").split("_")
        for length in range(len(words), 0, -1):
            for start in range(len(words) - length + 1):
                found = self._by_code.get("_".join(words[start : start + length]), [])
                if len(found) > 1:
                    found = [shot for shot in found if _sequence(shot) in words]
                if len(found) == 1:
                    return found[0]
        return None


def read_shots(tracker: Tracker, project: Entity) -> TrackedShots:
    """All shots of a project, in one pass. Raises TrackerError."""
    known = tracker.schema_fields("Shot")
    fields = [field for field in _SHOT_FIELDS if field in known]
    return TrackedShots(tracker.find("Shot", [["project", "is", project]], fields))


def mark_reinstated(diff: CutDiff, shots: TrackedShots) -> None:
    """A new shot that the tracker has as omitted is one that comes back."""
    for change in diff.shots:
        if "new" in change.kinds and (shot := shots.find(change.shot)) and shot.get("sg_status_list") == _OMITTED:
            change.kinds[change.kinds.index("new")] = "reinstated"


def mark_short_handles(diff: CutDiff, shots: TrackedShots, handles: int) -> None:
    """Where the cut does not tell what editorial holds, the shot's head in and tail out do."""
    for change in diff.shots:
        shot = shots.find(change.shot)
        if change.new is None or change.new.media_first is not None or shot is None:
            continue
        head_in, tail_out, needed = shot.get("sg_head_in"), shot.get("sg_tail_out"), needed_frames(change, shot)
        if needed is None:
            continue
        if isinstance(head_in, int):
            change.missing_head = max(0, handles - (needed[0] - head_in))
        if isinstance(tail_out, int):
            change.missing_tail = max(0, handles - (tail_out - needed[1]))
        if change.missing_head or change.missing_tail:
            change.kinds.append("short_handles")


def find_uncovered(tracker: Tracker, diff: CutDiff, shots: TrackedShots) -> list[Uncovered]:
    """In the order of the cut, then by Version. Asks for the Versions of changed shots only. Raises TrackerError."""
    changed: dict[int, tuple[Entity, list[ShotChange]]] = {}
    for change in diff.shots:
        shot = shots.find(change.shot)
        if shot is not None and change.old is not None and change.new is not None and change.kinds:
            changed.setdefault(shot["id"], (shot, []))[1].append(change)
    versions = _versions(tracker, [shot for shot, _ in changed.values()])
    return [
        uncovered
        for shot, changes in changed.values()
        for change in changes
        for uncovered in _uncovered(change, shot, versions.get(shot["id"], ()))
    ]


def needed_frames(change: ShotChange, shot: Mapping[str, object]) -> tuple[int, int] | None:
    """What the new cut shows, in the shot's numbers: its cut in and out, moved as the media moved.

    A shot without a cut in has the numbers of the media. None: the new cut shows other media.
    """
    if change.new is None or {"replaced", "rate_changed"} & set(change.kinds):
        return None
    first, last = change.new.used
    moved = _moved(change, shot)
    return first + moved, last + moved


def _moved(change: ShotChange, shot: Mapping[str, object]) -> int:
    """From the media's numbers to the shot's."""
    cut_in = shot.get("sg_cut_in")
    return cut_in - change.old.used[0] if change.old is not None and isinstance(cut_in, int) else 0


def _uncovered(change: ShotChange, shot: Entity, versions: Sequence[Entity]) -> Iterator[Uncovered]:
    needed = needed_frames(change, shot)
    if needed is None or change.old is None:
        return
    moved = _moved(change, shot)
    before = change.old.used[0] + moved, change.old.used[1] + moved
    for version in versions:
        first, last = version.get("sg_first_frame"), version.get("sg_last_frame")
        if not isinstance(first, int) or not isinstance(last, int):
            continue
        if first <= before[0] and before[1] <= last and not (first <= needed[0] and needed[1] <= last):
            status = version.get("sg_status_list")
            yield Uncovered(change.shot, str(version["code"]), version["id"], status, first, last, *needed)


def _versions(tracker: Tracker, shots: Sequence[Entity]) -> dict[int, list[Entity]]:
    """By the shot's id, oldest first."""
    found: dict[int, list[Entity]] = defaultdict(list)
    for start in range(0, len(shots), _SHOTS_A_REQUEST):
        links = [{"type": "Shot", "id": shot["id"]} for shot in shots[start : start + _SHOTS_A_REQUEST]]
        for version in tracker.find("Version", [["entity", "in", links]], _VERSION_FIELDS):
            found[version["entity"]["id"]].append(version)
    return found


def _sequence(shot: Entity) -> str:
    name = str((shot.get("sg_sequence") or {}).get("name") or "")
    return name.casefold().rpartition("_")[2]
