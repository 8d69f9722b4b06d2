"""Check the checksums that came with a drop. Files without one are hashed later, while they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from onepiece_core.checksums import hash_file
from onepiece_core.errors import OnePieceError, SourceChanged
from onepiece_core.ingest.look import problem_of
from onepiece_core.ingest.model import DropFile, DropItem, Problem
from onepiece_core.progress import Progress, Reporter
from onepiece_core.rules.ingest_codes import found

_THREADS = 4


@dataclass(frozen=True, slots=True)
class Given:
    """A checksum that somebody gave: the manifest (``line``), or the ASC MHL."""

    algorithm: str
    digest: str
    code: str
    line: int | None = None


def given_by_rows(items: Sequence[DropItem]) -> dict[str, list[Given]]:
    """The checksums of the manifest, by the file's relative path."""
    given: dict[str, list[Given]] = {}
    for item in items:
        names = {file.relative.rpartition("/")[2]: file.relative for file in item.files}
        for expected in item.expected:
            if expected.checksum is None:
                continue
            name = names.get(expected.delivery_path.rpartition("/")[2])
            relative = item.files[0].relative if item.sequence is None and len(item.files) == 1 else name
            if relative is not None:
                given.setdefault(relative, []).append(Given(*expected.checksum, "checksum.mismatch", expected.line))
    return given


def check_hashes(items: Sequence[DropItem], given: Mapping[str, Sequence[Given]], reporter: Reporter) -> None:
    """Read every file that has a checksum, and refuse what is not what was promised."""
    jobs = [(item, file, given[file.relative]) for item in items for file in item.files if file.relative in given]
    jobs = [job for job in jobs if not job[0].is_refused]
    total = sum(file.stamp.size_bytes for _, file, _ in jobs)
    done = 0
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="hash") as pool:
        try:
            for (item, file, _), problems in zip(jobs, pool.map(_check, jobs), strict=True):
                if problems:
                    item.file_problems.setdefault(file.relative, []).extend(problems)
                done += file.stamp.size_bytes
                reporter.step(Progress(operation="ingest", phase="hash", done=done, total=total, unit="bytes"))
        finally:
            pool.shutdown(cancel_futures=True)


def _check(job: tuple[DropItem, DropFile, Sequence[Given]]) -> list[Problem]:
    _, file, given = job
    try:
        digests = hash_file(file.path, {each.algorithm for each in given}, expected=file.stamp).digests
    except SourceChanged as error:
        return [found("file.changing", error.report.message)]
    except OnePieceError as error:
        return [problem_of(error)]
    return [
        found(
            each.code,
            f"{each.algorithm} is {digests[each.algorithm]}, {each.digest} was promised",
            line=each.line,
            algorithm=each.algorithm,
            expected=each.digest,
            found=digests[each.algorithm],
        )
        for each in given
        if digests[each.algorithm] != each.digest
    ]
