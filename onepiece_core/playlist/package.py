"""Carry a package of a playlist out: grown hidden beside its place, visible by one rename, never half."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from onepiece_core.deliver.apply import differs, is_same, no_checkpoint
from onepiece_core.deliver.manifests import Delivered
from onepiece_core.deliver.media import Places
from onepiece_core.deliver.model import PlannedVersion
from onepiece_core.deliver.pack import pack, remove, stage_path
from onepiece_core.errors import NothingToDeliver
from onepiece_core.filesystems import make_folders, rename_into_place
from onepiece_core.held import fingerprint_of, held
from onepiece_core.journal import Journal
from onepiece_core.playlist.documents import playlist_documents, without_folder
from onepiece_core.playlist.model import PlaylistPlan
from onepiece_core.progress import Reporter

KIND = "playlist"


@dataclass(frozen=True, slots=True)
class PackageReport:
    """What became of a package. ``was_there``: with the same bytes, from an earlier run."""

    plan: PlaylistPlan
    packed: tuple[PlannedVersion, ...]
    was_there: bool


def package_playlist(
    plan: PlaylistPlan,
    journal: Journal,
    places: Places,
    reporter: Reporter,
    *,
    leave_out: bool = False,
    checkpoint: Callable[[str], None] = no_checkpoint,
) -> PackageReport:
    """Make the folder or archive.

    Args:
        leave_out: go on without the Versions that are refused.

    Raises:
        NothingToDeliver: a Version is refused (named in ``context.refused``), or none is left.
        DestinationDiffers: the place holds other bytes. Nothing was changed.
        OperationBusy: another process makes this package.
        StorageError, OperationCancelled.
    """
    refuse(plan, leave_out=leave_out)
    output = plan.output
    make_folders(output.parent)
    with held(journal, KIND, fingerprint_of(KIND, output), f"package {plan.folder}") as operation:
        staged = stage_path(output, operation.id)
        try:
            packed = pack(_in_folder(plan), staged, places, reporter, _documents(places))
            done = replace(plan, versions=tuple(map(_checked, plan.versions, packed.versions)))
            refuse(done, leave_out=leave_out)
            checkpoint("packed")
            was_there = os.path.lexists(output)
            if was_there and not is_same(staged, output):
                raise differs(str(output))
            if not was_there:
                try:
                    rename_into_place(staged, output)
                except FileExistsError as cause:
                    raise differs(str(output)) from cause
        finally:
            remove(staged)
    return PackageReport(done, done.ready, was_there)


def refuse(plan: PlaylistPlan, *, leave_out: bool) -> None:
    """Raise NothingToDeliver when a Version must not be packaged, or none is left."""
    if not plan.versions:
        raise NothingToDeliver(f"The playlist {plan.playlist.get('code')!r} holds no Versions", refused=[])
    if plan.ready and (leave_out or not plan.refused):
        return
    refused = [f"{version.code}: {version.problems[0].message}" for version in plan.refused]
    more = f"; and {len(refused) - 3} more" if len(refused) > 3 else ""
    raise NothingToDeliver(
        f"{len(refused)} of {len(plan.versions)} Versions cannot be packaged: {'; '.join(refused[:3])}{more}",
        hint="Nothing was written. --leave-out packages the others, --statuses says what counts as approved.",
        refused=[version.code for version in plan.refused],
    )


def _checked(planned: PlannedVersion, packed: PlannedVersion) -> PlannedVersion:
    return replace(planned, problems=packed.problems)


def _in_folder(plan: PlaylistPlan) -> PlaylistPlan:
    """An archive holds one folder, as the destination of a folder is one."""
    if plan.request.format != "zip":
        return plan
    folder = plan.folder
    return replace(
        plan,
        versions=tuple(
            replace(
                version,
                entries=tuple(replace(entry, path=f"{folder}/{entry.path}") for entry in version.entries),
            )
            for version in plan.versions
        ),
    )


def _documents(places: Places) -> Callable[[PlaylistPlan, Sequence[Delivered]], dict[str, bytes]]:
    def make(plan: PlaylistPlan, delivered: Sequence[Delivered]) -> dict[str, bytes]:
        if plan.request.format != "zip":
            return playlist_documents(plan, delivered, places)
        made = playlist_documents(plan, without_folder(delivered, plan.folder), places)
        return {f"{plan.folder}/{name}": data for name, data in made.items()}

    return make
