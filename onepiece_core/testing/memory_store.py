"""A store in memory that fails where a test tells it to."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from onepiece_core.errors import ObjectMissing, PreconditionFailed, StorageError, StorageUnavailable
from onepiece_core.storage.source import CheckedFile
from onepiece_core.storage.store import ALWAYS, Condition, ObjectInfo, OnBytes, ignore_bytes

_PIECE_BYTES = 1024 * 1024

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and when.

    Attributes:
        method: the Store method: "put", "put_file", "copy", "delete", "find", "read", "iter_bytes",
            "iter_objects", "iter_folders" or "now".
        call: which call of that method, counted from 1 over the life of the store; 0: every one.
        kind: "refused": nothing happens and the call raises. "reply_lost": it is carried out and raises.
            "late": it raises at once and is carried out when :meth:`MemoryStore.settle` is called. "slow":
            it waits for :meth:`MemoryStore.hurry` and is carried out.
        error: made for each failing call; by default StorageUnavailable.
    """

    method: str
    call: int
    kind: Literal["refused", "reply_lost", "late", "slow"] = "refused"
    error: Callable[[], StorageError] = field(default=lambda: StorageUnavailable("the store does not answer"))


@dataclass(frozen=True, slots=True)
class _Stored:
    data: bytes
    info: ObjectInfo


class MemoryBucket:
    """The objects, shared by all stores that are opened on it, and the clock."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.lock = threading.Lock()
        self.objects: dict[str, _Stored] = {}
        self._ahead_seconds = 0.0
        self._writes = 0

    def now(self) -> float:
        return time.time() + self._ahead_seconds

    def advance(self, seconds: float) -> None:
        """Let time pass at once: leases run out."""
        self._ahead_seconds += seconds

    def write(self, key: str, data: bytes, condition: Condition, metadata: Mapping[str, str]) -> ObjectInfo:
        with self.lock:
            there = self.objects.get(key)
            etag = there.info.etag if there else None
            if (condition.if_absent and there) or (condition.if_match is not None and condition.if_match != etag):
                raise PreconditionFailed(f"memory://{self.name}/{key} is not as expected", key=key)
            self._writes += 1
            token = hashlib.blake2b(data, digest_size=12).hexdigest()
            lowered = {name.lower(): value for name, value in metadata.items()}
            info = ObjectInfo(key, len(data), f"{token}-{self._writes}", self.now(), lowered)
            self.objects[key] = _Stored(data, info)
            return info


class MemoryStore:
    """A Store over a MemoryBucket. ``calls`` counts what was asked, by method."""

    def __init__(self, bucket: MemoryBucket | None = None, *, faults: tuple[Fault, ...] = ()) -> None:
        self.bucket = bucket or MemoryBucket()
        self.calls: Counter[str] = Counter()
        self._faults = faults
        self._late: list[Callable[[], object]] = []
        self._hurried = threading.Event()

    @property
    def uri(self) -> str:
        return f"memory://{self.bucket.name}"

    def settle(self) -> None:
        """Carry out what is late, in the order of the calls. One whose condition fails by now changes nothing."""
        late, self._late = self._late, []
        for write in late:
            try:
                write()
            except StorageError:
                pass  # nobody waits for this answer any more

    def hurry(self) -> None:
        """Let every slow call go on."""
        self._hurried.set()

    def now(self) -> float:
        return self._call("now", self.bucket.now)

    def iter_objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        def listed() -> list[ObjectInfo]:
            with self.bucket.lock:
                found = [stored.info for key, stored in self.bucket.objects.items() if key.startswith(prefix)]
            return sorted(found, key=lambda info: info.key.encode())

        for info in self._call("iter_objects", listed):
            yield ObjectInfo(info.key, info.size_bytes, info.etag, info.modified)

    def iter_folders(self, prefix: str) -> Iterator[str]:
        def folders() -> list[str]:
            with self.bucket.lock:
                rests = [key.removeprefix(prefix) for key in self.bucket.objects if key.startswith(prefix)]
            return sorted({prefix + rest.split("/")[0] + "/" for rest in rests if "/" in rest}, key=str.encode)

        yield from self._call("iter_folders", folders)

    def find(self, key: str) -> ObjectInfo | None:
        stored = self._call("find", lambda: self.bucket.objects.get(key))
        return stored.info if stored else None

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        stored = self._call("read", lambda: self._get(key))
        return stored.data, stored.info

    def iter_bytes(self, key: str) -> Iterator[bytes]:
        data = self._call("iter_bytes", lambda: self._get(key)).data
        return (data[start : start + _PIECE_BYTES] for start in range(0, len(data), _PIECE_BYTES))

    def put(
        self, key: str, data: bytes, *, condition: Condition = ALWAYS, metadata: Mapping[str, str] | None = None
    ) -> ObjectInfo:
        return self._call("put", lambda: self.bucket.write(key, bytes(data), condition, metadata or {}))

    def put_file(
        self,
        key: str,
        path: Path,
        *,
        size_bytes: int,
        xxh128: str,
        condition: Condition = ALWAYS,
        metadata: Mapping[str, str] | None = None,
        on_bytes: OnBytes = ignore_bytes,
    ) -> ObjectInfo:
        with CheckedFile(path, size_bytes, xxh128) as source:
            data = source.read(size_bytes)
            source.finish()
        info = self._call("put_file", lambda: self.bucket.write(key, data, condition, metadata or {}))
        on_bytes(size_bytes)
        return info

    def copy(self, source: str, source_etag: str, key: str, *, condition: Condition = ALWAYS) -> ObjectInfo:
        def carry_out() -> ObjectInfo:
            stored = self._get(source)
            if stored.info.etag != source_etag:
                raise PreconditionFailed(f"{self.uri}/{source} has changed", key=source)
            return self.bucket.write(key, stored.data, condition, stored.info.metadata)

        return self._call("copy", carry_out)

    def delete(self, key: str) -> None:
        self._call("delete", lambda: self.bucket.objects.pop(key, None))

    def _get(self, key: str) -> _Stored:
        stored = self.bucket.objects.get(key)
        if stored is None:
            raise ObjectMissing(f"there is no object {self.uri}/{key}", key=key)
        return stored

    def _call(self, method: str, carry_out: Callable[[], Result]) -> Result:
        with self.bucket.lock:
            self.calls[method] += 1
            number = self.calls[method]
        for fault in self._faults:
            if fault.method == method and fault.call in (0, number):
                return self._fail(fault, carry_out)
        return carry_out()

    def _fail(self, fault: Fault, carry_out: Callable[[], Result]) -> Result:
        if fault.kind == "slow":
            self._hurried.wait()
            return carry_out()
        if fault.kind == "reply_lost":
            carry_out()
        elif fault.kind == "late":
            self._late.append(carry_out)
        raise fault.error()
