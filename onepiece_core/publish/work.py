"""One operation with all that is known to complete it, made from a plan or read back from a record."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from onepiece_core import __version__
from onepiece_core.manifest.package import PackageManifest
from onepiece_core.publish.collect import SourceFile
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.places import VersionPlaces
from onepiece_core.publish.plan import PublishPlan
from onepiece_core.publish.record import (
    OperationRecord,
    persist_request,
    record_sources,
    restore_sources,
    target_without_paths,
)
from onepiece_core.publish.registration import RegistrationTarget
from onepiece_core.publish.stage import Stage


@dataclass(frozen=True)
class Work:
    """What the steps work on.

    Attributes:
        draft: the manifest but for its files.
        sources: what to stage; None when the record that was read has none.
        record: what another machine would need to go on.
        is_adopted: another machine got as far as the tracker, and its journal is not here.
    """

    operation: str
    places: VersionPlaces
    target: RegistrationTarget
    draft: PackageManifest
    sources: tuple[SourceFile, ...] | None
    record: OperationRecord
    is_adopted: bool = False

    @property
    def stage(self) -> Stage:
        return Stage(self.places.work_folder, self.operation)

    def is_staged(self) -> bool:
        """Whether every planned file is whole in the stage, so that its source is not needed any more."""
        return self.sources is not None and not self.stage.missing(self.sources)

    def committed(self) -> PackageManifest | None:
        """The manifest on disk when this operation put it there."""
        manifest = self.places.disk_manifest()
        return manifest if manifest is not None and manifest.operation == self.operation else None


def work_of_plan(plan: PublishPlan, operation: str, parts: PublishParts) -> Work:
    request, earlier = plan.request, _earlier_draft(plan)
    draft = PackageManifest(
        operation=operation,
        scene_name=plan.scene_name,
        version=plan.version,
        dcc=request.dcc,
        show_code=request.show_code,
        show_type=request.show_type,
        created_at=earlier.created_at if earlier else utc_now(),
        created_by=earlier.created_by if earlier else f"{parts.user}@{socket.gethostname()}",
        tool=earlier.tool if earlier else f"onepiece {__version__}",
        comment=request.comment,
        frame_range=plan.frame_range,
        metadata=plan.metadata,
        items=plan.collected.items,
    )
    record = OperationRecord(
        operation=operation,
        request=persist_request(request, parts.roots),
        package=parts.roots.persist(plan.places.package),
        bucket=plan.places.bucket,
        prefix=plan.places.prefix,
        target=target_without_paths(plan.target),
        draft=draft,
        sources=record_sources(plan.collected.files, parts.roots),
    )
    return Work(operation, plan.places, plan.target, draft, plan.collected.files, record)


def _earlier_draft(plan: PublishPlan) -> PackageManifest | None:
    """What an earlier run of this operation has written: the same inputs then give the same manifest to the byte."""
    if plan.operation is None:
        return None
    return OperationRecord.model_validate(plan.operation.request).draft


def work_of_record(record: OperationRecord, parts: PublishParts, *, package: Path | None = None) -> Work | None:
    """The work that a record describes; None when its disk cannot be named on this machine.

    ``package``: where the package's folder is on this machine, when the record was found beside it.
    """
    package = package or parts.roots.resolve(record.package)
    if package is None:
        return None
    store = parts.open_store(record.bucket)
    places = VersionPlaces(record.scene_name, package.parent, store, record.bucket, record.prefix)
    target = RegistrationTarget.model_validate({**record.target, "package_root": str(package), "s3_uri": places.s3_uri})
    sources = None if record.sources is None else restore_sources(record.sources, parts.roots)
    return Work(record.operation, places, target, record.draft, sources, record)


def utc_now() -> str:
    """ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
