"""Prove a package against its manifest and MHL, on disk or in a store. Every byte is read, nothing is written."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

import xxhash
from pydantic import BaseModel, ConfigDict, Field

from onepiece_core._package_source import (
    DAMAGED,
    ArchiveSource,
    Entry,
    FolderSource,
    PackageSource,
    StoreSource,
    Unreadable,
)
from onepiece_core.errors import InputUnreadable, ManifestMissing, VerifyMismatch
from onepiece_core.manifest.package import MANIFEST_NAME, MHL_FOLDER
from onepiece_core.manifest.proof import Expected, Proof, prove
from onepiece_core.progress import Progress, Reporter
from onepiece_core.shown import shown
from onepiece_core.storage.store import Store

Kind = Literal["flipped", "missing", "added", "renamed", "unreadable"]
# Files are read in groups: a thread that is handed 256 KiB at a time costs more than the hashing.
_GROUP_FILES, _GROUP_BYTES = 64, 32 << 20


class VerifyFinding(BaseModel, frozen=True):
    """One file that is not as the manifest says.

    Attributes:
        path: relative to the package; for a renamed file its name in the manifest.
        renamed_to: the name it has now.
    """

    kind: Kind
    path: str
    message: str
    renamed_to: str | None = None


class VerifyReport(BaseModel):
    """What became of every file. ``files`` and ``bytes_total`` count what was read."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["onepiece.verify.1"] = Field(default="onepiece.verify.1", alias="schema")
    place: str
    operation: str | None
    scene_name: str | None
    files: int
    bytes_total: int
    findings: tuple[VerifyFinding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings

    def error(self) -> VerifyMismatch | None:
        """What a front end ends with when the package is not sound."""
        if self.ok:
            return None
        counts = {kind: sum(finding.kind == kind for finding in self.findings) for kind in _KINDS}
        told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        first = [finding.path for finding in self.findings[:20]]
        return VerifyMismatch(f"{self.place} does not match its manifest: {told}", place=self.place, paths=first)


_KINDS: tuple[Kind, ...] = ("flipped", "missing", "renamed", "added", "unreadable")


def verify_package(store: Store, prefix: str, reporter: Reporter | None = None, *, jobs: int = 0) -> VerifyReport:
    """Read the package under ``prefix`` ("" for the store's root) and compare; ``jobs`` threads, 0 for a good number.

    Raises:
        ManifestMissing: there is no package.
        ManifestError: its documents cannot be read.
        StorageError: the store does not answer.
    """
    return _verify(StoreSource(store, prefix), reporter or Reporter(), jobs)


def verify_folder(folder: Path, reporter: Reporter | None = None, *, jobs: int = 0) -> VerifyReport:
    """As :func:`verify_package`, for a folder: links, pipes and unreadable folders become findings."""
    if not os.path.isdir(folder):  # noqa: PTH112 - what may not be looked at is none
        raise ManifestMissing(
            f"{shown(folder)} is no folder",
            path=shown(folder),
            hint="Give the folder that a publish made, SCENE_NAME itself.",
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InputUnreadable(f"{shown(folder)} cannot be read", path=shown(folder))
    return _verify(FolderSource(folder), reporter or Reporter(), jobs)


def verify_archive(path: Path, reporter: Reporter | None = None, *, jobs: int = 0) -> VerifyReport:
    """As :func:`verify_folder`, for a delivery in one ZIP archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _verify(ArchiveSource(path, archive), reporter or Reporter(), jobs)
    except DAMAGED as error:
        raise ManifestMissing(
            f"{shown(path)} is no archive that can be read: {error}",
            path=shown(path),
            hint="Give the folder that a publish made, or the archive that a delivery made.",
        ) from error
    except OSError as error:
        raise InputUnreadable(f"{shown(path)} cannot be read: {error.strerror}", path=shown(path)) from error


@dataclass(frozen=True, slots=True)
class _Read:
    """What reading one file brought."""

    path: str
    size_bytes: int
    xxh128: str
    problem: str | None = None


def _verify(source: PackageSource, reporter: Reporter, jobs: int) -> VerifyReport:
    entries = {entry.path: entry for entry in source.entries() if not _is_ours(entry.path)}
    unreadable: dict[str, str] = {}
    proof = _prove(source, entries, unreadable)
    documents = {path for path in entries if path == MANIFEST_NAME or _is_history(path)} - proof.expected.keys()
    to_read = [entry for entry in entries.values() if entry.problem is None and entry.path not in documents]
    reads = {read.path: read for read in _read_all(source, to_read, reporter, jobs or source.threads)}
    findings = [
        *_document_findings(proof, unreadable),
        *_file_findings(proof, entries, reads),
        *_stray_findings(entries, reads, proof),
    ]
    manifest = proof.manifest
    return VerifyReport(
        place=source.where,
        operation=manifest.operation if manifest else None,
        scene_name=manifest.scene_name if manifest else None,
        files=len(to_read) + len(documents),
        bytes_total=sum(entry.size_bytes for entry in entries.values()),
        findings=tuple(sorted(_renamed(findings, proof, reads), key=lambda finding: (finding.path, finding.kind))),
    )


def _is_ours(path: str) -> bool:
    return path.startswith(".onepiece/")


def _is_history(path: str) -> bool:
    return path.startswith(f"{MHL_FOLDER}/") and path.count("/") == 1


def _prove(source: PackageSource, entries: dict[str, Entry], unreadable: dict[str, str]) -> Proof:
    """Weigh the documents; those that cannot be read are noted in ``unreadable``."""

    def content(path: str) -> bytes | None:
        if path not in entries or entries[path].problem:
            return None
        try:
            return b"".join(source.pieces(path))
        except Unreadable as error:
            unreadable[path] = str(error)
            return b""  # it is there and cannot be believed

    history = {path: data for path in entries if _is_history(path) and (data := content(path)) is not None}
    return prove(content(MANIFEST_NAME), history, where=source.where)


def _read_all(source: PackageSource, entries: list[Entry], reporter: Reporter, jobs: int) -> Iterator[_Read]:
    total = sum(entry.size_bytes for entry in entries)
    lock, done = Lock(), [0]

    def count(size: int) -> None:
        reporter.check("verify", "read")
        with lock:
            done[0] += size

    groups = _groups(sorted(entries, key=lambda entry: entry.path))
    with ThreadPoolExecutor(jobs, thread_name_prefix="verify") as pool:
        running: set[Future[list[_Read]]] = set()
        try:
            while True:
                while len(running) < jobs * 2 and (group := next(groups, None)):
                    running.add(pool.submit(_read_group, source, group, count))
                if not running:
                    return
                finished, running = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                reporter.step(Progress(operation="verify", phase="read", done=done[0], total=total, unit="bytes"))
                for each in finished:
                    yield from each.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _groups(entries: list[Entry]) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    size = 0
    for entry in entries:
        group.append(entry)
        size += entry.size_bytes
        if len(group) >= _GROUP_FILES or size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _read_group(source: PackageSource, entries: list[Entry], count: Callable[[int], None]) -> list[_Read]:
    return [_read(source, entry.path, count) for entry in entries]


def _read(source: PackageSource, path: str, count: Callable[[int], None]) -> _Read:
    state, size = xxhash.xxh3_128(), 0
    try:
        for piece in source.pieces(path):
            state.update(piece)
            size += len(piece)
            count(len(piece))
    except Unreadable as error:
        return _Read(path, size, "", str(error))
    return _Read(path, size, state.hexdigest())


def _document_findings(proof: Proof, unreadable: dict[str, str]) -> Iterator[VerifyFinding]:
    told = {
        "flipped": "it does not agree with the package's other documents",
        "missing": "the package's other documents name it",
        "added": "the MHL's chain does not name it",
    }
    for path, state in proof.documents.items():
        if path in unreadable:
            yield VerifyFinding(kind="unreadable", path=shown(path), message=unreadable[path])
        elif path not in proof.expected:
            yield VerifyFinding(kind=state, path=shown(path), message=told[state])


def _file_findings(proof: Proof, entries: dict[str, Entry], reads: dict[str, _Read]) -> Iterator[VerifyFinding]:
    for path, expected in proof.expected.items():
        entry, read = entries.get(path), reads.get(path)
        if entry is None:
            yield VerifyFinding(kind="missing", path=shown(path), message="it is in the manifest and not here")
        elif read is None:
            kind: Kind = "flipped" if entry.problem and entry.problem.startswith("it is ") else "unreadable"
            yield VerifyFinding(kind=kind, path=shown(path), message=entry.problem or "it was not read")
        elif read.problem:
            yield VerifyFinding(kind="unreadable", path=shown(path), message=read.problem)
        elif difference := _difference(expected, read):
            yield VerifyFinding(kind="flipped", path=shown(path), message=difference)


def _difference(expected: Expected, read: _Read) -> str | None:
    if read.size_bytes != expected.size_bytes:
        return f"it has {read.size_bytes} bytes instead of {expected.size_bytes}"
    if read.xxh128 != expected.xxh128:
        return f"its xxh128 is {read.xxh128} instead of {expected.xxh128}"
    return None


def _stray_findings(entries: dict[str, Entry], reads: dict[str, _Read], proof: Proof) -> Iterator[VerifyFinding]:
    for path, entry in entries.items():
        if path in proof.expected or path == MANIFEST_NAME:
            continue
        if entry.problem and not entry.problem.startswith("it is "):
            yield VerifyFinding(kind="unreadable", path=shown(path), message=entry.problem)
        elif entry.problem or not _is_history(path):
            message = (
                entry.problem or (reads[path].problem if path in reads else None) or "the manifest does not name it"
            )
            yield VerifyFinding(kind="added", path=shown(path), message=message)


def _renamed(findings: Iterable[VerifyFinding], proof: Proof, reads: dict[str, _Read]) -> Iterator[VerifyFinding]:
    """A missing file and an added one with its very bytes are one renamed file."""
    findings = list(findings)
    strays: dict[tuple[int, str], list[str]] = {}
    added = {finding.path for finding in findings if finding.kind == "added"}
    for path in sorted(reads, reverse=True):
        if shown(path) in added and reads[path].problem is None:
            strays.setdefault((reads[path].size_bytes, reads[path].xxh128), []).append(path)
    taken: set[str] = set()
    lost = {shown(path): expected for path, expected in proof.expected.items()}
    for finding in findings:
        if finding.kind != "missing" or finding.path not in lost:
            continue
        expected = lost[finding.path]
        if same := strays.get((expected.size_bytes, expected.xxh128)):
            now = shown(same.pop())
            taken |= {now, finding.path}
            yield VerifyFinding(kind="renamed", path=finding.path, message=f"it is {now} now", renamed_to=now)
    for finding in findings:
        if not (finding.kind in ("missing", "added") and finding.path in taken):
            yield finding
