"""Manifests that came with the media: what they say of a file is what it must be.

OnePiece's own manifests of packages and deliveries, and vendors' CSV and JSON. One without a list of entries is no
error: the delivery's own manifests then hold what was read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from onepiece_core.checksums import hash_bytes, is_digest
from onepiece_core.deliver.manifests import SCHEMA as DELIVERY_SCHEMA
from onepiece_core.deliver.model import MediaFile, MediaPlace
from onepiece_core.errors import ManifestError
from onepiece_core.manifest.drop_manifest import read_bytes, read_manifest
from onepiece_core.manifest.package import SCHEMA as PACKAGE_SCHEMA
from onepiece_core.manifest.package import load_manifest
from onepiece_core.manifest.strict_json import strict_loads
from onepiece_core.shown import shown

# A vendor's manifest holds one of these lists.
_LISTS = ("files", "deliveries")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as an upstream manifest has it; ``digests`` by algorithm."""

    path: str
    digests: Mapping[str, str]


class Upstream:
    """All that the given manifests list.

    Attributes:
        sources: name and xxh128 of each manifest.
    """

    def __init__(self, sources: Iterable[tuple[str, str]] = (), files: Iterable[Listed] = ()) -> None:
        self.sources = tuple(sources)
        self._by_name: dict[str, list[Listed]] = {}
        for file in files:
            self._by_name.setdefault(_name(file.path), []).append(file)

    def with_listed(self, media: MediaPlace) -> MediaPlace:
        """``media`` with what the manifests say of each file. Raises ManifestError: they contradict one another."""
        return replace(media, files=tuple(self._with(file) for file in media.files)) if self._by_name else media

    def _with(self, file: MediaFile) -> MediaFile:
        where = file.path.as_posix() if file.path is not None else f"/{file.key}"
        candidates = self._by_name.get(_name(where), [])
        # Its place decides where several files are called the same.
        exact = [each for each in candidates if _normal(where).endswith(f"/{_normal(each.path)}")]
        longest = max((len(each.path) for each in exact), default=0)
        digests: dict[str, str] = {}
        for each in [each for each in exact if len(each.path) == longest] or candidates:
            for algorithm, digest in each.digests.items():
                if digests.setdefault(algorithm, digest) != digest:
                    raise ManifestError(f"The upstream manifests hold several hashes for {file.name}", path=file.where)
        if file.recorded is not None and digests.get("xxh128", file.recorded) != file.recorded:
            raise ManifestError(f"The upstream manifest and the publish differ about {file.name}", path=file.where)
        return replace(file, upstream=tuple(sorted(digests.items())))


def load_upstream(paths: Iterable[Path]) -> Upstream:
    """Read the manifests.

    Raises:
        InputMissing, InputUnreadable: one cannot be read.
        ManifestError: one is damaged, or one of its entries is.
    """
    sources: list[tuple[str, str]] = []
    files: list[Listed] = []
    for path in paths:
        data = read_bytes(path)
        sources.append((path.name, hash_bytes(data)))
        files += _files(data, path)
    return Upstream(sources, files)


def read_listed(path: Path) -> list[Listed]:
    """The entries of one manifest. Raises what :func:`load_upstream` raises."""
    return list(_files(read_bytes(path), path))


def _files(data: bytes, path: Path) -> Iterator[Listed]:
    where = shown(path.name)
    if path.suffix.lower() != ".json":
        return _of_vendor(data, is_json=False, where=where)
    try:
        root = strict_loads(data)
    except ValueError as cause:
        raise ManifestError(f"{where} is no sound JSON: {cause}", path=where) from cause
    schema = root.get("schema") if isinstance(root, dict) else None
    if schema == PACKAGE_SCHEMA:
        package = load_manifest(data, where=where)
        return (Listed(file.path, {"xxh128": file.xxh128, **file.hashes}) for file in package.files)
    if schema == DELIVERY_SCHEMA:
        return _of_delivery(root, where)
    if isinstance(root, dict) and not any(root.get(name) for name in _LISTS):
        return iter(())
    return _of_vendor(data, is_json=True, where=where)


def _of_vendor(data: bytes, *, is_json: bool, where: str) -> Iterator[Listed]:
    for entry in read_manifest(data, is_json=is_json, where=where).entries:
        bad = [problem.message for problem in entry.problems if problem.severity == "error"]
        if bad:
            raise ManifestError(f"{where}, line {entry.line}: {bad[0]}", path=where, line=entry.line)
        if entry.expected is not None and entry.expected.checksum is not None:
            yield Listed(entry.expected.delivery_path, dict([entry.expected.checksum]))


class _File(BaseModel, frozen=True, strict=True):
    path: str
    original: str
    hashes: dict[str, str]


class _Version(BaseModel, frozen=True, strict=True):
    files: list[_File] = []


class _Delivery(BaseModel, frozen=True, strict=True):
    versions: list[_Version] = []


def _of_delivery(root: Mapping[str, Any], where: str) -> Iterator[Listed]:
    try:
        delivery = _Delivery.model_validate(root)
    except ValidationError as cause:
        raise ManifestError(f"{where} is no sound manifest of a delivery: {cause.errors()[0]['msg']}") from cause
    for file in (file for version in delivery.versions for file in version.files):
        bad = [name for name, digest in file.hashes.items() if not is_digest(name, digest)]
        if bad:
            raise ManifestError(f"{where}: {file.path} has no sound {bad[0]}", path=where)
        yield Listed(file.path, file.hashes)
        if file.original != file.path:
            yield Listed(file.original, file.hashes)


def _normal(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _name(path: str) -> str:
    return _normal(path).rpartition("/")[2]
