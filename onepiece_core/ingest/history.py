"""The ASC MHL that came with a drop: what it promises about each file is enforced."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from onepiece_core.checksums import LENGTHS
from onepiece_core.errors import ManifestError
from onepiece_core.ingest.hashes import Given
from onepiece_core.ingest.model import DropItem, Problem
from onepiece_core.ingest.scan import DropScan
from onepiece_core.manifest.mhl import CHAIN_NAME, MhlFile, c4_id
from onepiece_core.manifest.mhl_reading import read_chain, read_generation
from onepiece_core.manifest.package import MHL_FOLDER
from onepiece_core.rules.ingest_codes import found
from onepiece_core.shown import shown

_MAX_BYTES = 512 << 20


def read_histories(scan: DropScan) -> tuple[dict[str, MhlFile], list[Problem]]:
    """What every ``ascmhl/`` of the drop says last of each file, by relative path; what is wrong with them."""
    files: dict[str, MhlFile] = {}
    problems: list[Problem] = []
    for below in scan.mhl:
        try:
            files |= _history(scan.root, below)
        except (ManifestError, OSError) as error:
            why = error.report.message if isinstance(error, ManifestError) else (error.strerror or str(error))
            problems.append(found("mhl.invalid", f"{shown(below + MHL_FOLDER)}: {why}"))
    return files, problems


def _history(root: str, below: str) -> dict[str, MhlFile]:
    folder = Path(root, below, MHL_FOLDER)
    where = shown(f"{below}{MHL_FOLDER}")
    chain = read_chain(_read(folder / CHAIN_NAME), where=f"{where}/{CHAIN_NAME}")
    files: dict[str, MhlFile] = {}
    for entry in sorted(chain, key=lambda each: each.number):
        if "/" in entry.name or entry.name in ("", ".", ".."):
            raise ManifestError(f"{where}/{CHAIN_NAME} names {entry.name!r}, which lies elsewhere", path=where)
        data = _read(folder / entry.name)
        if c4_id(data) != entry.c4:
            raise ManifestError(f"{entry.name} is not the one that the chain names: it was changed", path=where)
        for file in read_generation(data, where=entry.name):
            files[f"{below}{file.path}"] = file
    return files


def _read(path: Path) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags), "rb") as stream:  # noqa: PTH123 - a descriptor
        if os.fstat(stream.fileno()).st_size > _MAX_BYTES:
            raise ManifestError(f"{shown(path.name)} is larger than {_MAX_BYTES >> 20} MiB", path=shown(path.name))
        return stream.read()


def match_history(
    promised: Mapping[str, MhlFile], items: Sequence[DropItem], left: Mapping[str, Problem]
) -> tuple[dict[str, list[Given]], list[Problem]]:
    """The checksums to enforce, by relative path, and the files that are promised and not there."""
    given: dict[str, list[Given]] = {}
    seen: set[str] = set()
    for item in items:
        for file in item.files:
            told = promised.get(file.relative)
            if told is None:
                continue
            seen.add(file.relative)
            problem = _size_problem(told, file.stamp.size_bytes)
            known = next((name for name in ("xxh128", "xxh3", "xxh64", "md5", "sha1") if name in told.hashes), None)
            if problem is None and known is None:
                problem = found("mhl.unchecked", "the ASC MHL holds no hash of it that is known here")
            if problem is not None:
                item.file_problems.setdefault(file.relative, []).append(problem)
            elif known is not None:
                given[file.relative] = [Given(known, told.hashes[known].lower(), "mhl.mismatch")]
        unlisted = [file.relative for file in item.files if file.relative not in promised]
        if unlisted:
            more = f" and {len(unlisted) - 1} more" if len(unlisted) > 1 else ""
            item.problems.append(found("mhl.unlisted", f"the ASC MHL does not hold {shown(unlisted[0])}{more}"))
    missing = [path for path in promised if path not in seen and path not in left]
    return given, [found("mhl.missing", f"{shown(path)} is in the ASC MHL and not in the drop") for path in missing]


def _size_problem(told: MhlFile, size_bytes: int) -> Problem | None:
    if told.size_bytes == size_bytes:
        wrong = next((n for n, text in told.hashes.items() if n in LENGTHS and len(text) != LENGTHS[n]), None)
        return None if wrong is None else found("mhl.mismatch", f"its {wrong} in the ASC MHL has a wrong length")
    return found("mhl.mismatch", f"it has {size_bytes} bytes, the ASC MHL says {told.size_bytes}")
