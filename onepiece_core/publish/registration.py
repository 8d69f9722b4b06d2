"""What a package becomes in the tracker: a Version, its PublishedFiles, the links between them, and two uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from onepiece_core.tracker.outbox import Write

if TYPE_CHECKING:
    from onepiece_core.manifest.package import PackageManifest


class RegistrationTarget(BaseModel, frozen=True):
    """Where in the tracker a package belongs, and where its files are.

    Attributes:
        project: one of ``{"id": 7}``, ``{"name": "Frost Giant"}``, ``{"code": "FG"}``.
        named: an option named the project. A project that is not there is then an error; else the rows wait.
        shot: code of a Shot or Asset; ``EPISODE/SEQUENCE/SHOT`` or ``SEQUENCE/SHOT`` where a code is there twice.
        shot_named: an option named the shot; else a shot that is not there is left out.
        task: a Task's name (``content``) or its step's short name.
        task_named: as ``shot_named``.
        package_root: absolute path of the package on disk, or its URI.
        s3_uri: the package in S3, without a trailing slash.
        user: login or e-mail of the artist; left out when the site does not know it.
        thumbnail: path of a JPEG or PNG.
        movie: the review movie as a path within the package; by default the first preview that is a movie.
    """

    project: dict[str, int | str]
    named: bool = False
    shot: str | None = None
    shot_named: bool = True
    task: str | None = None
    task_named: bool = True
    package_root: str
    s3_uri: str
    comment: str = ""
    user: str | None = None
    thumbnail: str | None = None
    movie: str | None = None


def registration_writes(manifest: PackageManifest, target: RegistrationTarget) -> tuple[Write, ...]:
    """The writes that register ``manifest``, in order. Equal arguments give equal writes."""
    raise NotImplementedError


def context_payload(target: RegistrationTarget) -> dict[str, Any]:
    """What the first write, ``context``, asks the tracker for."""
    return target.model_dump(include={"project", "named", "shot", "shot_named", "task", "task_named", "user"})
