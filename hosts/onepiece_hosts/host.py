"""The Host protocol: what OnePiece asks of an application that it runs in.

An adapter translates and decides nothing. Everything but :meth:`Host.call_later` is called on the host's main thread.
Paths are absolute and use forward slashes; frames are inclusive; ids are whatever the host finds a thing by again.
Every adapter passes ``tests.hosts.contract.HostContract``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class FrameRange:
    """``first`` to ``last`` is what is seen; ``handle_first`` to ``handle_last`` encloses it."""

    first: int
    last: int
    handle_first: int
    handle_last: int


@dataclass(frozen=True)
class Colour:
    """Colour management as the scene has it.

    Attributes:
        config: path or built-in name of the OCIO configuration; None when the host manages colours by itself.
        working_space: where it renders, by the host's name.
        is_known: False when the host cannot find the configuration that the scene names.
    """

    config: str | None
    working_space: str | None
    is_known: bool


@dataclass(frozen=True)
class Resolution:
    """In pixels, as it renders."""

    width: int
    height: int
    pixel_aspect: float = 1.0


@dataclass(frozen=True)
class Camera:
    """``is_default``: every scene of this host is born with it (persp, Camera)."""

    id: str
    label: str
    is_renderable: bool
    is_default: bool


@dataclass(frozen=True)
class UsedFile:
    """A file, sequence or tiled texture that the scene uses.

    Attributes:
        path: ``%04d`` stands for frame numbers, ``<UDIM>`` for tiles; as the host resolves it.
        written: as the scene has it, with variables; the same as ``path`` where it has none.
        kind: image, sequence, udim, cache, reference, library, movie, sound, font, script, other.
        node: id of what uses it.
        is_missing: None when the host cannot know.
        is_packed: the scene carries it inside.
    """

    path: str
    written: str
    kind: str
    node: str
    label: str
    is_missing: bool | None
    is_packed: bool = False


@dataclass(frozen=True)
class Output:
    """What a render or a cache will write, or has written. ``kind``: sequence, image, movie, cache."""

    id: str
    label: str
    path: str
    kind: str
    first: int
    last: int
    is_enabled: bool = True


@dataclass(frozen=True)
class Problem:
    """Something only this host has, by a kind that rules know.

    Attributes:
        kind: disabled_write, missing_write_path, unloaded_reference, unlocked_reference, missing_reference,
            unpacked_image, missing_image, missing_hda, unknown_node.
    """

    kind: str
    node: str
    label: str
    context: dict[str, Any] = field(default_factory=dict)


# Carries a finding out on the scene: the ids of the nodes it is about, and what the rule says it should be.
Action = Callable[[Sequence[str], "dict[str, Any]"], None]

# What a host can be asked to tell: ``opened``, ``saved``, ``closing``.
EVENTS = ("opened", "saved", "closing")


class Host(Protocol):
    """One running application."""

    name: str  # maya, nuke, houdini, blender
    label: str
    extensions: tuple[str, ...]  # of its scenes, lower case with the dot, the usual one first

    def version(self) -> str: ...

    def is_headless(self) -> bool: ...

    def scene_path(self) -> str | None:
        """None for a scene that was never saved."""

    def is_modified(self) -> bool | None:
        """None when the host cannot know."""

    def save(self) -> None:
        """Raises HostError for a scene without a path, or when the disk refuses."""

    def save_as(self, path: str) -> None:
        """The scene's path afterwards is ``path``. Raises HostError, also when there is such a file."""

    def open_scene(self, path: str) -> None:
        """Unsaved changes are lost: ask before. Raises HostError when it cannot be read."""

    def frame_range(self) -> FrameRange: ...

    def fps(self) -> tuple[int, int]:
        """Exact: 24000, 1001."""

    def colour(self) -> Colour: ...

    def resolution(self) -> Resolution | None:
        """None where the scene itself has none: in Houdini without a camera."""

    def cameras(self) -> list[Camera]: ...

    def iter_files(self) -> Iterator[UsedFile | None]:
        """Every file that the scene uses. None: nothing new, a good moment to give the thread back."""

    def outputs(self) -> list[Output]: ...

    def iter_problems(self) -> Iterator[Problem | None]: ...

    def selection(self) -> list[str]: ...

    def actions(self) -> dict[str, Action]:
        """Select and fix, by the id that a rule names: ``select.nodes``, ``scene.save``, ``frames.set_range`` ..."""

    def thumbnail(self, path: str, width: int) -> None:
        """A picture of what the artist sees, as JPEG or PNG by the path's extension. Raises Unsupported, HostError."""

    def playblast(self, path: str, first: int, last: int) -> str:
        """A movie of the viewport; the path of the file that was made. Raises Unsupported, HostError."""

    def call_later(self, work: Callable[[], None]) -> None:
        """Run ``work`` on the main thread when it is free. Any thread may call this."""

    def on(self, event: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after one of EVENTS; the answer ends that."""

    def main_window(self) -> Any:
        """The Qt widget that panels belong to; None where there is none."""

    def capabilities(self) -> dict[str, bool]:
        """What this version can do, by the names of the methods above."""
