"""What a folder's filesystem is, and durable changes to folders.

Durable means: after the call returns, a power cut does not undo it (``fsync`` of the file and of its folder).
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from pathlib import Path
from typing import Any

from onepiece_core.errors import DestinationReadOnly, DiskFull, StateNotLocal, StorageError

# Types of the kernel's mount table whose locks SQLite cannot trust.
NETWORK_FILESYSTEMS = frozenset(
    (
        *("nfs", "nfs3", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "ncpfs", "9p", "ceph", "lustre", "beegfs"),
        *("gpfs", "glusterfs", "ocfs2", "gfs2", "pvfs2", "panfs", "davfs", "webdav", "afpfs", "fuse.sshfs"),
        *("fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.goofys", "fuse.mount-s3", "fuse.juicefs"),
    )
)


# Of which syncfs(2) is known to write data and journal and to empty the disk's own cache.
_SYNCED_WHOLE = frozenset(("ext4", "xfs", "btrfs"))

MOUNTS = Path("/proc/self/mountinfo")


def filesystem_type(path: Path, mounts: Path = MOUNTS) -> str:
    """The mount's type (``ext4``, ``nfs4``, ...), or "" where the platform does not tell.

    ``mounts`` is the kernel's mount table (proc(5), mountinfo).
    """
    if not mounts.exists():
        return _type_by_psutil(path)
    best = ("", "")
    real = os.path.realpath(path)
    for line in mounts.read_text(errors="surrogateescape").splitlines():
        left, _, right = line.partition(" - ")
        point = left.split()[4].encode("latin-1", "surrogateescape").decode("unicode_escape", "replace")
        # The mount that is listed last for the longest prefix is the one on top.
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]):
            best = (point, right.split()[0])
    return best[1]


def _type_by_psutil(path: Path) -> str:
    import psutil

    real = os.path.realpath(path)
    mounts = [p for p in psutil.disk_partitions(all=True) if real.startswith(p.mountpoint)]
    return max(mounts, key=lambda p: len(p.mountpoint)).fstype.lower() if mounts else ""


def refuse_network_filesystem(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raise StateNotLocal when ``folder`` lies on a network filesystem."""
    kind = filesystem_type(folder, mounts)
    if kind in NETWORK_FILESYSTEMS or os.path.realpath(folder).startswith("\\\\"):
        raise StateNotLocal(
            f"The state folder {folder} lies on a network filesystem ({kind or 'UNC path'}).",
            path=str(folder),
            filesystem=kind,
        )


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(folder: Path) -> None:
    """Create ``folder`` and its missing parents, durably. Raises a typed StorageError."""
    missing: list[Path] = []
    current = folder
    while not current.exists():
        missing.append(current)
        current = current.parent
    for path in reversed(missing):
        try:
            path.mkdir(exist_ok=True)
            sync_folder(path.parent)
        except OSError as error:
            raise storage_error(error, path) from error
    if not folder.is_dir():
        raise StorageError(f"{folder} is a file, not a folder.", path=str(folder))


def write_file(path: Path, data: bytes, *, mode: int = 0o666, owner: str | None = None) -> None:
    """Replace ``path`` by ``data``: readers see the old or the new content, durably. ``mode`` is before the umask.

    ``owner``: the operation that alone writes it; whoever goes on with one that was killed leaves nothing of it behind.
    """
    temporary = path.with_name(f".{path.name}.{owner or f'{os.getpid()}-{os.urandom(4).hex()}'}.tmp")
    try:
        if owner is not None:
            temporary.unlink(missing_ok=True)
        create_file(temporary, data, mode=mode)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise storage_error(error, path) from error


def create_file(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Create ``path`` with ``data`` and make the bytes durable. Raises FileExistsError and other OSErrors."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def rename_into_place(source: Path, target: Path) -> None:
    """Rename a folder where nothing is, durably. Raises FileExistsError when ``target`` is there, even empty."""
    if not rename_noreplace(source, target):
        # No such call here: the caller holds the claim, so nobody else makes the folder between these two lines.
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "exists already", str(target))
        source.rename(target)
    sync_folder(target.parent)
    sync_folder(source.parent)


