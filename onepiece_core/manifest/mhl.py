"""Write ASC MHL v2: the hash list that cameras, labs and archives read (urn:ASC:MHL:v2.0).

A history is a folder ``ascmhl/`` with one ``.mhl`` file a generation and ``ascmhl_chain.xml``, which holds the C4
id of each. Same input, same bytes. Reading is in :mod:`onepiece_core.manifest.mhl_reading`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape

import xxhash

from onepiece_core.manifest.package import MANIFEST_NAME, MHL_FOLDER, PackageManifest

CHAIN_NAME = "ascmhl_chain.xml"
# What the standard knows, in the order in which it wants them; sha256 is not among them.
FORMATS = ("c4", "md5", "sha1", "xxh128", "xxh3", "xxh64")
_IGNORED = (".DS_Store", "ascmhl", "ascmhl/")
_LAST_TIME_NS = 253_402_300_799 * 10**9  # the end of the year 9999
_C4_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class MhlFile:
    """One file of a generation.

    Attributes:
        path: POSIX, relative to the folder that holds ``ascmhl/``.
        hashes: format (one of ``FORMATS``) to text. Ours always hold ``xxh128``.
        mtime_ns: nanoseconds since the epoch, None when it does not matter.
    """

    path: str
    size_bytes: int
    hashes: Mapping[str, str]
    mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Creator:
    """Who made a generation, and with what."""

    hostname: str
    tool: str
    tool_version: str
    author: str | None = None
    comment: str | None = None


def package_mhl(manifest: PackageManifest, manifest_bytes: bytes) -> dict[str, bytes]:
    """The MHL files of a package, by their path in it; the manifest's file is covered too.

    Everything comes from the manifest (``created_by`` as ``user@host``), so ``verify`` can build the same bytes again.
    """
    tool, _, tool_version = manifest.tool.partition(" ")
    user, _, host = manifest.created_by.partition("@")
    files = [
        MhlFile(
            path=file.path,
            size_bytes=file.size_bytes,
            hashes={"xxh128": file.xxh128, **{name: text for name, text in file.hashes.items() if name in FORMATS}},
            mtime_ns=file.mtime_ns,
        )
        for file in manifest.files
    ]
    own = MhlFile(MANIFEST_NAME, len(manifest_bytes), {"xxh128": xxhash.xxh3_128_hexdigest(manifest_bytes)})
    creator = Creator(host or "unknown", tool, tool_version or "0", user or None, manifest.comment or None)
    created_at = datetime.fromisoformat(manifest.created_at)
    return build_mhl(manifest.scene_name, [*files, own], created_at, creator)


def build_mhl(folder_name: str, files: Iterable[MhlFile], created_at: datetime, creator: Creator) -> dict[str, bytes]:
    """The first generation of a history and its chain, by path in the folder that they describe."""
    at = created_at.astimezone(UTC)
    name = f"0001_{folder_name}_{at:%Y-%m-%d_%H%M%SZ}.mhl"
    generation = _generation(sorted(files, key=lambda file: file.path), at, creator)
    return {f"{MHL_FOLDER}/{name}": generation, f"{MHL_FOLDER}/{CHAIN_NAME}": build_chain(name, c4_id(generation))}


def build_chain(name: str, c4: str) -> bytes:
    """The chain of a history that has one generation."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ascmhldirectory xmlns="urn:ASC:MHL:DIRECTORY:v2.0">\n'
        '  <hashlist sequencenr="1">\n'
        f"    <path>{_text(name)}</path>\n"
        f"    <c4>{c4}</c4>\n"
        "  </hashlist>\n"
        "</ascmhldirectory>\n"
    ).encode()


def c4_id(data: bytes) -> str:
    """The C4 id of ``data`` (SMPTE ST 2114): ``c4`` and 88 digits of base 58."""
    number = int.from_bytes(hashlib.sha512(data).digest(), "big")
    digits = ""
    while number:
        number, rest = divmod(number, 58)
        digits = _C4_DIGITS[rest] + digits
    return "c4" + digits.rjust(88, _C4_DIGITS[0])


def _generation(files: list[MhlFile], at: datetime, creator: Creator) -> bytes:
    tree = _tree(files)
    hash_date = at.isoformat()
    return "".join((*_head(tree, hash_date, creator), *_hashes(tree, hash_date), "</hashlist>\n")).encode()


