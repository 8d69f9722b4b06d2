"""Entities of the tracker as rows of the mirror."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onepiece_core.tracker.tracker import Entity

_EPISODE = "sg_sequence.Sequence.episode.Episode.code"
_SEQUENCE = "sg_sequence.Sequence.code"


@dataclass(frozen=True)
class Kind:
    """A type that is mirrored. ``fields``: what is asked for; deep ones are left out where the site has them not.

    ``row`` gives the columns of ``table`` in their order, but the project, which is the second one.
    """

    type: str
    table: str
    fields: tuple[str, ...]
    row: Callable[[Entity], tuple[Any, ...]]
    columns: int


def text(value: object, most: int = 20_000) -> str:
    """Whatever a field holds, as text that ends somewhere."""
    return "" if value is None else str(value)[:most]


def seconds(value: object) -> float | None:
    if isinstance(value, datetime):
        return value.timestamp()
    return float(value) if isinstance(value, (int, float)) else None


def _link(value: object) -> tuple[str, int | None, str]:
    if isinstance(value, Mapping) and isinstance(value.get("id"), int):
        return text(value.get("type"), 100), value["id"], text(value.get("name"), 1000)
    return "", None, ""


def _name(value: object) -> str:
    return _link(value)[2]


def _names(value: object) -> list[str]:
    return [_name(each) for each in value] if isinstance(value, (list, tuple)) else []


def _links(value: object) -> str:
    found = [_link(each) for each in value] if isinstance(value, (list, tuple)) else []
    return json.dumps([(number, name) for _, number, name in found if number is not None])


def _range(row: Entity, *names: str) -> str:
    first, last = (row.get(name) for name in names)
    return f"{first}-{last}" if isinstance(first, int) and isinstance(last, int) else ""


def _shot(row: Entity) -> tuple[Any, ...]:
    return (
        text(row.get("code")),
        text(row.get("sg_status_list"), 200),
        text(row.get(_EPISODE), 200),
        text(row.get(_SEQUENCE), 200),
        _range(row, "sg_cut_in", "sg_cut_out"),
        text(row.get("description")),
        seconds(row.get("created_at")),
        seconds(row.get("updated_at")),
        0,
        None,
    )


def _task(row: Entity) -> tuple[Any, ...]:
    kind, number, _ = _link(row.get("entity"))
    short, name = text(row.get("step.Step.short_name"), 100), text(row.get("step.Step.code"), 100)
    return (
        kind,
        number,
        text(row.get("content")),
        short or name,
        name or short,
        text(row.get("sg_status_list"), 200),
        json.dumps(_names(row.get("task_assignees"))),
        text(row.get("due_date"), 10) or None,
        seconds(row.get("updated_at")),
    )


def _version(row: Entity) -> tuple[Any, ...]:
    kind, number, name = _link(row.get("entity"))
    short = text(row.get("sg_task.Task.step.Step.short_name"), 100)
    return (
        text(row.get("code")),
        text(row.get("sg_status_list"), 200),
        kind,
        number,
        name,
        short,
        _name(row.get("user")) or _name(row.get("created_by")),
        text(row.get("description")),
        text(row.get("frame_range"), 200),
        text(row.get("sg_path_to_frames"), 4000),
        bool(row.get("image")),
        bool(row.get("sg_uploaded_movie")),
        seconds(row.get("created_at")) or 0.0,  # lists are sorted by it
        seconds(row.get("updated_at")),
        0,
    )


def _publish(row: Entity) -> tuple[Any, ...]:
    kind, number, _ = _link(row.get("entity"))
    path = row.get("path")
    told = path.get("local_path") or path.get("url") or path.get("name") if isinstance(path, Mapping) else path
    return (
        text(row.get("code")),
        text(row.get("name")),
        _name(row.get("published_file_type")),
        row.get("version_number") if isinstance(row.get("version_number"), int) else None,
        text(told, 4000),
        _link(row.get("version"))[1],
        kind,
        number,
        text(row.get("task.Task.step.Step.short_name"), 100),
        _name(row.get("created_by")),
        _links(row.get("upstream_published_files")),
        _links(row.get("downstream_published_files")),
        seconds(row.get("created_at")),
        seconds(row.get("updated_at")),
    )


def _playlist(row: Entity) -> tuple[Any, ...]:
    return (text(row.get("code")), _links(row.get("versions")), seconds(row.get("updated_at")))


def _delivery(row: Entity) -> tuple[Any, ...]:
    return (
        text(row.get("title") or row.get("code"), 1000),
        text(row.get("sg_status_list"), 200),
        ", ".join(_names(row.get("addressings_to"))),
        text(row.get("sg_contents"), 4000),
        _links(row.get("versions")),
        seconds(row.get("created_at")),
        seconds(row.get("updated_at")),
    )


_STAMPS = ("created_at", "updated_at")

KINDS: Mapping[str, Kind] = {
    kind.type: kind
    for kind in (
        Kind(
            "Shot",
            "shots",
            ("code", "sg_status_list", _SEQUENCE, _EPISODE, "sg_cut_in", "sg_cut_out", "description", *_STAMPS),
            _shot,
            10,
        ),
        Kind(
            "Task",
            "tasks",
            (
                *("content", "entity", "step.Step.short_name", "step.Step.code", "sg_status_list"),
                *("task_assignees", "due_date", "updated_at"),
            ),
            _task,
            9,
        ),
        Kind(
            "Version",
            "versions",
            (
                *("code", "sg_status_list", "entity", "sg_task.Task.step.Step.short_name", "user", "created_by"),
                *("description", "frame_range", "sg_path_to_frames", "image", "sg_uploaded_movie", *_STAMPS),
            ),
            _version,
            15,
        ),
        Kind(
            "PublishedFile",
            "publishes",
            (
                *("code", "name", "published_file_type", "version_number", "path", "version", "entity"),
                *("task.Task.step.Step.short_name", "created_by", "upstream_published_files"),
                *("downstream_published_files", *_STAMPS),
            ),
            _publish,
            14,
        ),
        Kind(
            "Delivery",
            "deliveries",
            ("title", "sg_status_list", "addressings_to", "sg_contents", "versions", *_STAMPS),
            _delivery,
            7,
        ),
        Kind("Playlist", "playlists", ("code", "versions", "updated_at"), _playlist, 3),
    )
}
