"""Templates of the usual shape: what openjd makes of them, without asking openjd for each job.

A service that takes hundreds of jobs a second cannot have each template decoded anew. What a :class:`Shape` does not
know for certain it leaves to openjd: it accepts, and never refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from onepiece_core.frames import spans

_SPACE = {
    "taskParameterDefinitions": [
        {
            "name": "Frame",
            "type": "CHUNK[INT]",
            "range": "{{Param.Frames}}",
            "chunks": {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"},
        }
    ]
}
_MAX_NAME = 128
_MAX_TEXT = 1024


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a template that openjd took.

    Attributes:
        definitions: each parameter's by its name; texts, paths and whole numbers alone.
        has_tasks: cut into chunks of frames; otherwise there is one task.
    """

    definitions: Mapping[str, Mapping[str, Any]]
    has_tasks: bool

    def accepts(self, name: str, values: Mapping[str, str], timeout_seconds: int | None) -> bool:
        """False where only openjd knows."""
        if not (0 < len(name) <= _MAX_NAME and name.isprintable()) or "{{" in name or "}}" in name:
            return False
        if timeout_seconds is not None and timeout_seconds < 1:
            return False
        if not values.keys() <= self.definitions.keys():
            return False
        return all(_fits(each, values.get(key)) for key, each in self.definitions.items())


def shape_of(document: Mapping[str, Any]) -> Shape | None:
    """``document`` as openjd took it; None for one that is to be asked of it each time."""
    if not set(document.get("extensions") or ()) <= {"TASK_CHUNKING"}:
        return None
    (step,) = document["steps"]
    space = step.get("parameterSpace")
    actions = step["script"]["actions"].values()
    around = {key: value for key, value in document.items() if key not in ("steps", "name", "description")}
    beside = {key: value for key, value in step.items() if key not in ("parameterSpace", "script")}
    definitions = {each["name"]: each for each in document.get("parameterDefinitions") or ()}
    is_usual = (
        space in (None, _SPACE)
        and not any("{{" in text for text in _texts([around, beside]))
        and all(_has_plain_limits(action) for action in actions)
        and all(each["type"] in ("STRING", "PATH", "INT") for each in definitions.values())
    )
    return Shape(definitions, space is not None) if is_usual else None


def chunks(frames: Iterable[int], size: int) -> Iterator[str]:
    """Runs of frames in chunks of at most so many, as even as they can be."""
    for first, last in spans(frames):
        yield from _even(first, last, size)


def _even(first: int, last: int, size: int) -> Iterator[str]:
    count = last - first + 1
    pieces = -(-count // size)
    small, more = divmod(count, pieces)
    longer = {number * pieces // more for number in range(more)}
    for piece in range(pieces):
        end = first + small - (piece not in longer)
        yield f"{first}-{end}"
        first = end + 1


def _fits(definition: Mapping[str, Any], value: str | None) -> bool:
    kind = definition["type"]
    if value is None:
        return "default" in definition and (kind != "PATH" or definition["default"] == "")
    if len(value) > _MAX_TEXT:
        return False
    if kind == "INT":
        return _fits_number(definition, value)
    if kind == "PATH" and value and not PurePath(value).is_absolute():
        return False
    allowed = definition.get("allowedValues")
    if allowed and value not in allowed:
        return False
    return _within(len(value), definition.get("minLength"), definition.get("maxLength"))


def _fits_number(definition: Mapping[str, Any], value: str) -> bool:
    digits = value.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 9:
        return False
    allowed = definition.get("allowedValues")
    if allowed and int(value) not in allowed:
        return False
    return _within(int(value), definition.get("minValue"), definition.get("maxValue"))


def _within(number: int, least: Any, most: Any) -> bool:
    return all(limit is None or type(limit) is int for limit in (least, most)) and (
        (least is None or number >= least) and (most is None or number <= most)
    )


def _has_plain_limits(action: Mapping[str, Any]) -> bool:
    """Its times are numbers, not filled from parameters."""
    cancelation = action.get("cancelation") or {}
    return not any(isinstance(each, str) for each in (action.get("timeout"), cancelation.get("notifyPeriodInSeconds")))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