def _head(tree: _Folder, hash_date: str, creator: Creator) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">\n'
    yield f"  <creatorinfo>\n    <creationdate>{hash_date}</creationdate>\n"
    yield f"    <hostname>{_text(creator.hostname)}</hostname>\n"
    yield f'    <tool version="{_text(creator.tool_version)}">{_text(creator.tool)}</tool>\n'
    if creator.author:
        yield f"    <author>{_text(creator.author)}</author>\n"
    if creator.comment:
        yield f"    <comment>{_text(creator.comment)}</comment>\n"
    yield "  </creatorinfo>\n  <processinfo>\n    <process>transfer</process>\n    <roothash>\n"
    yield _folder_hashes(tree, hash_date, "      ")
    yield "    </roothash>\n    <ignore>\n"
    yield from (f"      <pattern>{pattern}</pattern>\n" for pattern in _IGNORED)
    yield "    </ignore>\n  </processinfo>\n"


def _hashes(tree: _Folder, hash_date: str) -> Iterator[str]:
    yield "  <hashes>\n"
    yield from _entries(tree, hash_date)
    yield "  </hashes>\n"


def _entries(folder: _Folder, hash_date: str) -> Iterator[str]:
    for file in folder.files:
        yield _entry(file, hash_date)
    for child in folder.folders.values():
        yield from _entries(child, hash_date)
        path = _text(child.path)
        hashes = _folder_hashes(child, hash_date, "      ")
        yield f"    <directoryhash>\n      <path>{path}</path>\n{hashes}    </directoryhash>\n"


def _entry(file: MhlFile, hash_date: str) -> str:
    changed = ""
    # A damaged time stamp may lie outside of what a calendar knows: the standard can do without.
    if file.mtime_ns is not None and 0 <= file.mtime_ns < _LAST_TIME_NS:
        seconds = datetime.fromtimestamp(file.mtime_ns // 10**9, UTC)
        changed = f' lastmodificationdate="{seconds.isoformat()}"'
    lines = [f'    <hash>\n      <path size="{file.size_bytes}"{changed}>{_text(file.path)}</path>\n']
    for name in sorted(file.hashes):
        lines.append(f'      <{name} action="original" hashdate="{hash_date}">{file.hashes[name]}</{name}>\n')
    lines.append("    </hash>\n")
    return "".join(lines)


def _folder_hashes(folder: _Folder, hash_date: str, indent: str) -> str:
    content, structure = folder.digests()
    lines = []
    for tag, text in (("content", content), ("structure", structure)):
        digest = f'<xxh128 action="original" hashdate="{hash_date}">{text}</xxh128>'
        lines.append(f"{indent}<{tag}>\n{indent}  {digest}\n{indent}</{tag}>\n")
    return "".join(lines)


@dataclass(slots=True)
class _Folder:
    """A folder of the history. Its content hash ignores names, its structure hash does not."""

    path: str
    files: list[MhlFile] = field(default_factory=list)
    folders: dict[str, _Folder] = field(default_factory=dict)
    _digests: tuple[str, str] | None = None

    def digests(self) -> tuple[str, str]:
        if self._digests is None:
            below = [(child.path, *child.digests()) for child in self.folders.values()]
            named = [(file.path, file.hashes["xxh128"], file.hashes["xxh128"]) for file in self.files] + below
            content = _hash_of_hashes(content for _, content, _ in named)
            structure = _hash_of_hashes(
                xxhash.xxh3_128_hexdigest(path.rpartition("/")[2].encode() + bytes.fromhex(digest))
                for path, _, digest in named
            )
            self._digests = content, structure
        return self._digests


def _tree(files: list[MhlFile]) -> _Folder:
    root = _Folder("")
    for file in files:
        folder = root
        parts = file.path.split("/")[:-1]
        for depth, part in enumerate(parts, 1):
            folder = folder.folders.setdefault(part, _Folder("/".join(parts[:depth])))
        folder.files.append(file)
    return root


def _hash_of_hashes(digests: Iterable[str]) -> str:
    state = xxhash.xxh3_128()
    for digest in sorted(digests):
        state.update(bytes.fromhex(digest))
    text: str = state.hexdigest()
    return text


def _text(text: str) -> str:
    """``text`` for XML 1.0, which has no way to write most control characters."""
    return escape("".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text))
