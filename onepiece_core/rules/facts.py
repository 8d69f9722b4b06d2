"""What is known about a publish when its rules are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from onepiece_core.editorial.cut import Cut
from onepiece_core.manifest.package import PackageItem
from onepiece_core.media.facts import MediaFacts


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One thing to publish and its files. ``frames`` is empty for a single file, else one number a file."""

    item: PackageItem
    media: tuple[MediaFacts, ...]
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Dependency:
    """A file that the scene uses. ``is_there`` is None when its path holds variables that nobody knows here."""

    path: str
    is_there: bool | None


@dataclass(frozen=True, slots=True)
class PublishFacts:
    """Everything that the rules of a publish look at; what is not known is None or empty.

    Attributes:
        scene_name: the name of the publish.
        shot: the shot's code.
        items: what is published, with the facts of its media.
        cut: what ``--otio`` holds.
        metadata: what ``--metadata`` holds; ``fps``, ``first_frame``, ``last_frame`` and ``handles`` are looked at.
    """

    scene_name: str = ""
    shot: str | None = None
    items: tuple[ItemFacts, ...] = ()
    cut: Cut | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()

    @property
    def sequences(self) -> tuple[ItemFacts, ...]:
        """The rendered frame sequences."""
        return tuple(each for each in self.items if each.item.role == "render" and each.frames)

    @property
    def movies(self) -> tuple[ItemFacts, ...]:
        """The review movies."""
        return tuple(
            each for each in self.items if each.item.role == "preview" and each.media and each.media[0].kind == "movie"
        )

    @property
    def main(self) -> ItemFacts | None:
        """The longest sequence: the one that is compared with the cut."""
        return max(self.sequences, key=lambda each: len(each.frames), default=None)

    @property
    def frames_fps(self) -> Fraction | None:
        """The rate that the frames themselves tell."""
        rates = {media.fps for each in self.sequences for media in each.media if media.fps}
        return rates.pop() if len(rates) == 1 else None
