"""Which version number is free."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from onepiece_core.errors import TrackerError
from onepiece_core.manifest.package import MANIFEST_NAME
from onepiece_core.naming import with_version
from onepiece_core.publish.places import VersionPlaces
from onepiece_core.publish.record import ONEPIECE_FOLDER
from onepiece_core.publish.registration import RegistrationTarget
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.tracker import Filter, Tracker


def next_free_version(
    base: str,
    places_of: Callable[[str], VersionPlaces],
    *,
    is_direct: bool,
    tracker: Tracker | None,
    target: RegistrationTarget,
) -> tuple[str, int]:
    """The scene name with the next number that neither disk, store nor tracker knows, and the number.

    A number whose publish was discarded is free again. ``is_direct``: the store's place has no version in it.
    """
    first = places_of(with_version(base, 1))
    taken = _on_disk(base, first.destination) | _in_tracker(base, tracker, target)
    if not is_direct:
        parent = first.prefix.rpartition("/")[0]
        folders = (name.rstrip("/").rpartition("/")[2] for name in first.store.iter_folders(f"{parent}/{base}_v"))
        taken |= _numbers(base, folders)
    number = max(taken, default=0)
    while number and _was_discarded(places_of(with_version(base, number))):
        number -= 1
    return with_version(base, number + 1), number + 1


def _numbers(base: str, names: Iterable[str]) -> set[int]:
    pattern = re.compile(re.escape(base) + r"_v(\d{3,4})", re.ASCII)
    return {int(match[1]) for match in map(pattern.fullmatch, names) if match}


def _on_disk(base: str, destination: Path) -> set[int]:
    folders = (destination, destination / ONEPIECE_FOLDER)
    return _numbers(base, (path.name for folder in folders if folder.is_dir() for path in folder.iterdir()))


def _in_tracker(base: str, tracker: Tracker | None, target: RegistrationTarget) -> set[int]:
    if tracker is None:
        return set()
    try:
        project = find_project(tracker, target.project)
        filters: list[Filter] = [["project", "is", project], ["code", "starts_with", f"{base}_v"]]
        return _numbers(base, (version["code"] for version in tracker.find("Version", filters, ["code"])))
    except TrackerError:  # the plan has warned already; the claims decide
        return set()


def _was_discarded(places: VersionPlaces) -> bool:
    """Every claim there is says so, and nothing of a package is there."""
    if places.package.exists() or places.store.find(places.key(MANIFEST_NAME)) is not None:
        return False
    standings = [place.look() for place in places.claims()]
    claims = [standing.claim for standing in standings if standing]
    return bool(claims) and all(claim is not None and claim.state == "discarded" for claim in claims)
