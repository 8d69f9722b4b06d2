"""Gather what the rules of a publish look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from onepiece_core import sequences
from onepiece_core.editorial.otio import read_otio
from onepiece_core.manifest.package import ROLES, PackageItem
from onepiece_core.media.facts import MediaFacts
from onepiece_core.publish.collect import Collected
from onepiece_core.rules.cut import cut_rate, metadata_fps
from onepiece_core.rules.facts import Dependency, ItemFacts, PublishFacts


def gather_facts(
    collected: Collected,
    media: Mapping[str, MediaFacts],
    *,
    scene_name: str,
    shot: str | None,
    otio: Path | None,
    metadata: Mapping[str, Any],
    dependencies: tuple[Dependency, ...] = (),
) -> PublishFacts:
    """The facts of collected inputs; ``media`` by path in the package, of every file that was probed.

    Raises EditorialError when ``otio`` is no cut.
    """
    return PublishFacts(
        scene_name=scene_name,
        shot=shot,
        items=tuple(_items(collected, media)),
        cut=read_otio(otio) if otio else None,
        metadata=metadata,
        dependencies=dependencies,
    )


def frames_per_second(facts: PublishFacts) -> Fraction | None:
    """The rate of the publish: what the metadata says, else the cut, the frames, the movie."""
    movies = [each.media[0].fps for each in facts.movies]
    known = (metadata_fps(facts), cut_rate(facts), facts.frames_fps, *movies)
    return next((rate for rate in known if rate), None)


def _items(collected: Collected, media: Mapping[str, MediaFacts]) -> Iterator[ItemFacts]:
    by_pattern: dict[str, PackageItem] = {item.pattern: item for item in collected.items}
    for role in ROLES:
        scan = sequences.scan(file.package_path for file in collected.files if file.role == role)
        for found in scan.sequences:
            if found.tiles or found.pattern not in by_pattern:
                continue
            pairs = [
                (frame, media[name]) for frame, name in zip(found.frames, found.names, strict=True) if name in media
            ]
            frames, facts = tuple(frame for frame, _ in pairs), tuple(fact for _, fact in pairs)
            yield ItemFacts(by_pattern[found.pattern], facts, frames)
        for path in scan.files:
            if path in by_pattern:
                yield ItemFacts(by_pattern[path], (media[path],) if path in media else ())
