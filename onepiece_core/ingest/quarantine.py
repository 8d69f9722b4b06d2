"""Copies of what was refused, to be looked at. The drop itself is never written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from onepiece_core.checksums import copy_and_hash, hash_file
from onepiece_core.errors import DestinationExists, DiskFull, OnePieceError, PathEscapes, StorageError
from onepiece_core.filesystems import free_bytes, make_folders, storage_error
from onepiece_core.ingest.model import DropItem, DropPlan
from onepiece_core.ingest.upload import Missed, Uploaded
from onepiece_core.progress import Progress, Reporter
from onepiece_core.shown import shown


@dataclass(slots=True)
class Quarantined:
    """How many files were copied, or stood there; ``left``: those that cannot be copied, and why."""

    copied: int = 0
    there: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)


def refused_files(plan: DropPlan, uploaded: Uploaded | None) -> list[str]:
    """The relative paths of what is refused: whole items, and what belongs to none."""
    refused = [relative for relative, problem in plan.left.items() if problem.severity == "error"]
    for item in plan.items:
        if item.is_refused or _missed(item, uploaded):
            refused += [file.relative for file in item.files]
    return refused


def _missed(item: DropItem, uploaded: Uploaded | None) -> bool:
    outcomes = uploaded.outcomes if uploaded is not None else {}
    # What only failed on its way is good.
    return any(isinstance(o := outcomes.get(file.relative), Missed) and not o.is_failure for file in item.files)


def check_quarantine(folder: Path, drop: Path) -> None:
    """Before anything is sent: can it be written, and is it no part of the drop? Raises PathEscapes, StorageError."""
    real, inside = os.path.realpath(folder), os.path.realpath(drop)
    if real == inside or real.startswith(f"{inside}{os.sep}"):
        raise PathEscapes("The quarantine must not lie in the drop.", hint="Name another folder.", path=str(folder))
    require_writable(folder)


def require_writable(folder: Path) -> None:
    """Make ``folder`` and write in it, before anything long begins. Raises a typed StorageError."""
    make_folders(folder)
    probe = folder / f".onepiece-write-test-{os.getpid()}"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        probe.unlink(missing_ok=True)
        raise storage_error(error, folder) from error


def copy_refused(plan: DropPlan, refused: Iterable[str], folder: Path, reporter: Reporter) -> Quarantined:
    """Copy to ``folder``/DROP/path. What stands there with the same bytes is left alone; nothing is overwritten.

    Raises DiskFull before the first copy when they cannot all fit.
    """
    done = Quarantined()
    target = folder / (shown(plan.folder.name) or "drop")
    files = [relative for relative in refused if _is_plain(plan.folder, relative, done)]
    need = sum((plan.folder / relative).stat().st_size for relative in files)
    free = free_bytes(folder)
    if free is not None and need > free:
        raise DiskFull(f"{folder} has {free} bytes free, {need} are refused.", path=str(folder), need_bytes=need)
    for number, relative in enumerate(files, 1):
        reporter.step(
            Progress(operation="ingest", phase="quarantine", done=number, total=len(files), item=shown(relative))
        )
        _copy(plan.folder / relative, target / relative, relative, done)
    return done


def _is_plain(drop: Path, relative: str, done: Quarantined) -> bool:
    """Links, pipes and devices are not copied."""
    path = drop / relative
    try:
        if path.is_file() and not path.is_symlink():
            return True
        why = "no regular file"
    except OSError as error:
        why = (error.strerror or str(error)).lower()
    done.left.append((shown(relative), why))
    return False


def _copy(source: Path, target: Path, relative: str, done: Quarantined) -> None:
    try:
        make_folders(target.parent)
        copy_and_hash(source, target, sync=False)
        done.copied += 1
    except DestinationExists:
        if hash_file(target).digests == hash_file(source).digests:
            done.there += 1
        else:
            done.left.append((shown(relative), "another file of that name is in the quarantine"))
    except (DiskFull, StorageError):
        raise
    except OnePieceError as error:
        done.left.append((shown(relative), error.report.message))
