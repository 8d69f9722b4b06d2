"""Pack a delivery beside its target: each byte is read once, hashed and compared while it is written.

A killed run's files are kept where their bytes are those that were published, and the rest is packed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from onepiece_core.checksums import Hasher, crc32
from onepiece_core.deliver.containers import Package, opened_archive, opened_package
from onepiece_core.deliver.manifests import Delivered, DeliveredFile, documents
from onepiece_core.deliver.media import Places, read_media
from onepiece_core.deliver.model import DeliveryPlan, Entry, PlannedVersion
from onepiece_core.deliver.plan import OPERATION, changed, is_as_expected, problem_of
from onepiece_core.errors import OnePieceError, SourceChanged
from onepiece_core.filesystems import make_folders, storage_error
from onepiece_core.progress import Progress, Reporter

# Large enough that handing a piece to the hashing thread costs little; beyond 2 MiB the page cache is slower at times.
PIECE_BYTES = 1 << 20
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


def stage_path(output: Path, operation: str) -> Path:
    """Where a delivery grows: hidden, on the disk of its target."""
    return output.with_name(f".{output.name}.{operation}.part")


def pack(
    plan: DeliveryPlan,
    staged: Path,
    places: Places,
    reporter: Reporter,
    make_documents: MakeDocuments = documents,
    *,
    archive: Path | None = None,
) -> Packed:
    """Write the archive or folder at ``staged``, with what of it an earlier run left there.

    With ``archive``, which an earlier run has completed, nothing is written: it is what must come out.

    A Version whose media is not what was published, or cannot be read, is taken out again and refused.

    Raises:
        DiskFull, DestinationReadOnly, StorageError: of the disk that is written to; ``staged`` is gone then.
        StorageError, OperationCancelled: ``staged`` stays for the next run.
        DestinationDiffers: ``archive`` holds other bytes.
    """
    make_folders(staged.parent)
    files = [(entry.path, entry.media.size_bytes) for version in plan.ready for entry in version.entries]
    try:
        opened = opened_package(staged, plan.request.format, files) if archive is None else opened_archive(archive)
        with (
            opened as package,
            ThreadPoolExecutor(1, thread_name_prefix="hash") as pool,
        ):
            return _Packer(plan, package, pool, places, reporter).run(archive or staged, make_documents)
    except OSError as cause:
        remove(staged)
        raise storage_error(cause, staged, need_bytes=plan.size_bytes) from cause


def remove(staged: Path) -> None:
    if staged.is_dir() and not staged.is_symlink():
        shutil.rmtree(staged)
    else:
        with suppress(FileNotFoundError):
            staged.unlink()


class _Packer:
    def __init__(
        self, plan: DeliveryPlan, package: Package, pool: ThreadPoolExecutor, places: Places, reporter: Reporter
    ) -> None:
        self._plan, self._package, self._pool = plan, package, pool
        self._places, self._reporter = places, reporter
        self._done = 0
        self._buffers = [memoryview(bytearray(PIECE_BYTES)) for _ in range(2)]

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
                if file is None:
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

    def _file(self, entry: Entry, at: datetime) -> DeliveredFile | None:
        """None: its bytes are not those that were published."""
        size = entry.media.size_bytes
        kept = self._kept(entry, at)
        if kept is not None:
            self._package.keep(entry.path, size, at, kept.crc)
            self._tell(entry.path, size)
            return DeliveredFile(entry, size, self._wanted(kept))
        running = self._running(entry)
        self._package.begin(entry.path, size, at)
        if self._copy(entry, running) != size:
            raise SourceChanged(f"{entry.media.where} changed while it was read", path=entry.media.where)
        self._package.end(running.crc)
        return DeliveredFile(entry, size, self._wanted(running)) if is_as_expected(entry.media, running) else None

    def _running(self, entry: Entry) -> _Running:
        return _Running(tuple(dict.fromkeys((*self._plan.hashes, *entry.media.expected))))

    def _wanted(self, running: _Running) -> dict[str, str]:
        digests = running.digests()
        return {name: digests[name] for name in self._plan.hashes}

    def _kept(self, entry: Entry, at: datetime) -> _Running | None:
        """The checksums of what an earlier run packed, where its bytes are those that were published."""
        if not entry.media.expected:
            return None
        left = self._package.left(entry.path, entry.media.size_bytes, at, self._buffers[0])
        if left is None:
            return None
        running = self._running(entry)
        for piece in left:
            running.update(piece)
        return running if is_as_expected(entry.media, running) else None

    def _copy(self, entry: Entry, running: _Running) -> int:
        """How many bytes were read. A piece is hashed while it is written and the next one is read."""
        count, earlier = 0, None
        for piece in read_media(entry.media, self._places, PIECE_BYTES, self._buffers):
            count += len(piece)
            if count > entry.media.size_bytes:
                break
            # Hashing lets go of the interpreter's lock, and so does writing.
            hashing = self._pool.submit(running.update, piece)
            self._package.write(piece)
            if earlier is not None:
                earlier.result()
            earlier = hashing
            self._tell(entry.path, len(piece))
        if earlier is not None:
            earlier.result()
        return count

    def _tell(self, item: str, more_bytes: int) -> None:
        self._done += more_bytes
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
        self.crc = crc32(data, self.crc)


def _refused(version: PlannedVersion, problem: object) -> PlannedVersion:
    from onepiece_core.deliver.model import Problem

    assert isinstance(problem, Problem)
    return replace(version, problems=(*version.problems, problem))
