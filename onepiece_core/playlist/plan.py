"""Plan a package of a playlist: its media in order, numbered so that a folder shows them in it. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from onepiece_core.deliver.media import Places
from onepiece_core.deliver.model import DeliverRequest, Entry, PlannedVersion, Problem
from onepiece_core.deliver.naming import Namer, refuse_bad_names
from onepiece_core.deliver.plan import HASHES, VersionChecker
from onepiece_core.deliver.presets import load_preset
from onepiece_core.deliver.published import Published
from onepiece_core.deliver.select import VERSION_FIELDS, check_statuses, planned, show_code_of
from onepiece_core.errors import UsageError
from onepiece_core.naming import portable_name
from onepiece_core.playlist.model import PlaylistPlan, PlaylistRequest
from onepiece_core.playlist.reading import find_notes, find_playlist, ordered_versions
from onepiece_core.progress import Progress, Reporter
from onepiece_core.storage.places import Place
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.tracker import Tracker

OPERATION = "playlist"


def plan_playlist(
    request: PlaylistRequest, tracker: Tracker, places: Places, *, reporter: Reporter | None = None
) -> PlaylistPlan:
    """Media is found and measured; its bytes are not read.

    Raises: TrackerError, ConfigError (the preset), UsageError (a status, the name), NameInvalid (the name).
    """
    preset = load_preset(request.preset)
    project = find_project(tracker, {"name": request.project})
    statuses = request.statuses or (tuple(preset.statuses) if request.recipient == "client" else ())
    check_statuses(tracker, statuses)
    playlist = find_playlist(tracker, project, request.playlist)
    show_code = show_code_of(tracker, project)
    links = ordered_versions(tracker, playlist)
    ids = [link["id"] for link in links]
    published = Published(tracker, ids, places, show_code)
    checker = VersionChecker(preset, places, Namer(None, show_code, None), published, require_hash=preset.require_hash)
    rows = {row["id"]: row for row in tracker.find("Version", [["id", "in", ids]], VERSION_FIELDS)}
    width = max(3, len(str(len(links))))
    versions: list[PlannedVersion] = []
    for number, link in enumerate(links, 1):
        checked = _checked(rows.get(link["id"]), link, checker, statuses)
        versions.append(_numbered(checked, f"{number:0{width}d}"))
        if reporter is not None:
            reporter.step(Progress(operation=OPERATION, phase="look", done=number, total=len(links), item=checked.code))
    notes, left_out = find_notes(tracker, ids, request.notes_for)
    return PlaylistPlan(
        _packing(request, show_code, playlist),
        project,
        show_code,
        Place(""),
        (*HASHES, *preset.hashes),
        refuse_bad_names(versions),
        playlist=playlist,
        recipient=request.recipient,
        notes=notes,
        notes_left_out=left_out,
    )


def _packing(request: PlaylistRequest, show_code: str, playlist: Mapping[str, Any]) -> DeliverRequest:
    """The package as deliveries are packed."""
    made = f"{show_code}_{playlist.get('code')}_{request.recipient}"
    name = request.name or "".join(c if (c.isalnum() and c.isascii()) or c in "._-" else "_" for c in made)
    if name.startswith("."):
        raise UsageError(f"{name!r} would be hidden", hint="Name it otherwise with --name.")
    portable_name(name)
    return DeliverRequest(
        request.project,
        request.recipient,
        request.destination / (f"{name}.zip" if request.zipped else name),
        preset=request.preset,
        statuses=request.statuses,
        format="zip" if request.zipped else "folder",
    )


def _checked(
    row: Mapping[str, Any] | None, link: Mapping[str, Any], checker: VersionChecker, statuses: Sequence[str]
) -> PlannedVersion:
    if row is None:
        gone = planned({"id": link["id"], "code": link.get("name")})
        return replace(gone, problems=(Problem("delivery.version_missing", "The Version is not there any more"),))
    version = checker.checked(row)
    status = row.get("sg_status_list")
    if statuses and status not in statuses:
        told = f"Its status is {status}, not {' or '.join(statuses)}"
        version = replace(version, problems=(Problem("delivery.not_approved", told), *version.problems))
    return version


def _numbered(version: PlannedVersion, number: str) -> PlannedVersion:
    entries = tuple(_entry(entry, number) for entry in version.entries)
    hidden = next((e.original for e in entries if any(p.startswith(".") for p in e.path.split("/"))), None)
    if hidden is None:
        return replace(version, entries=entries)
    problem = Problem("delivery.name_not_portable", f"{hidden!r} would be hidden")
    return replace(version, entries=entries, problems=(*version.problems, problem))


def _entry(entry: Entry, number: str) -> Entry:
    return replace(entry, path=f"{number}_{entry.path}")
