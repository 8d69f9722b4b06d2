"""The operation record: what another machine needs to complete or discard a publish whose owner never comes back.

It lies beside the claim, on the disk (with the list of sources) and in the store (without it).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.errors import ManifestError
from onepiece_core.filesystems import write_file
from onepiece_core.manifest.package import PackageManifest, Role
from onepiece_core.paths import Roots
from onepiece_core.publish.collect import SourceFile
from onepiece_core.publish.registration import RegistrationTarget
from onepiece_core.publish.request import SEVERAL, SINGLE, PublishRequest
from onepiece_core.storage.store import Store

RECORD_NAME = "operation.json"
ONEPIECE_FOLDER = ".onepiece"


class RecordedSource(BaseModel, frozen=True):
    """One planned file: where it comes from (``root:relative``) and how it was when it was looked at."""

    path: str
    package_path: str
    role: Role
    size_bytes: int
    mtime_ns: int
    inode: int


class OperationRecord(BaseModel):
    """One publish, for whoever goes on with it.

    Attributes:
        request: the PublishRequest with ``root:relative`` paths and the resolved scene name.
        package: the package's folder on disk, ``root:relative``.
        bucket: the bucket that holds the package in S3, and ``prefix`` its key there.
        target: where it belongs in the tracker, without paths of a machine.
        draft: the manifest but for its files.
        sources: what to stage; None in the store's copy.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["onepiece.operation.1"] = Field(default="onepiece.operation.1", alias="schema")
    operation: str
    request: dict[str, Any]
    package: str
    bucket: str
    prefix: str
    target: dict[str, Any]
    draft: PackageManifest
    sources: tuple[RecordedSource, ...] | None = None

    @property
    def scene_name(self) -> str:
        return self.draft.scene_name

    def to_bytes(self, *, with_sources: bool) -> bytes:
        told = self.model_dump_json(by_alias=True, exclude=None if with_sources else {"sources"})
        return told.encode() + b"\n"


def load_record(data: bytes, *, where: str) -> OperationRecord:
    """Read a record. Raises ManifestError."""
    try:
        return OperationRecord.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ManifestError(f"{where} is no operation record: {first['msg']}", path=where) from error


def persist_request(request: PublishRequest, roots: Roots) -> dict[str, Any]:
    """The request as JSON with ``root:relative`` paths."""
    # What is ignored, and caches, stand there only when there are any: earlier versions can go on with the others.
    absent = {name for name in ("ignored", "caches") if not getattr(request, name)}
    told: dict[str, Any] = request.model_dump(mode="json", by_alias=True, exclude=absent)
    for field in {*SINGLE, *SEVERAL} - absent:
        told[field] = _each(told[field], lambda path: roots.persist(Path(path)))
    return told


def restore_request(told: dict[str, Any], roots: Roots) -> PublishRequest | None:
    """The request with this machine's paths; None where one of its roots is not known here."""
    restored = dict(told)
    try:
        for field in (*SINGLE, *SEVERAL):
            restored[field] = _each(restored.get(field), lambda path: _resolved(path, roots))
    except LookupError:
        return None
    return PublishRequest.model_validate_json(json.dumps(restored))


def _each(told: Any, change: Callable[[str], str]) -> Any:
    """One path, several, or none."""
    if told is None:
        return None
    return [change(path) for path in told] if isinstance(told, list) else change(told)


def _resolved(path: str, roots: Roots) -> str:
    found = roots.resolve(path)
    if found is None:
        raise LookupError(path)
    return str(found)


def record_sources(files: tuple[SourceFile, ...], roots: Roots) -> tuple[RecordedSource, ...]:
    return tuple(
        RecordedSource(
            path=roots.persist(file.path),
            package_path=file.package_path,
            role=file.role,
            size_bytes=file.size_bytes,
            mtime_ns=file.mtime_ns,
            inode=file.inode,
        )
        for file in files
    )


def restore_sources(sources: tuple[RecordedSource, ...], roots: Roots) -> tuple[SourceFile, ...]:
    """The planned files with this machine's paths; one that cannot be reached from here gets an empty path."""
    return tuple(
        SourceFile(
            path=roots.resolve(source.path) or Path(),
            package_path=source.package_path,
            role=source.role,
            size_bytes=source.size_bytes,
            mtime_ns=source.mtime_ns,
            inode=source.inode,
        )
        for source in sources
    )


def disk_folder(destination: Path, scene_name: str) -> Path:
    """Where the claim, the stage and the record of a version lie on disk."""
    return destination / ONEPIECE_FOLDER / scene_name


def write_record(record: OperationRecord, folder: Path, store: Store, prefix: str) -> None:
    """On disk first: it is the one with the sources."""
    write_file(folder / RECORD_NAME, record.to_bytes(with_sources=True))
    store.put(f"{prefix}/{ONEPIECE_FOLDER}/{RECORD_NAME}", record.to_bytes(with_sources=False))


def target_without_paths(target: RegistrationTarget) -> dict[str, Any]:
    return target.model_dump(mode="json", exclude={"package_root", "thumbnail"})
