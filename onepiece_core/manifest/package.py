"""The manifest of a package: what a publish is, in one file at its top.

Whoever sees ``manifest.json`` sees a whole package: it is written last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from onepiece_core.checksums import LENGTHS, is_digest
from onepiece_core.errors import ManifestError
from onepiece_core.manifest.strict_json import strict_loads

MANIFEST_NAME = "manifest.json"
MHL_FOLDER = "ascmhl"
SCHEMA: Literal["onepiece.package.1"] = "onepiece.package.1"

Role = Literal["scene", "render", "cache", "preview", "otio"]
# The folder of the package that holds the files of a role.
FOLDERS: dict[Role, str] = {
    "scene": "scene",
    "render": "renders",
    "cache": "caches",
    "preview": "previews",
    "otio": "otio",
}
ROLES: tuple[Role, ...] = ("scene", "render", "cache", "preview", "otio")

_Size = Annotated[int, Field(ge=0, le=2**63 - 1)]
_Time = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
_FIRST_BAD = re.compile(r"(?:^|/)(?:\.{0,2})(?:/|$)|[\\\x00]|^[A-Za-z]:|^~")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class PackageFile(_Model):
    """One file of the package.

    Attributes:
        path: POSIX, relative to the package: ``renders/FG_..._v004.1001.exr``.
        mtime_ns: the source's time stamp, nanoseconds since the epoch.
        hashes: further digests that a client asked for, algorithm to lower-case hex.
    """

    path: str
    role: Role
    size_bytes: _Size
    xxh128: str
    mtime_ns: _Time
    hashes: dict[str, str] = {}

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if _FIRST_BAD.search(self.path) or not self.path.startswith(f"{FOLDERS[self.role]}/"):
            raise ValueError(f"the path {self.path!r} is not one of a {self.role} inside the package")
        for algorithm, digest in (("xxh128", self.xxh128), *self.hashes.items()):
            _check_digest(algorithm, digest)
        return self


class PackageItem(_Model):
    """One logical thing to register: a scene, a movie, a whole frame sequence.

    Attributes:
        name: unique in the package; for a sequence with its padding: ``FG_..._v004.%04d.exr``.
        pattern: relative path in the package, with ``%04d`` for a sequence.
        first: first frame there is, None when it has no frames.
        last: last frame there is, included.
        frames: the frames there are, as ranges: ``1001-1010,1012``.
        missing: the frames between ``first`` and ``last`` that are not there, as ranges; None when none is.
        files: how many files it has.
    """

    name: str
    role: Role
    pattern: str
    first: int | None = None
    last: int | None = None
    frames: str | None = None
    missing: str | None = None
    files: Annotated[int, Field(ge=1)] = 1


class PackageFrames(_Model):
    """The frames of the package; both ends included. ``fps`` is None when nothing tells it."""

    first: int
    last: int
    fps: float | None = None


class PackageManifest(_Model):
    """A package, file by file.

    Attributes:
        operation: id of the publish that made it.
        created_at: ISO 8601, UTC: ``2025-03-01T12:00:00Z``.
        created_by: ``user@host``.
        tool: name and version of what wrote it: ``onepiece 0.1.0``.
    """

    schema_: Literal["onepiece.package.1"] = Field(default=SCHEMA, alias="schema")
    operation: str
    scene_name: str
    version: Annotated[int, Field(ge=0)]
    dcc: str
    show_code: str
    show_type: str
    created_at: str
    created_by: str
    tool: str
    comment: str = ""
    frame_range: PackageFrames | None = None
    metadata: dict[str, Any] = {}
    items: tuple[PackageItem, ...] = ()
    files: tuple[PackageFile, ...] = ()

    @field_validator("scene_name")
    @classmethod
    def _one_component(cls, name: str) -> str:
        if "/" in name or _FIRST_BAD.search(name):
            raise ValueError(f"{name!r} cannot name a folder")
        return name

    @field_validator("created_at")
    @classmethod
    def _in_utc(cls, text: str) -> str:
        if datetime.fromisoformat(text).utcoffset() != timedelta(0):
            raise ValueError(f"{text!r} is no time in UTC")
        return text

    @field_validator("files")
    @classmethod
    def _files_by_path(cls, files: tuple[PackageFile, ...]) -> tuple[PackageFile, ...]:
        _refuse_twice("path", (file.path for file in files))
        return tuple(sorted(files, key=lambda file: file.path))

    @field_validator("items")
    @classmethod
    def _items_by_role(cls, items: tuple[PackageItem, ...]) -> tuple[PackageItem, ...]:
        _refuse_twice("name", (item.name for item in items))
        return tuple(sorted(items, key=lambda item: (ROLES.index(item.role), item.pattern)))

    @property
    def size_bytes(self) -> int:
        """Bytes of all its files; the manifest and the MHL are not counted."""
        return sum(file.size_bytes for file in self.files)


def dump_manifest(manifest: PackageManifest) -> bytes:
    """The manifest's file: UTF-8 JSON, the same bytes for the same content."""
    files = tuple(
        file.model_copy(update={"hashes": _sorted(file.hashes)}) if file.hashes else file for file in manifest.files
    )
    ordered = manifest.model_copy(update={"metadata": _sorted(manifest.metadata), "files": files})
    return ordered.model_dump_json(by_alias=True, indent=1).encode("utf-8") + b"\n"


def load_manifest(data: bytes, *, where: str) -> PackageManifest:
    """Read a manifest's file; ``where`` names it in errors.

    Raises:
        ManifestError: it is no JSON, holds a key twice or a NaN, is of another schema, or names a path that
            leaves the package.
    """
    try:
        root = strict_loads(data)
    except ValueError as cause:
        raise ManifestError(f"{where} is no sound JSON: {cause}", path=where) from cause
    if not isinstance(root, dict):
        raise ManifestError(f"{where} is no manifest: its root is no object", path=where)
    if root.get("schema") != SCHEMA:
        raise ManifestError(
            f"{where} is no manifest that this OnePiece reads: its schema is {root.get('schema')!r}, not {SCHEMA!r}",
            path=where,
            hint="A newer OnePiece may have written it.",
        )
    try:
        return PackageManifest.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"), strict=True)
    except ValidationError as cause:
        problems = [f"{_place(error['loc'])}: {error['msg']}" for error in cause.errors(include_url=False)[:20]]
        raise ManifestError(f"{where} is no sound manifest: {problems[0]}", path=where, problems=problems) from cause


def _check_digest(algorithm: str, digest: str) -> None:
    if algorithm not in LENGTHS:
        raise ValueError(f"{algorithm!r} is no known hash")
    if not is_digest(algorithm, digest):
        raise ValueError(f"{digest!r} is no {algorithm} of {LENGTHS[algorithm]} lower-case hex digits")


def _refuse_twice(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"the {what} {value!r} is there twice")
        seen.add(value)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(each) for each in value]
    return value


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the manifest"
