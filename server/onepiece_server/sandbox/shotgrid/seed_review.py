"""The seeded show's Versions, published files, notes and playlists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from onepiece_server.sandbox.shotgrid import attachments
from onepiece_server.sandbox.shotgrid.seed_bulk import Pair
from onepiece_server.sandbox.shotgrid.seed_hierarchy import FIRST_FRAME, LAST_FRAME_OF_ASSET, picture_of
from onepiece_server.sandbox.shotgrid.seed_plan import Step, text_of
from onepiece_server.sandbox.shotgrid.seed_staff import Making

_PUBLISHED, _NOTED, _REPLIED = 0.3, 0.08, 0.4
_PLAYED = 18
_REMARKS = (
    "Edge of the matte is chattering from frame {frame} on.",
    "Nice. Please hold the pose two frames longer around {frame}.",
    "The rim light is too warm compared with the plate.",
    "Snow interaction on the boots is missing at {frame}.",
    "Approved for the temp screening, one more pass on the fog.",
    "Slate shows the wrong lens.",
)
_REPLIES = ("On it, next version tonight.", "Fixed in the next version.", "Can we talk about this in dailies?")
_DESCRIPTIONS = ("First pass", "Addressed notes", "New cache", "Fixed flicker", "Client changes", "For dailies")


@dataclass(frozen=True)
class _Made:
    """One Version and what its own rows are named after."""

    version: Pair | None
    name: str
    stem: str
    number: int
    entity: Pair | None
    task: Pair | None
    artist: Pair
    when: str
    frames: tuple[int, int]
    path: str


def make_versions(making: Making, step: Step) -> None:
    random = making.plan.random(step)
    frames = _frames(making)
    for index in range(step.first, step.end):
        made = _version(making, index, frames, random)
        if random.random() < _PUBLISHED:
            _publish(making, made, random)
        if random.random() < _NOTED:
            _note(making, made, random)


def _frames(making: Making) -> dict[int, tuple[int, int]]:
    """First and last frame of each shot, by its id."""
    sql = "SELECT id, sg_head_in, sg_tail_out FROM Shot WHERE project__id=?"
    rows = making.connection.execute(sql, [making.progress.project_id]) if _has_range(making) else ()
    return {shot: (first, last) for shot, first, last in rows if first is not None and last is not None}


def _has_range(making: Making) -> bool:
    return {"sg_head_in", "sg_tail_out"} <= making.site.schema.entities["Shot"].fields.keys()


def _version(making: Making, index: int, frames: dict[int, tuple[int, int]], random: Random) -> _Made:
    schedule, plan = making.schedule, making.plan
    task = schedule.tasks[index]
    shot, number, step = plan.task_of(task)
    version = schedule.numbers[index]
    if shot is None:
        kind, middle = plan.asset(number)
        entity, folder = making.made("Asset", number), f"assets/{kind}/{middle}"
    else:
        place = plan.place(shot)
        entity, middle = making.made("Shot", shot), place.code
        folder = f"{place.episode_code}/{place.sequence_code}/{place.code}"
    stem = f"{plan.code}_{middle}_{step}"
    name = f"{stem}_v{version:03d}"
    path = f"{making.staff.root or '/projects'}/{plan.code}/{folder}/{step}/publish/{name}"
    first, last = frames.get(entity[1] if entity and shot is not None else 0, (FIRST_FRAME, LAST_FRAME_OF_ASSET))
    artist = making.staff.artist(step, task)
    when = text_of(schedule.moments[index])
    link = making.made("Task", task)
    values = {
        "project": making.project,
        "code": name,
        "entity": entity,
        "sg_task": link,
        "user": artist,
        "description": _DESCRIPTIONS[0] if version == 1 else random.choice(_DESCRIPTIONS[1:]),
        "sg_status_list": _status(version == schedule.totals[task], random),
        "sg_version_type": "Production",
        "sg_path_to_frames": f"{path}/renders/{name}.%04d.exr",
        "sg_path_to_movie": f"{path}/previews/{name}.mov",
        "sg_first_frame": first,
        "sg_last_frame": last,
        "frame_count": last - first + 1,
        "frame_range": f"{first}-{last}",
        "image": picture_of(making, number),
    }
    row = making.bulk.add("Version", when, artist, values)
    return _Made(row, name, stem, version, entity, link, artist, when, (first, last), path)


def _status(is_newest: bool, random: Random) -> str:
    if is_newest:
        return random.choice(("rev", "rev", "apr", "vwd"))
    return random.choice(("vwd", "vwd", "na", "apr"))


def _publish(making: Making, made: _Made, random: Random) -> None:
    """A PublishedFile; its path has an Attachment of its own, as every file has."""
    file_name = f"{made.name}.%04d.exr"
    path = f"{made.path}/renders/{file_name}"
    field = making.site.schema.entities["PublishedFile"].fields["path"]
    given = {"local_path": path} if making.staff.root else {"url": f"file://{path}"}
    kept = attachments.parsed(field, given, making.staff.storages, "create")
    facts = {"project": making.project, "display_name": file_name, "filename": file_name, "original_fname": file_name}
    facts |= {"file_extension": "exr", "processing_status": "Done"}
    file = making.bulk.add("Attachment", made.when, made.artist, facts, is_told=False)
    column = json.dumps({"id": file[1] if file else None} | (kept or {}), separators=(",", ":"))
    types = making.staff.published_types
    values = {
        "project": making.project,
        "code": file_name,
        "name": made.stem,
        "version_number": made.number,
        "version": made.version,
        "entity": made.entity,
        "task": made.task,
        "path": column,
        "path_cache": path.removeprefix(f"{making.staff.root}/"),
        "published_file_type": types[made.number % len(types)] if types else None,
        "sg_status_list": random.choice(("cmpt", "cmpt", "ip")),
        "description": "Rendered frames",
    }
    row = making.bulk.add("PublishedFile", made.when, made.artist, values)
    making.bulk.link(file, "attachment_links", [row])


def _note(making: Making, made: _Made, random: Random) -> None:
    text = random.choice(_REMARKS).format(frame=random.randint(*made.frames))
    values = {
        "project": making.project,
        "subject": f"Note on {made.name}",
        "content": text,
        "user": made.artist,
        "sg_note_type": random.choice(("Internal", "VFX Supervisor", "Client")),
        "sg_status_list": random.choice(("opn", "ip", "clsd")),
    }
    note = making.bulk.add("Note", made.when, made.artist, values)
    making.bulk.link(note, "note_links", [made.version, made.entity])
    making.bulk.link(note, "tasks", [made.task])
    making.bulk.link(note, "addressings_to", [made.artist])
    if random.random() < _REPLIED:
        reply = {"entity": note, "content": random.choice(_REPLIES), "user": made.artist}
        making.bulk.add("Reply", made.when, made.artist, reply)


def make_playlists(making: Making, step: Step) -> None:
    """Each holds some of the Versions of its time, in an order that is not that of their ids."""
    random = making.plan.random(step)
    script = making.staff.script
    for index in range(step.first, step.end):
        among = making.plan.in_playlist(index)
        when = text_of(making.schedule.moments[among[-1]])
        values = {
            "project": making.project,
            "code": f"{making.plan.code}_dailies_{index + 1:03d}",
            "description": f"Dailies of {when[:10]}",
            "sg_date_and_time": when,
            "sg_type": "Dailies",
            "sg_status": "Open" if index == making.plan.playlists - 1 else "Closed",
        }
        playlist = making.bulk.add("Playlist", when, script, values)
        for order, version in enumerate(random.sample(among, min(_PLAYED, len(among))), start=1):
            ends = {"playlist": playlist, "version": making.made("Version", version), "sg_sort_order": float(order)}
            making.bulk.add("PlaylistVersionConnection", when, script, ends)
