"""Stage a package: copy and hash each source once, beside its destination, so that one rename commits it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from onepiece_core.checksums import copy_and_hash
from onepiece_core.errors import SourceChanged
from onepiece_core.filesystems import make_folders, storage_error, sync_folder
from onepiece_core.manifest.package import PackageFile
from onepiece_core.progress import Progress, Reporter
from onepiece_core.publish.collect import SourceFile
from onepiece_core.storage.bounded import run_bounded

# Files whose ledger lines are made durable together.
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Staged:
    """A line of the ledger: a file that is whole in the stage, and the source it was copied from."""

    package_path: str
    size_bytes: int
    source_mtime_ns: int
    xxh128: str
    hashes: dict[str, str]


class Stage:
    """The folder where one operation's package grows, with a ledger that survives a kill."""

    def __init__(self, folder: Path, operation: str) -> None:
        self.folder = folder / f"stage-{operation}"
        self._ledger = folder / f"stage-{operation}.jsonl"

    def staged(self) -> dict[str, Staged]:
        """What the ledger knows and the stage really holds, by package path."""
        known: dict[str, Staged] = {}
        if not self._ledger.exists():
            return known
        with self._ledger.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    entry = Staged(**json.loads(line))
                except (ValueError, TypeError):  # the last line of a process that was killed
                    continue
                known[entry.package_path] = entry
        return {path: entry for path, entry in known.items() if self._holds(entry)}

    def _holds(self, entry: Staged) -> bool:
        try:
            return (self.folder / entry.package_path).stat().st_size == entry.size_bytes
        except OSError:
            return False

    def missing(self, files: Iterable[SourceFile], algorithms: tuple[str, ...] = ()) -> list[SourceFile]:
        """The files that are not whole in the stage, as they are now and with every digest asked for."""
        staged = self.staged()
        return [file for file in files if not _is_same(staged.get(file.package_path), file, algorithms)]

    def fill(
        self,
        files: Iterable[SourceFile],
        *,
        algorithms: tuple[str, ...],
        jobs: int,
        reporter: Reporter,
        guard: Callable[[], None],
    ) -> tuple[PackageFile, ...]:
        """Bring every file into the stage, those that the ledger vouches for without reading them again.

        Raises SourceChanged, InputUnreadable, DiskFull, ... of the first file that cannot be taken.
        """
        planned = list(files)
        done = self.staged()
        missing = [file for file in planned if not _is_same(done.get(file.package_path), file, algorithms)]
        self._prepare({file.package_path for file in planned}, missing)

        def take(file: SourceFile) -> Staged:
            guard()
            reporter.check("publish", "stage")
            return self._copy(file, algorithms)

        with self._ledger.open("a", encoding="utf-8") as ledger:
            for count, (file, entry) in enumerate(run_bounded(take, missing, jobs=jobs), start=1):
                ledger.write(json.dumps(asdict(entry)) + "\n")
                done[file.package_path] = entry
                if count % _BATCH == 0:
                    _sync(ledger)
                left = len(planned) - len(missing) + count
                reporter.step(
                    Progress(operation="publish", phase="stage", done=left, total=len(planned), item=file.package_path)
                )
            _sync(ledger)
        return tuple(_package_file(file, done[file.package_path]) for file in planned)

    def _prepare(self, wanted: set[str], missing: list[SourceFile]) -> None:
        """Make the folders, and remove what a former attempt left and this one does not want or takes anew."""
        make_folders(self.folder)
        again = {file.package_path for file in missing}
        for parent, _, names in os.walk(self.folder):
            for name in names:
                path = Path(parent) / name
                relative = path.relative_to(self.folder).as_posix()
                if relative not in wanted or relative in again:
                    path.unlink()
        for folder in sorted({Path(path).parent for path in wanted}):
            make_folders(self.folder / folder)

    def _copy(self, file: SourceFile, algorithms: tuple[str, ...]) -> Staged:
        copied = copy_and_hash(file.path, self.folder / file.package_path, algorithms=algorithms)
        if (copied.size_bytes, copied.mtime_ns) != (file.size_bytes, file.mtime_ns):
            (self.folder / file.package_path).unlink(missing_ok=True)
            raise SourceChanged(
                f"{file.path.name} changed after it was checked: it is still being written.",
                path=str(file.path),
                size_bytes=copied.size_bytes,
                expected_bytes=file.size_bytes,
            )
        others = {name: digest for name, digest in copied.digests.items() if name != "xxh128"}
        return Staged(file.package_path, copied.size_bytes, copied.mtime_ns, copied.digests["xxh128"], others)

    def sync(self) -> None:
        """Make every folder of the stage durable, the deepest first; the files are already."""
        try:
            for parent, _, _ in os.walk(self.folder, topdown=False):
                sync_folder(Path(parent))
            sync_folder(self.folder.parent)
        except OSError as error:
            raise storage_error(error, self.folder) from error

    def remove(self) -> None:
        """Delete the stage and its ledger, whatever is there of them."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._ledger.unlink(missing_ok=True)


def _is_same(entry: Staged | None, file: SourceFile, algorithms: tuple[str, ...]) -> bool:
    return (
        entry is not None
        and (entry.size_bytes, entry.source_mtime_ns) == (file.size_bytes, file.mtime_ns)
        and set(algorithms) - {"xxh128"} <= entry.hashes.keys()
    )


def _package_file(file: SourceFile, entry: Staged) -> PackageFile:
    return PackageFile(
        path=file.package_path,
        role=file.role,
        size_bytes=entry.size_bytes,
        xxh128=entry.xxh128,
        mtime_ns=entry.source_mtime_ns,
        hashes=entry.hashes,
    )


def _sync(file: TextIO) -> None:
    file.flush()
    os.fsync(file.fileno())
