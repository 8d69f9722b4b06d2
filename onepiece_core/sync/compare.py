"""Are a file and an object the same?

Three answers, each only where the one before does not know: what the listing tells, what the cache remembers, what
the object's metadata and the file's content say.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from onepiece_core.checksums import Stamp, hash_file
from onepiece_core.errors import OnePieceError
from onepiece_core.storage.engine import MTIME_NS, XXH128
from onepiece_core.storage.s3.listing import Listed, epoch_seconds
from onepiece_core.storage.store import ObjectInfo, Store
from onepiece_core.sync.hash_cache import Known, state_of
from onepiece_core.sync.scan import LocalFile

# Clocks are told in whole seconds, and two of them are compared.
_MARGIN_SECONDS = 2.0
_MD5_LENGTH = 32
# Up to this size reading the file is quicker than asking for the object's metadata.
_QUICK_BYTES = 1 << 20

_seconds = lru_cache(maxsize=4096)(epoch_seconds)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a closer look found.

    Attributes:
        answer: ``gone``: the object was there when it was listed.
        known: what to remember when they are the same.
    """

    answer: Literal["same", "differs", "gone"]
    why: str = ""
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Clocks:
    """How far the server's clock is ahead of ours; behind does not matter."""

    ahead_seconds: float = 0.0

    def is_settled(self, status: os.stat_result, row: Listed) -> bool:
        """Whether nothing can have been written to the file since the object was.

        The ctime counts as much as the mtime: a copy with an older time stamp is a change as well.
        """
        before = _seconds(row[3]) - self.ahead_seconds - _MARGIN_SECONDS
        return status.st_mtime <= before and status.st_ctime <= before


def remembers(known: Known | None, status: os.stat_result, row: Listed) -> bool:
    """Whether the cache knows this very file as this very object."""
    return known is not None and known.etag == row[2] and known.state == state_of(status)


def look_closer(
    store: Store, key: str, path: Path, file: LocalFile, row: Listed, known: Known | None, *, checksum: bool
) -> Verdict:
    """Ask for the object's metadata and, where times differ too, read the file. Sizes are the same already.

    Raises OnePieceError for the object; a file that cannot be read differs, and the transfer will say why.
    """
    state = state_of(file.status)
    hashed = known.file_xxh128 if known is not None and known.state == state else ""  # of the file, where it is known
    if not hashed and file.size_bytes <= _QUICK_BYTES and _is_md5(row.etag):
        same, hashed = _digest(path, file.stamp, "", row.etag) or (False, "")
        if same:
            return Verdict("same", known=Known(state, row.etag, hashed, hashed))
    info = store.find(key)
    if info is None:
        return Verdict("gone")
    if info.etag != row.etag or info.size_bytes != file.size_bytes:
        return Verdict("differs", "it was replaced a moment ago")
    stored = info.metadata.get(XXH128, "")
    if known is not None and known.etag == info.etag:
        stored = stored or known.object_xxh128
    was_replaced = known is not None and known.etag != info.etag
    if not checksum and not was_replaced and modified_ns(info) == file.status.st_mtime_ns:
        return Verdict("same", known=Known(state, info.etag, hashed, stored))
    here = (hashed == stored, hashed) if hashed and stored else _digest(path, file.stamp, stored, info.etag)
    if here is None:
        return Verdict("differs", "its content may be another: the object tells no checksum")
    same, xxh128 = here
    return Verdict("same", known=Known(state, info.etag, xxh128, xxh128)) if same else Verdict("differs", "content")


def modified_ns(info: ObjectInfo) -> int:
    """The time stamp that the sender kept, else the object's own."""
    kept = info.metadata.get(MTIME_NS, "")
    return int(kept) if kept.isdecimal() else int(info.modified * 1e9)


def _is_md5(etag: str) -> bool:
    """An etag that may be the content's MD5; that of an upload in parts, or encrypted by a key of KMS, is not."""
    return len(etag) == _MD5_LENGTH and "-" not in etag


def _digest(path: Path, stamp: Stamp, stored: str, etag: str) -> tuple[bool, str] | None:
    """Whether the contents are the same, and the file's xxh128; None where the object tells nothing."""
    if not stored and not _is_md5(etag):
        return None
    try:
        digests = hash_file(path, ("xxh128",) if stored else ("xxh128", "md5"), expected=stamp).digests
    except OnePieceError:
        return None
    # An etag that is no MD5 after all only costs a transfer.
    same = digests["xxh128"] == stored if stored else digests["md5"] == etag
    return same, digests["xxh128"]
