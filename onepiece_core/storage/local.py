"""A folder seen as a bucket."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from onepiece_core.errors import AccessDenied, ObjectMissing, PathEscapes, PreconditionFailed, StorageError
from onepiece_core.filesystems import make_folders, storage_error, sync_folder
from onepiece_core.storage.locking import file_lock
from onepiece_core.storage.source import CheckedFile, open_regular
from onepiece_core.storage.store import ALWAYS, RESERVED, Condition, ObjectInfo, OnBytes, ignore_bytes

_PIECE_BYTES = 1024 * 1024


class LocalStore:
    """Every file under ``root``, whoever wrote it.

    - A write is a temporary file beside its target, fsynced, then renamed (linked, where nothing may be
      there): readers see the old content or the new.
    - Conditions hold between processes, and between machines as far as the filesystem's locks do;
      ``if_absent`` rests on ``link`` alone and so also holds on NFS.
    - The etag is made of inode, size and mtime: no content is read for it.
    - Metadata is kept in a small file beside the object, only where there is any.
    - A link is followed only to a file inside ``root``. What is neither a file nor a folder (other links,
      pipes, devices) is listed, so that nothing is overlooked, and refused when it is read.
    """

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.normpath(root.absolute()))

    @property
    def root(self) -> Path:
        return self._root

    @property
    def uri(self) -> str:
        return self._root.as_uri().rstrip("/")

    def now(self) -> float:
        """The clock of the filesystem (the file server's, on NFS), read off a file made for it."""
        make_folders(self._root)
        probe = self._temporary(self._root)
        try:
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            return probe.stat().st_mtime
        except OSError as error:
            raise storage_error(error, self._root) from error
        finally:
            probe.unlink(missing_ok=True)

    def iter_objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Raises AccessDenied at a folder that cannot be read: a listing is whole or an error."""
        folder = prefix.rpartition("/")[0]
        if folder and not self._is_folder(folder):
            return
        yield from self._walk(self._root / folder if folder else self._root, f"{folder}/" if folder else "", prefix)

    def iter_folders(self, prefix: str) -> Iterator[str]:
        folder = prefix.rpartition("/")[0]
        if folder and not self._is_folder(folder):
            return
        base = f"{folder}/" if folder else ""
        for name, entry in self._entries(self._root / folder if folder else self._root):
            key = base + name
            # S3 knows no empty folders.
            if (
                name.endswith("/")
                and key.startswith(prefix)
                and any(True for _ in self._walk(Path(entry.path), key, key))
            ):
                yield key

    def find(self, key: str) -> ObjectInfo | None:
        path = self._path(key)
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise storage_error(error, path) from error
        if stat.S_ISDIR(found.st_mode):
            return None
        info = _info(key, found, path)
        return ObjectInfo(key, info.size_bytes, info.etag, info.modified, self._metadata(path, info.etag))

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        descriptor, info = self._open(key)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(), info

    def iter_bytes(self, key: str) -> Iterator[bytes]:
        descriptor, info = self._open(key)
        return self._iter_bytes(descriptor, info)

    def _iter_bytes(self, descriptor: int, info: ObjectInfo) -> Iterator[bytes]:
        left = info.size_bytes
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            while left > 0:
                try:
                    piece = file.read(min(left, _PIECE_BYTES))
                except OSError as error:
                    raise storage_error(error, self._root / info.key) from error
                if not piece:
                    raise StorageError(f"{self._root / info.key} ended {left} bytes early", key=info.key)
                left -= len(piece)
                yield piece

    def put(
        self, key: str, data: bytes, *, condition: Condition = ALWAYS, metadata: Mapping[str, str] | None = None
    ) -> ObjectInfo:
        with self._writing(key) as (path, temporary):
            with temporary.open("xb") as file:
                file.write(data)
                _flush(file.fileno())
            return self._commit(key, temporary, path, condition, metadata or {})

    def put_file(
        self,
        key: str,
        path: Path,
        *,
        size_bytes: int,
        xxh128: str,
        condition: Condition = ALWAYS,
        metadata: Mapping[str, str] | None = None,
        on_bytes: OnBytes = ignore_bytes,
    ) -> ObjectInfo:
        with CheckedFile(path, size_bytes, xxh128) as source, self._writing(key) as (target, temporary):
            with temporary.open("xb") as file:
                left = size_bytes
                while left:
                    piece = source.read(min(left, _PIECE_BYTES))
                    file.write(piece)
                    left -= len(piece)
                    on_bytes(len(piece))
                source.finish()
                _flush(file.fileno())
            return self._commit(key, temporary, target, condition, metadata or {})

    def copy(self, source: str, source_etag: str, key: str, *, condition: Condition = ALWAYS) -> ObjectInfo:
        descriptor, info = self._open(source)
        with os.fdopen(descriptor, "rb") as file:
            if info.etag != source_etag:
                raise PreconditionFailed(f"{self.uri}/{source} has changed", key=source)
            with self._writing(key) as (path, temporary):
                with temporary.open("xb") as copy:
                    shutil.copyfileobj(file, copy, _PIECE_BYTES)
                    _flush(copy.fileno())
                return self._commit(key, temporary, path, condition, info.metadata)

    def delete(self, key: str) -> None:
        path = self._path(key)
        if not os.path.lexists(path) or (path.is_dir() and not path.is_symlink()):
            return
        try:
            with file_lock(self._beside(path, "lock")):
                path.unlink(missing_ok=True)
                self._beside(path, "meta").unlink(missing_ok=True)
                sync_folder(path.parent)
        except OSError as error:
            raise storage_error(error, path) from error

    @contextmanager
    def _writing(self, key: str) -> Iterator[tuple[Path, Path]]:
        """The target and a temporary file's path beside it, which is gone afterwards."""
        path = self._path(key)
        make_folders(path.parent)
        self._check_inside(path.parent)
        temporary = self._temporary(path.parent)
        try:
            yield path, temporary
        except OSError as error:
            raise storage_error(error, path) from error
        finally:
            temporary.unlink(missing_ok=True)

    def _commit(
        self, key: str, temporary: Path, path: Path, condition: Condition, metadata: Mapping[str, str]
    ) -> ObjectInfo:
        info = _info(key, os.lstat(temporary), temporary)
        lowered = {name.lower(): value for name, value in metadata.items()}
        with file_lock(self._beside(path, "lock")):
            if condition.if_absent:
                if os.path.lexists(path):
                    raise PreconditionFailed(f"{path} is there already", path=str(path))
            elif condition.if_match is not None:
                there = self.find(key)
                if there is None or there.etag != condition.if_match:
                    raise PreconditionFailed(f"{path} is not as expected", path=str(path))
            # First the metadata: nobody sees the content without it.
            self._write_metadata(path, info.etag, lowered)
            if condition.if_absent:
                _link(temporary, path)
            else:
                temporary.replace(path)
        sync_folder(path.parent)
        return ObjectInfo(key, info.size_bytes, info.etag, info.modified, lowered)

    def _open(self, key: str) -> tuple[int, ObjectInfo]:
        path = self._path(key)
        if path.is_symlink():
            self._check_inside(path)
        elif path.is_dir():
            raise ObjectMissing(f"there is no file {path}", path=str(path))
        descriptor = open_regular(path)
        info = _info(key, os.fstat(descriptor), path)
        return descriptor, ObjectInfo(key, info.size_bytes, info.etag, info.modified, self._metadata(path, info.etag))

    def _walk(self, folder: Path, base: str, prefix: str) -> Iterator[ObjectInfo]:
        for name, entry in self._entries(folder):
            key = base + name
            if name.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._walk(Path(entry.path), key, prefix)
            elif key.startswith(prefix):
                with suppress(FileNotFoundError):  # deleted since the folder was read
                    yield _info(key, entry.stat(follow_symlinks=False), Path(entry.path))

    def _entries(self, folder: Path) -> list[tuple[str, os.DirEntry[str]]]:
        """Names in the order of their bytes, a folder's ending in ``/``: S3's own order."""
        try:
            with os.scandir(folder) as entries:
                named = [
                    (entry.name + "/" * entry.is_dir(follow_symlinks=False), entry)
                    for entry in entries
                    if not entry.name.startswith(RESERVED)
                ]
        except FileNotFoundError:
            return []
        except PermissionError as denied:
            raise AccessDenied(
                f"the folder {folder} may not be read", hint="Check the folder's permissions.", path=str(folder)
            ) from denied
        except OSError as error:
            raise storage_error(error, folder) from error
        return sorted(named, key=lambda pair: os.fsencode(pair[0]))

    def _is_folder(self, relative: str) -> bool:
        """Whether a prefix's folder is there; one behind a link is not."""
        current = self._root
        for part in self._parts(relative):
            current /= part
            if not current.is_dir() or current.is_symlink():
                return False
        return True

    def _path(self, key: str) -> Path:
        path = self._root.joinpath(*self._parts(key))
        parent = path.parent
        if parent != self._root and parent.exists():
            self._check_inside(parent)
        return path

    def _parts(self, key: str) -> list[str]:
        parts = key.split("/")
        refused = any(part in ("", ".", "..") or part.startswith(RESERVED) for part in parts)
        if refused or "\0" in key or "\\" in key or (os.name == "nt" and ":" in key):
            raise PathEscapes(f"{key!r} is no key of a folder", key=key)
        return parts

    def _check_inside(self, path: Path) -> None:
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self._root)):
            raise PathEscapes(f"{path} leads out of {self._root}", path=str(path))

    def _temporary(self, folder: Path) -> Path:
        return folder / f"{RESERVED}tmp-{os.getpid()}-{os.urandom(6).hex()}"

    def _beside(self, path: Path, kind: str) -> Path:
        """The lock or metadata of ``path``. Hashed, for a name may be as long as the filesystem allows."""
        return path.with_name(f"{RESERVED}{kind}-{blake2b(os.fsencode(path.name), digest_size=16).hexdigest()}")

    def _write_metadata(self, path: Path, etag: str, metadata: Mapping[str, str]) -> None:
        """It names the etag it belongs to, so that metadata of other content is never taken for ours."""
        target = self._beside(path, "meta")
        if not metadata:
            target.unlink(missing_ok=True)
            return
        temporary = self._temporary(path.parent)
        try:
            with temporary.open("x", encoding="utf-8") as file:
                json.dump({"etag": etag, "metadata": dict(metadata)}, file)
                file.flush()
                _flush(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def _metadata(self, path: Path, etag: str) -> dict[str, str]:
        try:
            kept = json.loads(self._beside(path, "meta").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(kept, dict) or kept.get("etag") != etag or not isinstance(kept.get("metadata"), dict):
            return {}
        return {str(name): str(value) for name, value in kept["metadata"].items()}


def _info(key: str, found: os.stat_result, path: Path) -> ObjectInfo:
    if stat.S_ISLNK(found.st_mode):
        with suppress(OSError):
            found = path.stat()
    size = found.st_size if stat.S_ISREG(found.st_mode) else 0
    return ObjectInfo(key, size, f"{found.st_ino:x}-{found.st_size:x}-{found.st_mtime_ns:x}", found.st_mtime)


def _link(temporary: Path, path: Path) -> None:
    """Make ``temporary`` appear as ``path`` unless something is there, even by the hand of one who has no lock."""
    try:
        os.link(temporary, path)
    except FileExistsError as taken:
        raise PreconditionFailed(f"{path} is there already", path=str(path)) from taken
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        # No hard links here (exFAT, some SMB shares): our own lock has to do.
        temporary.replace(path)


def _flush(descriptor: int) -> None:
    os.fsync(descriptor)
