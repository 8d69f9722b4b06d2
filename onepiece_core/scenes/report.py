"""What a scene file tells about itself, for people and for ``--json``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from onepiece_core.scenes.dependencies import dependencies_of
from onepiece_core.scenes.read import read_scene
from onepiece_core.shown import shown


class UsedFile(BaseModel, frozen=True):
    """A file as the scene names it; ``is_there`` is None where only the application could tell."""

    path: str
    is_there: bool | None


class SceneReport(BaseModel, frozen=True, serialize_by_alias=True):
    """One scene. What it does not tell is None.

    Attributes:
        is_readable: False when only its application can read it, or it is damaged.
        fps: 24, 23.976, ...
        missing: the files among ``files`` that are not there.
    """

    schema_: Literal["onepiece.scene-report.1"] = Field("onepiece.scene-report.1", alias="schema")
    scene: str
    size_bytes: int
    is_readable: bool
    application: str | None = None
    version: str | None = None
    first: int | None = None
    last: int | None = None
    fps: float | None = None
    files: tuple[UsedFile, ...] = ()
    missing: tuple[str, ...] = ()


def inspect_scene(scene: Path) -> SceneReport:
    """Read a scene without its application. Raises InputMissing, InputUnreadable."""
    facts = read_scene(scene)
    size = scene.stat().st_size
    if facts is None:
        return SceneReport(scene=shown(scene), size_bytes=size, is_readable=False)
    files = tuple(UsedFile(path=shown(one.path), is_there=one.is_there) for one in dependencies_of(facts, scene))
    return SceneReport(
        scene=shown(scene),
        size_bytes=size,
        is_readable=True,
        application=facts.application,
        version=facts.version,
        first=facts.first,
        last=facts.last,
        fps=round(float(facts.fps), 3) if facts.fps is not None else None,
        files=files,
        missing=tuple(one.path for one in files if one.is_there is False),
    )
