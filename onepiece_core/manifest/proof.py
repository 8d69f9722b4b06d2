"""Which of a package's three documents tell the truth: the manifest, its MHL, the MHL's chain.

Each vouches for another: the MHL holds the manifest's hash, the chain the MHL's C4 id, and from a sound manifest the
MHL can be written again byte for byte. So a flipped byte in any one of them is found, and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import xxhash

from onepiece_core.errors import ManifestError, ManifestMissing
from onepiece_core.manifest.mhl import CHAIN_NAME, MhlFile, build_chain, c4_id, package_mhl
from onepiece_core.manifest.mhl_reading import ChainEntry, read_chain, read_generation
from onepiece_core.manifest.package import MANIFEST_NAME, MHL_FOLDER, PackageManifest, load_manifest

DocumentState = Literal["flipped", "missing", "added"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file of the package must be."""

    size_bytes: int
    xxh128: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What the documents say together.

    Attributes:
        expected: every file but the documents, by path.
        documents: the documents that are not as they should be, by path; sound ones are left out.
        manifest: None when it cannot be believed.
    """

    expected: Mapping[str, Expected]
    documents: Mapping[str, DocumentState]
    manifest: PackageManifest | None


def prove(manifest_bytes: bytes | None, history: Mapping[str, bytes], *, where: str) -> Proof:
    """Weigh the documents. ``history`` holds the files of ``ascmhl/`` by their path in the package.

    Raises:
        ManifestMissing: there is neither a manifest nor an MHL.
        ManifestError: none of them can be read.
    """
    if manifest_bytes is None and not history:
        raise ManifestMissing(
            f"{where} holds no {MANIFEST_NAME}: it is no finished package",
            path=where,
            hint="Give the folder or prefix that a publish made, SCENE_NAME itself.",
        )
    documents = _Documents(manifest_bytes, history, where)
    return Proof(documents.expected(), documents.states(), documents.manifest if documents.manifest_is_true else None)


class _Documents:
    """The three documents and whether they agree."""

    def __init__(self, manifest_bytes: bytes | None, history: Mapping[str, bytes], where: str) -> None:
        self._manifest_bytes, self._history, self._where = manifest_bytes, history, where
        self.manifest, self._manifest_error = _load(manifest_bytes, where)
        self._own = package_mhl(self.manifest, manifest_bytes) if self.manifest and manifest_bytes else {}
        self._canonical_path = next(iter(self._own), None)
        self._canonical = self._own.get(self._canonical_path) if self._canonical_path else None
        self._chain_path = f"{MHL_FOLDER}/{CHAIN_NAME}"
        self._chain_bytes = history.get(self._chain_path)
        self._chain = _read_chain(self._chain_bytes, where)
        self._mhl_path = self._first_generation()
        self._mhl = history.get(self._mhl_path) if self._mhl_path else None
        self._files = _read_files(self._mhl, where)
        self._mhl_is_true = self._judge_mhl()
        self.manifest_is_true = self._judge_manifest()

    def expected(self) -> dict[str, Expected]:
        return self._listed() | self._lost()

    def _lost(self) -> dict[str, Expected]:
        """The documents that are missing, where it is known what they held: so a renamed one is recognised."""
        lost: dict[str, Expected] = {}
        if self._manifest_bytes is None and MANIFEST_NAME in self._files:
            file = self._files[MANIFEST_NAME]
            lost[MANIFEST_NAME] = Expected(file.size_bytes, file.hashes.get("xxh128", ""))
        if self.manifest_is_true:
            absent = {path: data for path, data in self._own.items() if path not in self._history}
            lost |= {path: Expected(len(data), xxhash.xxh3_128_hexdigest(data)) for path, data in absent.items()}
        return lost

    def _listed(self) -> dict[str, Expected]:
        if self.manifest and (self.manifest_is_true or not self._files):
            return {file.path: Expected(file.size_bytes, file.xxh128) for file in self.manifest.files}
        if self._files and self._files.keys() - {MANIFEST_NAME}:
            return {
                path: Expected(file.size_bytes, file.hashes.get("xxh128", ""))
                for path, file in self._files.items()
                if path != MANIFEST_NAME
            }
        if self._manifest_error:
            raise self._manifest_error
        raise ManifestMissing(f"{self._where} holds no {MANIFEST_NAME} and no MHL that can be read", path=self._where)

    def states(self) -> dict[str, DocumentState]:
        states: dict[str, DocumentState] = {}
        if self._manifest_bytes is None:
            states[MANIFEST_NAME] = "missing"
        elif not (self.manifest_is_true or self._manifest_is_vouched_for()):
            states[MANIFEST_NAME] = "flipped"
        if self._mhl is None and self._mhl_path:
            states[self._mhl_path] = "missing"
        elif self._mhl_path and not self._mhl_is_true:
            states[self._mhl_path] = "flipped"
        if self._chain_bytes is None:
            states[self._chain_path] = "missing"
        elif not self._chain_is_sound():
            states[self._chain_path] = "flipped"
        return states | self._later_generations()

    def _first_generation(self) -> str | None:
        named = [f"{MHL_FOLDER}/{entry.name}" for entry in self._chain if entry.number == 1]
        there = sorted(path for path in self._history if path.startswith(f"{MHL_FOLDER}/0001_"))
        own = [self._canonical_path] if self._canonical_path else []
        candidates = [path for path in (*own, *named) if path in self._history] or there or own or named
        return candidates[0] if candidates else None

    def _judge_mhl(self) -> bool:
        if self._mhl is None:
            return False
        if self._mhl == self._canonical:
            return True
        c4 = c4_id(self._mhl)
        if any(entry.c4 == c4 for entry in self._chain):
            return True
        # A flipped byte in the chain must not cast doubt on the MHL: two random C4 ids have nothing in common.
        assert self._mhl_path
        return _resembles(self._chain_bytes or b"", build_chain(self._mhl_path.rpartition("/")[2], c4))

    def _judge_manifest(self) -> bool:
        if self.manifest is None or self._manifest_bytes is None:
            return False
        if self._mhl_is_true and MANIFEST_NAME in self._files:
            return self._manifest_is_vouched_for()
        if self._canonical and any(entry.c4 == c4_id(self._canonical) for entry in self._chain):
            return True
        # Nothing that can be believed speaks against it.
        return self._mhl is None or not self._mhl_is_true

    def _manifest_is_vouched_for(self) -> bool:
        """Whether an MHL that can be believed has its hash: also a manifest of another kind, a delivery's."""
        own = self._files.get(MANIFEST_NAME)
        if not self._mhl_is_true or own is None or self._manifest_bytes is None:
            return False
        return own.hashes.get("xxh128") == xxhash.xxh3_128_hexdigest(self._manifest_bytes)

    def _chain_is_sound(self) -> bool:
        if not self._chain:
            return False
        believed = self._mhl if self._mhl_is_true else self._canonical if self.manifest_is_true else None
        if believed is None or self._mhl_path is None:
            return True  # its C4 ids are compared with the files one by one
        name, c4 = self._mhl_path.rpartition("/")[2], c4_id(believed)
        if len(self._chain) == 1:
            return self._chain_bytes == build_chain(name, c4)
        return any(entry.name == name and entry.c4 == c4 for entry in self._chain)

    def _later_generations(self) -> dict[str, DocumentState]:
        """Other tools add generations of their own: they count when the chain names them."""
        named = {f"{MHL_FOLDER}/{entry.name}": entry.c4 for entry in self._chain if entry.number != 1}
        states: dict[str, DocumentState] = {}
        for path, c4 in named.items():
            data = self._history.get(path)
            if data is None:
                states[path] = "missing"
            elif c4_id(data) != c4:
                states[path] = "flipped"
        known = {*named, self._mhl_path, self._chain_path}
        states.update({path: "added" for path in self._history if path not in known})
        return states


def _load(data: bytes | None, where: str) -> tuple[PackageManifest | None, ManifestError | None]:
    if data is None:
        return None, None
    try:
        return load_manifest(data, where=f"{where}/{MANIFEST_NAME}"), None
    except ManifestError as error:
        return None, error


def _read_chain(data: bytes | None, where: str) -> tuple[ChainEntry, ...]:
    try:
        return read_chain(data, where=where) if data else ()
    except ManifestError:
        return ()  # shown as flipped


def _read_files(data: bytes | None, where: str) -> dict[str, MhlFile]:
    try:
        return {file.path: file for file in read_generation(data, where=where)} if data else {}
    except ManifestError:
        return {}  # shown as flipped


def _resembles(one: bytes, other: bytes) -> bool:
    """Equal but for a few damaged bytes."""
    if not one or len(one) != len(other):
        return False
    return sum(a == b for a, b in zip(one, other, strict=True)) >= 0.95 * len(one)
