"""A folder and a bucket that tests sync, on a real server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onepiece_core.progress import Reporter
from onepiece_core.storage.engines.choose import open_engine
from onepiece_core.storage.places import Place
from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.storage.s3.client import connect
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.sync.apply import apply_sync
from onepiece_core.sync.hash_cache import HashCache
from onepiece_core.sync.model import SyncPlan, SyncRequest
from onepiece_core.sync.plan import plan_sync
from onepiece_core.sync.summary import Summary
from tests.support.weed import Weed

OLD_NS = 1_600_000_000_000_000_000


@dataclass
class World:
    """``folder`` here and ``prefix`` in ``bucket``, empty at first."""

    weed: Weed
    root: Path
    bucket: str
    prefix: str = "SHOW/plates"
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        create_bucket(self.weed.aws, self.bucket)
        self.store: S3Store = connect(self.weed.aws, self.bucket)
        self.folder = self.root / "plates"

    def close(self) -> None:
        self.store.close()

    def write(self, files: Mapping[str, bytes | str], *, mtime_ns: int | None = OLD_NS) -> None:
        """Files here; their time stamps are old unless told otherwise."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            if mtime_ns is not None:
                os.utime(path, ns=(mtime_ns, mtime_ns))

    def put(self, objects: Mapping[str, bytes | str]) -> None:
        """Objects there, by somebody who leaves no metadata."""
        for name, content in objects.items():
            self.store.put(f"{self.prefix}/{name}", content if isinstance(content, bytes) else content.encode())

    def files(self) -> dict[str, str]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_text()
            for path in self.folder.rglob("*")
            if path.is_file()
        }

    def objects(self) -> dict[str, str]:
        """What lies under the prefix."""
        start = f"{self.prefix}/"
        return {
            info.key.removeprefix(start): self.store.read(info.key)[0].decode()
            for info in self.store.iter_objects(start)
        }

    def request(self, direction: str, **options: Any) -> SyncRequest:
        return SyncRequest(direction, Place(self.bucket, self.prefix), self.folder, **options)  # type: ignore[arg-type]

    def cache(self) -> HashCache:
        return HashCache(self.root / "state" / "sync.sqlite", f"{self.bucket} {self.folder}")

    def plan(self, direction: str, **options: Any) -> SyncPlan:
        cache = self.cache()
        try:
            return plan_sync(self.request(direction, **options), self.store, cache, Reporter())
        finally:
            cache.close()

    def apply(self, plan: SyncPlan, *, reporter: Reporter | None = None) -> Summary:
        cache = self.cache()
        engine = open_engine("pool", self.store, state_dir=self.root / "state", jobs=4)
        try:
            return apply_sync(
                plan,
                self.store,
                engine,
                cache,
                reporter or Reporter(),
                lambda name, fields: self.events.append((name, fields)),
            )
        finally:
            cache.close()

    def sync(self, direction: str, **options: Any) -> Summary:
        return self.apply(self.plan(direction, **options))


def told(plan: SyncPlan) -> list[tuple[str, str, str]]:
    """Kind, path and reason of each action."""
    return [(action.kind, action.relative, action.why) for action in plan.actions]


def problems(summary: Summary | SyncPlan) -> dict[str, str]:
    return {problem.path: problem.code for problem in summary.problems}
