"""Rules about names and about what the scene uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onepiece_core.errors import NameInvalid
from onepiece_core.frames import exact_rate
from onepiece_core.naming import split_version
from onepiece_core.rules.cut import metadata_fps
from onepiece_core.rules.facts import PublishFacts
from onepiece_core.rules.rule import Found, Rule
from onepiece_core.sequences import split_extension


def _version(facts: PublishFacts) -> Iterator[Found]:
    wanted = _version_of(facts.scene_name)
    for each in facts.items:
        stem = split_extension(each.item.pattern.rpartition("/")[2])[0]
        found = _version_of(stem.partition("%0")[0].rstrip("._-"))
        if wanted is not None and found is not None and found != wanted:
            yield (
                f"{each.item.name} is of v{found:03d}, the publish of v{wanted:03d}",
                {"found": found, "wanted": wanted},
            )


def _version_of(name: str) -> int | None:
    try:
        return split_version(name).version if name else None
    except NameInvalid:
        return None


def _dependencies(facts: PublishFacts) -> Iterator[Found]:
    missing = [each.path for each in facts.dependencies if each.is_there is False]
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        yield f"the scene uses files that are not there: {', '.join(missing[:5])}{more}", {"paths": missing[:100]}


def _metadata_range(facts: PublishFacts) -> Iterator[Found]:
    first, last = (_whole(facts.metadata.get(key)) for key in ("first_frame", "last_frame"))
    if facts.main is None or first is None or last is None:
        return
    there = facts.main.frames[0], facts.main.frames[-1]
    if there != (first, last):
        yield f"the metadata says {first}-{last}, the frames are {there[0]}-{there[1]}", {}


def _metadata_rate(facts: PublishFacts) -> Iterator[Found]:
    told, fps = metadata_fps(facts), facts.frames_fps
    if "fps" in facts.metadata and told is None:
        yield f"the metadata's fps {str(facts.metadata['fps'])[:40]!r} is no frame rate", {}
    elif told and fps and exact_rate(fps) != told:
        yield f"the metadata says {float(told):.6g} fps, the frames {float(fps):.6g}", {}


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


RULES: tuple[Rule, ...] = (
    Rule(
        "scene.version", "warning", "files carry the version of the publish", _version, "Check which version this is."
    ),
    Rule("scene.dependencies", "warning", "every file that the scene uses is there", _dependencies, fix="scene.relink"),
    Rule("metadata.frames", "warning", "the metadata names the frames that are there", _metadata_range),
    Rule("metadata.fps", "warning", "the metadata names the rate of the frames", _metadata_rate),
)
