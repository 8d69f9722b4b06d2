"""A playlist of the tracker: its Versions in the order in which they are played, and the notes on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from onepiece_core.errors import EntityMissing, TrackerRefused
from onepiece_core.playlist.model import NotesFor, VersionNote
from onepiece_core.tracker.tracker import Entity, Tracker

_NOTE_FIELDS = ("subject", "content", "user", "created_at", "note_links", "sg_note_type", "client_note")
_FOR_CLIENTS = "Client"


def find_playlist(tracker: Tracker, project: Entity, name: str) -> Entity:
    """By its code, or ``#12`` by its id. Raises EntityMissing: there is none, or several are called so."""
    number = name[1:] if name.startswith("#") and name[1:].isdecimal() else None
    named = ["id", "is", int(number)] if number else ["code", "is", name]
    found = tracker.find("Playlist", [["project", "is", project], named], ("code", "versions"))
    if len(found) == 1:
        return found[0]
    told = f"has {len(found)} playlists" if found else "has no playlist"
    ids = ", ".join(f"#{each['id']}" for each in found)
    raise EntityMissing(
        f"The project {project.get('name')!r} {told} {name!r}", hint=f"Say which: {ids}." if found else None
    )


def ordered_versions(tracker: Tracker, playlist: Entity) -> list[Entity]:
    """Links to the Versions, each once: by ``sg_sort_order``, those without one after the others."""
    fields = ("version", "sg_sort_order")
    link = {"type": "Playlist", "id": playlist["id"]}
    try:
        rows = tracker.find("PlaylistVersionConnection", [["playlist", "is", link]], fields)
    except TrackerRefused:
        rows = []  # not every script may read them
    rows.sort(key=lambda row: (row.get("sg_sort_order") is None, row.get("sg_sort_order") or 0.0, row["id"]))
    links = [row["version"] for row in rows if row.get("version")] + list(playlist.get("versions") or [])
    return list({each["id"]: each for each in links}.values())


def find_notes(
    tracker: Tracker, versions: Sequence[int], notes_for: NotesFor
) -> tuple[dict[int, tuple[VersionNote, ...]], int]:
    """The notes on each Version, oldest first, and how many are not for the recipient."""
    if notes_for == "none" or not versions:
        return {}, 0
    known = tracker.schema_fields("Note")
    links = [{"type": "Version", "id": each} for each in versions]
    fields = [name for name in _NOTE_FIELDS if name in known]
    order: Any = [{"field_name": "id", "direction": "asc"}]
    found: dict[int, list[VersionNote]] = {}
    left_out = 0
    for row in tracker.find("Note", [["note_links", "in", links]], fields, order=order):
        if notes_for == "client" and not (row.get("client_note") or row.get("sg_note_type") == _FOR_CLIENTS):
            left_out += 1
            continue
        for link in row.get("note_links") or []:
            if link["type"] == "Version" and link["id"] in versions:
                found.setdefault(link["id"], []).append(_note(row))
    return {key: tuple(notes) for key, notes in found.items()}, left_out


def _note(row: Entity) -> VersionNote:
    created = row.get("created_at")
    return VersionNote(
        subject=str(row.get("subject") or ""),
        content=str(row.get("content") or ""),
        author=(row.get("user") or {}).get("name"),
        created_at=created.astimezone(UTC).isoformat() if isinstance(created, datetime) else created,
        kind=row.get("sg_note_type"),
    )