def rename_noreplace(source: Path, target: Path) -> bool:
    """Rename unless ``target`` is there (FileExistsError); False, and nothing done, where the system cannot promise it.

    Linux: renameat2(RENAME_NOREPLACE); macOS: renamex_np(RENAME_EXCL).
    """
    return _rename_with_flag(source, target, linux=1, darwin=4)


def exchange_files(left: Path, right: Path) -> bool:
    """Let two names trade what they stand for, in one step; False, and nothing done, where the system has no such call.

    Linux: renameat2(RENAME_EXCHANGE); macOS: renamex_np(RENAME_SWAP).
    """
    return _rename_with_flag(left, right, linux=2, darwin=2)


def _rename_with_flag(source: Path, target: Path, *, linux: int, darwin: int) -> bool:
    library = _c_library() if sys.platform in ("linux", "darwin") else None
    names = os.fsencode(source), os.fsencode(target)
    if sys.platform == "linux" and library is not None and hasattr(library, "renameat2"):
        at_cwd = -100
        failed = library.renameat2(at_cwd, names[0], at_cwd, names[1], linux)
    elif sys.platform == "darwin" and library is not None and hasattr(library, "renamex_np"):
        failed = library.renamex_np(names[0], names[1], darwin)
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(source), None, str(target))


@functools.cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def allocate(descriptor: int, path: Path, size_bytes: int) -> None:
    """Make an open file ``size_bytes`` long with room for it on the disk. Raises OSError (ENOSPC).

    What cannot fit is not even begun: others may be writing small files on the same disk. Where the filesystem cannot
    set room aside it is only asked how much is free: the C library's own substitute would write a byte into each block.
    """
    missing = size_bytes - os.fstat(descriptor).st_size
    free = free_bytes(path.parent)
    if free is not None and missing > free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    if sys.platform == "linux" and size_bytes:
        library = _c_library()
        if not library.fallocate(descriptor, 0, ctypes.c_int64(0), ctypes.c_int64(size_bytes)):
            os.ftruncate(descriptor, size_bytes)
            return
        code = ctypes.get_errno()
        if code not in (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            raise OSError(code, os.strerror(code), str(path))
    os.ftruncate(descriptor, size_bytes)


def start_writing_back(descriptor: int, offset: int, count: int) -> None:
    """Ask the system to begin writing these bytes to the disk; a hint, which promises nothing.

    Linux: sync_file_range(SYNC_FILE_RANGE_WRITE).
    """
    if sys.platform == "linux":
        write = 2
        _c_library().sync_file_range(descriptor, ctypes.c_int64(offset), ctypes.c_int64(count), write)


def can_sync_whole(folder: Path) -> bool:
    """Whether :func:`sync_whole` keeps its promise for ``folder``."""
    if sys.platform != "linux":
        return False
    major, minor = (int("".join(filter(str.isdigit, part)) or 0) for part in os.uname().release.split(".")[:2])
    # Before Linux 5.8 syncfs(2) did not tell of bytes that could not be written.
    return (major, minor) >= (5, 8) and filesystem_type(folder) in _SYNCED_WHOLE


def sync_whole(descriptor: int) -> None:
    """Bring all that was written to the descriptor's filesystem, by anybody, to the disk. Raises OSError.

    One call for many new files costs as much as one file alone.
    """
    if _c_library().syncfs(descriptor):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def storage_error(error: OSError, path: Path, *, need_bytes: int = 0) -> StorageError:
    """The typed error for what the operating system said about ``path``, of which ``need_bytes`` were to be written."""
    where: dict[str, Any] = {"path": str(path), "errno": error.errno}
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = free_bytes(path)
        more = f": {need_bytes} bytes are needed, {free} are free" if need_bytes else ""
        return DiskFull(f"The disk of {path} is full{more}.", need_bytes=need_bytes, free_bytes=free, **where)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DestinationReadOnly(f"{path} cannot be written: {error.strerror}.", **where)
    return StorageError(f"{path}: {error.strerror or error}", **where)


def free_bytes(path: Path) -> int | None:
    """Bytes that a user may still write on the disk of ``path`` or its nearest existing parent."""
    import shutil

    for folder in (path, *path.parents):
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue
    return None
