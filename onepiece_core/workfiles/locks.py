"""Locks beside workfiles: one process at a time has a workfile open, and everybody sees which.

``.NAME.lock`` beside ``NAME`` says who. It comes into being whole, by a hard link, which holds on NFS. An existing
lock is changed (renewed, released, stolen) only under a guard that the operating system frees when its owner dies.
A lock is stale, and may be stolen by whoever asks for that, when its process is dead (on this machine) or when it was
not renewed for :data:`STALE_SECONDS`. Ages are measured by the clock of the folder's own file system.
"""

from __future__ import annotations

import errno
import getpass
import hashlib
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.errors import WorkfileLocked, WorkfileMissing
from onepiece_core.filesystems import create_file, storage_error
from onepiece_core.journal import Owner
from onepiece_core.naming import MAX_COMPONENT_BYTES
from onepiece_core.shown import shown
from onepiece_core.storage.locking import file_lock
from onepiece_core.workfiles.model import Lock

STALE_SECONDS = 120.0
RENEW_SECONDS = 30.0

_MAX_BYTES = 4096
# A file system that knows no locks of the operating system: links and renames are all there is.
_NO_GUARD = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL)


class _Record(BaseModel):
    """A lock as it is written."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, strict=True)

    schema_: Literal["onepiece.workfile-lock.1"] = Field(default="onepiece.workfile-lock.1", alias="schema")
    host: str = Field(max_length=255)
    user: str = Field(max_length=255)
    pid: int = Field(ge=0, lt=2**31)
    pid_started: float = Field(allow_inf_nan=False)
    token: str = Field(max_length=64)
    taken_at: float = Field(ge=0, le=2**40, allow_inf_nan=False)

    @property
    def owner(self) -> Owner:
        return Owner(self.host, self.pid, self.pid_started)

    def is_of(self, owner: Owner) -> bool:
        """The clocks of processes move a little when a machine's clock is set."""
        is_same = (self.host, self.pid) == (owner.host, owner.pid)
        return is_same and abs(self.pid_started - owner.pid_started) < 1

    def to_bytes(self) -> bytes:
        return self.model_dump_json(by_alias=True).encode() + b"\n"


def lock_path(workfile: Path) -> Path:
    """Where the lock of ``workfile`` lies, whether it is there or not."""
    return workfile.with_name(lock_name(workfile.name))


def lock_name(name: str) -> str:
    """What the lock of the workfile ``name`` is called; a very long name is told by its hash."""
    if len(os.fsencode(name)) > MAX_COMPONENT_BYTES - len("..lock.guard"):
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f".{name}.lock"


def read(workfile: Path) -> Lock | None:
    """The lock of ``workfile``, or None. A lock that vanishes meanwhile, or may not be read, is none."""
    found = _look(lock_path(workfile))
    return None if found is None else _told(*found, now=time.time())


def take(workfile: Path, *, steal: bool = False, owner: Owner | None = None, user: str | None = None) -> Lock:
    """Lock ``workfile`` for ``owner`` (this process); its own lock is renewed.

    The workfile need not be there yet: a name can be locked before it is saved. ``steal`` takes a stale lock over.

    Raises:
        WorkfileLocked: somebody else holds it, or it is stale and ``steal`` was not asked for.
        WorkfileMissing: there is no such folder.
        StorageError: the folder cannot be written to, ...
    """
    path, mine = lock_path(workfile), _record(owner or Owner.me(), user or getpass.getuser())
    partial = path.with_name(f".{mine.token}.lock-part")
    try:
        create_file(partial, mine.to_bytes())
        now = partial.stat().st_mtime
        if _link(partial, path):
            return _told(mine, now, now=now)
        with _guard(path):
            return _take_over(workfile, path, partial, mine, steal=steal, now=now)
    except FileNotFoundError as cause:
        raise WorkfileMissing(f"there is no folder {shown(workfile.parent)}", path=shown(workfile)) from cause
    except OSError as cause:
        raise storage_error(cause, workfile) from cause
    finally:
        _forget(partial)


def renew(workfile: Path, *, owner: Owner | None = None) -> Lock:
    """Let the lock that ``owner`` (this process) holds live on for another two minutes.

    Raises:
        WorkfileLocked: it is not ours any more; ``context.user`` is empty when nobody holds it.
        StorageError: the folder cannot be written to, ...
    """
    path = lock_path(workfile)
    try:
        with _guard(path):
            found = _look(path)
            if found is None or found[0] is None or not found[0].is_of(owner or Owner.me()):
                raise _lost(workfile, found)
            os.utime(path)
            renewed = path.stat().st_mtime
            return _told(found[0], renewed, now=renewed)
    except OSError as cause:
        raise storage_error(cause, workfile) from cause


