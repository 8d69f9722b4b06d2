"""Move files aside by a rename on their own disk; bring files back from S3, verified before anybody sees them."""

from __future__ import annotations

import os
from pathlib import Path

from onepiece_core.checksums import Hasher, hash_file
from onepiece_core.errors import OnePieceError, SourceChanged
from onepiece_core.filesystems import make_folders, rename_into_place, storage_error
from onepiece_core.reconcile.doing import DONE, TODO, Changed, Job
from onepiece_core.reconcile.model import Download, ParkFile
from onepiece_core.storage.engine import MTIME_NS
from onepiece_core.storage.store import RESERVED, ObjectInfo


def parked_path(job: Job, base: Path, path: Path, more: str = "") -> Path:
    """Where ``path`` goes: below its base, so that a rename moves it."""
    relative = path.relative_to(base) if path.is_relative_to(base) else Path(path.name)
    return base / job.parked / more / relative


def move(source: Path, target: Path) -> None:
    """Rename where nothing is, durably. Raises Changed, StorageError."""
    make_folders(target.parent)
    try:
        rename_into_place(source, target)
    except FileExistsError as cause:
        raise Changed(f"{target} is there already", path=str(target)) from cause
    except OSError as cause:
        raise storage_error(cause, source) from cause


def tidy(folder: Path, base: Path) -> None:
    """Remove folders of ours that are empty by now, up to ``base``."""
    while folder != base and folder.is_relative_to(base) and ".onepiece" in folder.relative_to(base).parts:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


class Park:
    """See ParkFile."""

    def state(self, job: Job, action: ParkFile) -> str:
        path, target = self._both(job, action)
        there, is_parked = os.path.lexists(path), os.path.lexists(target)
        if is_parked:
            return DONE  # what is there now is what another action has brought
        if not there:
            return f"{path} is not there any more"
        status = path.lstat()
        if action.size_bytes is None:
            return TODO if path.is_dir() and not path.is_symlink() else f"{path} is no folder any more"
        same = (status.st_size, status.st_mtime_ns) == (action.size_bytes, action.mtime_ns)
        return TODO if same else f"{path} has changed"

    def do(self, job: Job, action: ParkFile) -> None:
        move(*self._both(job, action))

    def undo(self, job: Job, action: ParkFile) -> str:
        path, target = self._both(job, action)
        if not os.path.lexists(target):
            return "" if os.path.lexists(path) else f"{target} is not there any more"
        if os.path.lexists(path):
            return f"{path} is there again"
        move(target, path)
        tidy(target.parent, job.local(action.base))
        return ""

    @staticmethod
    def _both(job: Job, action: ParkFile) -> tuple[Path, Path]:
        path, base = job.local(action.path), job.local(action.base)
        return path, parked_path(job, base, path)


class Fetch:
    """See Download."""

    def state(self, job: Job, action: Download) -> str:
        path = job.local(action.path)
        if os.path.lexists(path) and action.path not in job.leaving:
            return DONE if _is_this(path, action) else f"{path} is there"
        info = job.parts.open_store(action.bucket).find(action.key)
        if info is None or (info.etag, info.size_bytes) != (action.etag, action.size_bytes):
            return f"s3://{action.bucket}/{action.key} has changed"
        return TODO

    def do(self, job: Job, action: Download) -> None:
        path = job.local(action.path)
        store = job.parts.open_store(action.bucket)
        info = store.find(action.key)
        if info is None or info.etag != action.etag:
            raise Changed(f"s3://{action.bucket}/{action.key} has changed", key=action.key)
        make_folders(path.parent)
        temporary = path.parent / f"{RESERVED}tmp-{os.getpid()}-{os.urandom(6).hex()}"
        hasher, size = Hasher(), 0
        try:
            with temporary.open("xb") as file:
                for piece in store.iter_bytes(action.key):
                    hasher.update(piece)
                    size += len(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            if size != action.size_bytes or (action.xxh128 and hasher.digests()["xxh128"] != action.xxh128):
                raise SourceChanged(f"s3://{action.bucket}/{action.key} does not hold the right bytes", key=action.key)
            modified = _modified_ns(action, info)
            os.utime(temporary, ns=(modified, modified))
            move(temporary, path)
        except OSError as cause:
            raise storage_error(cause, path, need_bytes=action.size_bytes) from cause
        finally:
            temporary.unlink(missing_ok=True)

    def undo(self, job: Job, action: Download) -> str:
        path, base = job.local(action.path), job.local(action.base)
        target = parked_path(job, base, path, "undone")
        if not os.path.lexists(path) or os.path.lexists(target):
            return ""
        if not _is_this(path, action):
            return f"{path} has changed since"
        move(path, target)
        return ""


def _modified_ns(action: Download, info: ObjectInfo) -> int:
    if action.mtime_ns is not None:
        return action.mtime_ns
    told = info.metadata.get(MTIME_NS, "")
    return int(told) if told.lstrip("-").isdecimal() else int(info.modified * 1_000_000_000)


def _is_this(path: Path, action: Download) -> bool:
    """Whether the file is what the action brings."""
    try:
        found = hash_file(path, follow_links=False)
    except OnePieceError:
        return False
    return found.size_bytes == action.size_bytes and (not action.xxh128 or found.digests["xxh128"] == action.xxh128)
