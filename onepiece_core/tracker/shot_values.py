"""What a site says about a shot: its cut, its rate, its resolution, in whichever fields that site keeps them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from onepiece_core.errors import SequenceError
from onepiece_core.frames import exact_rate
from onepiece_core.rules.host_rule import ShotValues
from onepiece_core.tracker.tracker import Entity, Tracker

# What sites call a value; the first that is there and holds one counts.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "cut_in": ("sg_cut_in", "cut_in", "smart_cut_in"),
    "cut_out": ("sg_cut_out", "cut_out", "smart_cut_out"),
    "head_in": ("sg_head_in", "head_in", "smart_head_in"),
    "tail_out": ("sg_tail_out", "tail_out", "smart_tail_out"),
    "fps": ("sg_fps", "fps", "sg_frame_rate", "frame_rate", "sg_framerate"),
    "width": ("sg_width", "sg_resolution_width", "sg_res_width", "sg_frame_width"),
    "height": ("sg_height", "sg_resolution_height", "sg_res_height", "sg_frame_height"),
    "resolution": ("sg_resolution", "resolution", "sg_output_resolution", "sg_delivery_resolution", "sg_format"),
}
_FRAMES = ("cut_in", "cut_out", "head_in", "tail_out")
_SHARED = ("fps", "width", "height", "resolution")  # a project has these for all of its shots
SHOT_VALUES = (*_FRAMES, *_SHARED)
_SIZE = re.compile(r"(?<!\d)(\d{2,6})\s*[x*\u00d7]\s*(\d{2,6})(?!\d)", re.IGNORECASE)


def read_shot_values(tracker: Tracker, project: Entity | None, entity: Entity | None) -> dict[str, Any]:
    """The values as JSON, for :func:`shot_values_of`; only fields that the site has are asked for.

    Raises TrackerError.
    """
    told: dict[str, Any] = {}
    if project is not None:
        told |= _read(tracker, project, _SHARED)
    if entity is not None:
        told |= _read(tracker, entity, SHOT_VALUES if entity["type"] == "Shot" else _SHARED)
    return told


def _read(tracker: Tracker, row: Entity, wanted: Sequence[str]) -> dict[str, Any]:
    asked = asked_fields(tracker, row["type"], wanted)
    fields = [field for each in asked.values() for field in each]
    found = tracker.find_one(row["type"], [["id", "is", row["id"]]], fields) if fields else None
    return {} if found is None else told_values(found, asked)


def asked_fields(tracker: Tracker, entity_type: str, wanted: Sequence[str] = SHOT_VALUES) -> dict[str, list[str]]:
    """Which of the site's fields may hold each value, the one that counts first. Raises TrackerError."""
    known = tracker.schema_fields(entity_type)
    return {name: [field for field in _FIELDS[name] if field in known] for name in wanted}


def told_values(row: Entity, asked: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The values that ``row``, found with those fields, holds."""
    values = {name: next((row[f] for f in each if row.get(f) is not None), None) for name, each in asked.items()}
    return {name: value for name, value in values.items() if isinstance(value, int | float | str) and value != ""}


def shot_values_of(told: Mapping[str, Any], name: str) -> ShotValues:
    """What makes sense of it: a site's text fields hold anything."""
    width, height = _whole(told.get("width")), _whole(told.get("height"))
    size = _SIZE.search(str(told.get("resolution", "")))
    if size and not (width and height):
        width, height = int(size[1]), int(size[2])
    frames = {each: _whole(told.get(each)) for each in _FRAMES}
    return ShotValues(name=name, fps=_rate(told.get("fps")), width=width, height=height, **frames)


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip(), re.ASCII):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _rate(value: Any) -> Fraction | None:
    text = str(value).lower().replace("fps", "").strip() if isinstance(value, str) else value
    if not isinstance(text, str | int | float) or isinstance(text, bool) or not text:
        return None
    try:
        return exact_rate(text)
    except SequenceError:
        return None