def release(workfile: Path, *, owner: Owner | None = None, steal: bool = False) -> bool:
    """Remove the lock that ``owner`` (this process) holds; with ``steal`` also somebody's stale one.

    False when there is none. Raises WorkfileLocked when it is somebody else's, StorageError.
    """
    path = lock_path(workfile)
    try:
        with _guard(path):
            found = _look(path)
            if found is None:
                return False
            lock = _told(*found, now=_place_now(path))
            is_ours = found[0] is not None and found[0].is_of(owner or Owner.me())
            if not is_ours and not (steal and lock.is_stale):
                raise locked(workfile, lock)
            path.unlink(missing_ok=True)
            return True
    except FileNotFoundError:  # the folder itself is gone
        return False
    except OSError as cause:
        raise storage_error(cause, workfile) from cause


def owner_of(workfile: Path) -> Owner | None:
    """The process that holds the lock of ``workfile``; None where there is none, or it is damaged."""
    found = _look(lock_path(workfile))
    return found[0].owner if found and found[0] else None


def locked(workfile: Path, lock: Lock) -> WorkfileLocked:
    """The error for a workfile that ``lock`` keeps from being opened."""
    who = f"{lock.user} on {lock.host}" if lock.user else "somebody whose lock is damaged"
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(lock.taken_at))
    hint = f"Ask {lock.user or 'your team'} to close it, or open a copy as next version."
    if lock.is_stale:
        hint = "The lock is stale: its owner is gone. Steal it (`onepiece dcc lock FILE --steal`) to go on."
    told = lock.model_dump(exclude={"token"})
    return WorkfileLocked(
        f"{shown(workfile.name)} is locked by {who} since {since}", hint=hint, path=shown(workfile), **told
    )


def _lost(workfile: Path, found: tuple[_Record | None, float] | None) -> WorkfileLocked:
    if found is not None:
        return locked(workfile, _told(*found, now=time.time()))
    return WorkfileLocked(
        f"{shown(workfile.name)} is not locked any more: its lock was stolen or removed",
        hint="Save under the next version, then look who has the workfile open.",
        path=shown(workfile),
        user="",
    )


def _record(owner: Owner, user: str) -> _Record:
    return _Record(
        host=owner.host,
        user=user,
        pid=owner.pid,
        pid_started=owner.pid_started,
        token=uuid.uuid4().hex,
        taken_at=time.time(),
    )


def _take_over(workfile: Path, path: Path, partial: Path, mine: _Record, *, steal: bool, now: float) -> Lock:
    """Under the guard: the lock changes only by our hand, but a free one may still be taken by a link."""
    found = _look(path)
    if found is None:
        if _link(partial, path):
            return _told(mine, now, now=now)
        found = _look(path)
    lock = _told(*(found or (None, now)), now=now)
    if found is not None and found[0] is not None and found[0].is_of(mine.owner):
        os.utime(path)
        return _told(found[0], now, now=now)
    if not (steal and lock.is_stale):
        raise locked(workfile, lock)
    partial.replace(path)
    return _told(mine, now, now=now)


def _look(path: Path) -> tuple[_Record | None, float] | None:
    """What stands in the lock file, None in it when that is damaged, and when it was last renewed."""
    try:
        with path.open("rb") as file:
            renewed = os.fstat(file.fileno()).st_mtime
            data = file.read(_MAX_BYTES + 1)
    except OSError:
        return None
    try:
        return _Record.model_validate_json(data), renewed
    except ValidationError:
        return None, renewed


def _told(record: _Record | None, renewed: float, *, now: float) -> Lock:
    is_old = now - renewed > STALE_SECONDS
    if record is None:
        return Lock(host="", user="", pid=0, taken_at=renewed, heartbeat_at=renewed, is_stale=is_old)
    return Lock(
        host=record.host,
        user=record.user,
        pid=record.pid,
        token=record.token,
        taken_at=record.taken_at,
        heartbeat_at=renewed,
        is_stale=is_old or _is_gone(record.owner),
    )


def _is_gone(owner: Owner) -> bool:
    if owner.host != socket.gethostname():
        return False
    return not owner.is_alive()


def _link(partial: Path, path: Path) -> bool:
    """Whether ``path`` has come into being with what is in ``partial``; False when it was there."""
    try:
        os.link(partial, path)
    except FileExistsError:
        return False
    except FileNotFoundError:
        raise
    except OSError:
        if partial.stat().st_nlink == 2:  # NFS: the answer got lost, the link was made
            return True
        try:
            create_file(path, partial.read_bytes())  # a file system without hard links
        except FileExistsError:
            return False
    return True


@contextmanager
def _guard(path: Path) -> Iterator[None]:
    guard = path.with_name(f"{path.name}.guard")
    try:
        held = file_lock(guard)
        held.__enter__()
    except OSError as cause:
        if cause.errno not in _NO_GUARD:
            raise
        _forget(guard)
        yield
        return
    try:
        yield
    finally:
        held.__exit__(None, None, None)


def _place_now(path: Path) -> float:
    """The clock of the folder's file system."""
    probe = path.with_name(f".{uuid.uuid4().hex}.lock-part")
    try:
        create_file(probe, b"")
        return probe.stat().st_mtime
    finally:
        _forget(probe)


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass  # a folder that went away or turned read-only: nothing reads this name
