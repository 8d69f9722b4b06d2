"""What a front end asks for, and what it gets back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from onepiece_core.progress import Warned
from onepiece_core.rules.host_rules import Ignored

# How a publish runs, not what it publishes: these do not tell two publishes apart.
_NOT_IDENTITY = {"operation", "require_tracker", "ignored"}


def _several(value: Any) -> Any:
    """None is none, one path is one."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str | Path) else value


def _told(paths: tuple[Path, ...]) -> str | list[str] | None:
    """One path as itself: so it stands in requests, records and fingerprints of before there were several."""
    texts = [str(path) for path in paths]
    return texts if len(texts) > 1 else texts[0] if texts else None


# The fields of a request that hold one path, and those that hold several.
SINGLE = ("destination", "scene", "otio", "metadata")
SEVERAL = ("renders", "previews", "caches")
Paths = Annotated[tuple[Path, ...], BeforeValidator(_several), PlainSerializer(_told, when_used="json")]


class PublishRequest(BaseModel):
    """One publish, as asked for in a shell, a panel, a watch folder or over HTTP.

    Paths are absolute on this machine or relative to the front end's working folder; the planner resolves them.

    Attributes:
        dcc: the application that made the scene (maya, nuke, houdini, blender).
        scene_name: portable identifier; its ``_v###`` is the version, without one the next free is claimed.
        scene: the scene file, or None when only renders are published.
        renders: folders, files, or sequence patterns (``name.%04d.exr``, ``name.####.exr``); each of them keeps its
            names, so two must not hold the same one.
        previews: review movies, or folders of them; the first movie by name is uploaded.
        caches: geometry and volumes (.abc, .usd, .vdb, .bgeo.sc), as ``renders``.
        otio: the cut that the frames belong to.
        metadata: a JSON object or a ``key,value`` CSV.
        destination: the folder that gets ``SCENE_NAME/``.
        bucket: an S3 bucket or a context's name; not needed with ``direct_upload_path``.
        show_code: the show's short code (FG).
        direct_upload_path: a whole ``s3://`` URI instead of SHOW_TYPE/SHOW_CODE/SCENE_NAME in the bucket.
        project: the tracker's project by name or code; None: the one whose code is ``show_code``.
        shot: a shot's or asset's code in that project; None: guessed from the scene name.
        task: the task's name on that shot.
        require_tracker: fail instead of leaving the registration to the outbox.
        operation: continue exactly this operation.
        ignored: findings of the open scene that it is published in spite of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["onepiece.publish-request.1"] = Field(default="onepiece.publish-request.1", alias="schema")
    dcc: str
    scene_name: str
    destination: Path
    show_code: str
    show_type: Literal["vfx", "prod"] = "vfx"
    bucket: str | None = None
    direct_upload_path: str | None = None
    scene: Path | None = None
    renders: Paths = ()
    previews: Paths = ()
    caches: Paths = ()
    otio: Path | None = None
    metadata: Path | None = None
    project: str | None = None
    shot: str | None = None
    task: str | None = None
    comment: str = ""
    require_tracker: bool = False
    operation: str | None = None
    ignored: tuple[Ignored, ...] = ()

    def fingerprint(self) -> str:
        """Equal for equal resolved options: hex, 32 digits."""
        told = self.model_dump(
            mode="json", by_alias=True, exclude=_NOT_IDENTITY | (set() if self.caches else {"caches"})
        )
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]

    def paths(self) -> dict[str, tuple[Path, ...]]:
        """Every path of the request, by its field."""
        found: dict[str, tuple[Path, ...]] = {name: getattr(self, name) for name in SEVERAL}
        single = {name: getattr(self, name) for name in SINGLE}
        return {**{name: (path,) for name, path in single.items() if path is not None}, **found}

    def with_paths(self, change: Callable[[Path], Path]) -> PublishRequest:
        """The request with each path changed."""
        update: dict[str, Any] = {name: tuple(map(change, getattr(self, name))) for name in SEVERAL}
        single = {name: getattr(self, name) for name in SINGLE}
        return self.model_copy(
            update=update | {name: change(path) for name, path in single.items() if path is not None}
        )


class TrackerResult(BaseModel, frozen=True):
    """``version_id`` is None while the registration waits in the outbox."""

    version_id: int | None = None
    published_file_ids: tuple[int, ...] = ()


class PublishResult(BaseModel):
    """What a publish has made.

    Attributes:
        package: the package's folder, absolute on this machine.
        s3_uri: the same package in S3, without a trailing slash.
        manifest: the manifest's file name in both places.
        files: how many files the manifest lists.
        bytes_total: their size together, in bytes.
        bytes_sent: how many of those bytes this run sent to S3 (unchanged files are copied by the server).
        ignored: what the checks of the open scene found and somebody gave a reason for.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["onepiece.publish.1"] = Field(default="onepiece.publish.1", alias="schema")
    operation: str
    scene_name: str
    version: int
    package: str
    s3_uri: str
    manifest: str
    tracker: TrackerResult
    files: int
    bytes_total: int
    bytes_sent: int
    warnings: tuple[Warned, ...] = ()
    ignored: tuple[Ignored, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)
