"""Pack a delivery beside its target: each byte is read once, hashed and compared while it is written."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from onepiece_core.checksums import Hasher
from onepiece_core.deliver.manifests import Delivered, DeliveredFile, documents
from onepiece_core.deliver.media import Places, read_media
from onepiece_core.deliver.model import DeliveryPlan, Entry, PlannedVersion
from onepiece_core.deliver.plan import OPERATION, changed, problem_of
from onepiece_core.deliver.zip_writer import ZipWriter, archive_bytes
from onepiece_core.errors import OnePieceError, SourceChanged
from onepiece_core.filesystems import allocate, make_folders, start_writing_back, storage_error, sync_folder
from onepiece_core.progress import Progress, Reporter

# Large enough that handing a piece to the hashing thread costs nothing.
PIECE_BYTES = 1 << 22
_DOCUMENTS_BYTES = 4096
# From a plan and what of it was packed to the documents by their path.
MakeDocuments = Callable[[Any, Sequence[Delivered]], dict[str, bytes]]


@dataclass(frozen=True, slots=True)
class Packed:
    """A complete delivery that nobody sees yet.

    Attributes:
        versions: as planned, with what was found while their bytes were read.
        manifests: the JSON and the CSV manifest by name.
    """

    staged: Path
    versions: tuple[PlannedVersion, ...]
    delivered: tuple[Delivered, ...]
    manifests: dict[str, bytes] = field(default_factory=dict)


class Package(Protocol):
    """What files are put into, one after the other."""

    def begin(self, name: str, size_bytes: int, at: datetime) -> None: ...
    def write(self, data: bytes | memoryview) -> None: ...
    def end(self, crc: int) -> None: ...
    def add(self, name: str, data: bytes, at: datetime) -> None: ...
    def mark(self) -> tuple[int, int]: ...
    def rewind(self, mark: tuple[int, int]) -> None: ...
    def close(self) -> None: ...


def stage_path(output: Path, operation: str) -> Path:
    """Where a delivery grows: hidden, on the disk of its target."""
    return output.with_name(f".{output.name}.{operation}.part")


def pack(
    plan: DeliveryPlan,
    staged: Path,
    places: Places,
    reporter: Reporter,
    make_documents: MakeDocuments = documents,
) -> Packed:
    """Write the archive or folder at ``staged``; what an earlier run left there is replaced.

    A Version whose media is not what was published, or cannot be read, is taken out again and refused.

    Raises: DiskFull, DestinationReadOnly, StorageError; OperationCancelled. ``staged`` is gone then.
    """
    remove(staged)
    make_folders(staged.parent)
    try:
        with _opened(plan, staged) as package, ThreadPoolExecutor(1, thread_name_prefix="hash") as pool:
            return _Packer(plan, package, pool, places, reporter).run(staged, make_documents)
    except OSError as cause:
        remove(staged)
        raise storage_error(cause, staged, need_bytes=plan.size_bytes) from cause
    except BaseException:
        remove(staged)
        raise


def remove(staged: Path) -> None:
    if staged.is_dir() and not staged.is_symlink():
        shutil.rmtree(staged)
    else:
        with suppress(FileNotFoundError):
            staged.unlink()


@contextmanager
def _opened(plan: DeliveryPlan, staged: Path) -> Iterator[Package]:
    if plan.request.format == "folder":
        staged.mkdir()
        folder = FolderPackage(staged)
        yield folder
        return
    descriptor = os.open(staged, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        sizes = [(entry.path, entry.media.size_bytes) for version in plan.ready for entry in version.entries]
        allocate(descriptor, staged, archive_bytes(sizes))
        yield _SyncedZip(descriptor)
    finally:
        os.close(descriptor)


class _SyncedZip(ZipWriter):
    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._file, self._flushed = descriptor, 0

    def write(self, data: bytes | memoryview) -> None:
        super().write(data)
        if self.size_bytes - self._flushed >= 8 * PIECE_BYTES:
            start_writing_back(self._file, self._flushed, self.size_bytes - self._flushed)
            self._flushed = self.size_bytes

    def close(self) -> None:
        super().close()
        os.fsync(self._file)


class FolderPackage:
    """Files below a folder, each made durable when it is complete."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: list[Path] = []
        self._descriptor = -1
        self._at: datetime | None = None

    def begin(self, name: str, size_bytes: int, at: datetime) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._paths.append(path)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        self._at = at
        allocate(self._descriptor, path, size_bytes)

    def write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def end(self, crc: int) -> None:  # noqa: ARG002 - of an archive alone
        os.fsync(self._descriptor)
        self._close()
        assert self._at is not None
        seconds = self._at.timestamp()
        os.utime(self._paths[-1], (seconds, seconds))

    def add(self, name: str, data: bytes, at: datetime) -> None:
        self.begin(name, len(data), at)
        self.write(data)
        self.end(0)

    def mark(self) -> tuple[int, int]:
        return 0, len(self._paths)

    def rewind(self, mark: tuple[int, int]) -> None:
        self._close()
        for path in self._paths[mark[1] :]:
            path.unlink(missing_ok=True)
            with suppress(OSError):  # a folder that others use stays
                path.parent.rmdir()
        del self._paths[mark[1] :]

    def close(self) -> None:
        for folder in {self._folder, *(path.parent for path in self._paths)}:
            sync_folder(folder)

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _Packer:
    def __init__(
        self, plan: DeliveryPlan, package: Package, pool: ThreadPoolExecutor, places: Places, reporter: Reporter
    ) -> None:
        self._plan, self._package, self._pool = plan, package, pool
        self._places, self._reporter = places, reporter
        self._done = 0

    def run(self, staged: Path, make_documents: MakeDocuments) -> Packed:
        versions: list[PlannedVersion] = []
        delivered: list[Delivered] = []
        for version in self._plan.versions:
            if version.is_refused:
                versions.append(version)
                continue
            checked, files = self._version(version)
            versions.append(checked)
            if files is not None:
                delivered.append(Delivered(checked, files))
        made = make_documents(self._plan, delivered) if delivered else {}
        at = max((each.version.created_at for each in delivered), default=None)
        for name, data in made.items():
            assert at is not None
            self._package.add(name, data, at)
        self._package.close()
        manifests = {name: data for name, data in made.items() if "/" not in name}
        return Packed(staged, tuple(versions), tuple(delivered), manifests)

    def _version(self, version: PlannedVersion) -> tuple[PlannedVersion, tuple[DeliveredFile, ...] | None]:
        mark, done = self._package.mark(), self._done
        try:
            files = []
            for entry in version.entries:
                file = self._file(entry, version.created_at)
                if entry.media.recorded not in (None, file.digests["xxh128"]):
                    self._take_back(mark, done)
                    return _refused(version, changed(entry.media.where)), None
                files.append(file)
            return version, tuple(files)
        except OnePieceError as error:
            problem = problem_of(error)
            self._take_back(mark, done)
            return _refused(version, problem), None

    def _take_back(self, mark: tuple[int, int], done: int) -> None:
        self._package.rewind(mark)
        self._done = done

    def _file(self, entry: Entry, at: datetime) -> DeliveredFile:
        size = entry.media.size_bytes
        running = _Running(self._plan.hashes)
        written = 0
        self._package.begin(entry.path, size, at)
        for piece in read_media(entry.media, self._places, PIECE_BYTES):
            written += len(piece)
            if written > size:
                break
            # Hashing lets go of the interpreter's lock, and so does writing.
            hashing = self._pool.submit(running.update, piece) if len(piece) > 1 << 18 else None
            try:
                self._package.write(piece)
            finally:
                running.update(piece) if hashing is None else hashing.result()
            self._done += len(piece)
            self._tell(entry.path)
        if written != size:
            raise SourceChanged(f"{entry.media.where} changed while it was read", path=entry.media.where)
        self._package.end(running.crc)
        return DeliveredFile(entry, size, running.digests())

    def _tell(self, item: str) -> None:
        self._reporter.step(
            Progress(
                operation=OPERATION,
                phase="pack",
                done=self._done,
                total=max(self._plan.size_bytes, self._done),
                unit="bytes",
                item=item,
            )
        )


class _Running(Hasher):
    """The checksums of a file, and the CRC-32 of its place in an archive."""

    def __init__(self, algorithms: tuple[str, ...]) -> None:
        super().__init__(algorithms)
        self.crc = 0

    def update(self, data: bytes | memoryview) -> None:
        super().update(data)
        self.crc = zlib.crc32(data, self.crc)


def _refused(version: PlannedVersion, problem: object) -> PlannedVersion:
    from onepiece_core.deliver.model import Problem

    assert isinstance(problem, Problem)
    return replace(version, problems=(*version.problems, problem))
