"""From a name to an engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from onepiece_core.errors import UsageError
from onepiece_core.storage.engine import Engine
from onepiece_core.storage.store import Store

EngineName = Literal["auto", "pool", "crt", "s5cmd"]
ENGINES: tuple[str, ...] = get_args(EngineName)


def open_engine(
    name: str,
    store: Store,
    *,
    state_dir: Path,
    jobs: int = 0,
    bytes_per_second: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Engine:
    """The engine ``name`` for ``store``; "auto" is the one that is best for what it is given.

    Args:
        state_dir: where it remembers what it has begun; a folder on a local disk.
        jobs: files or parts on their way at the same time; 0: as many as serve.
        bytes_per_second: at most so many, all transfers together; None: no limit.
        environment: for a process that is started; without it, it is given the keys themselves.

    Raises:
        UsageError: there is no such engine, or it cannot serve this store.
    """
    if name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}", hint=f"Choose from {', '.join(ENGINES)}.", engine=name)
    from onepiece_core.storage.engines.pool import PoolEngine

    pool = PoolEngine(store, state_dir=state_dir, jobs=jobs, bytes_per_second=bytes_per_second)
    # Measured (docs/decisions/0008): nothing is faster here, and nothing else can continue a large file.
    if name in ("auto", "pool"):
        return pool
    if bytes_per_second is not None:
        raise UsageError(f"the engine {name} cannot hold its rate down", hint="Use --engine pool.", engine=name)
    return _client_engine(name, store, pool, jobs=jobs, environment=environment or {})


def _client_engine(name: str, store: Store, pool: Engine, *, jobs: int, environment: Mapping[str, str]) -> Engine:
    from onepiece_core.storage.engines.batches import BatchEngine, Client
    from onepiece_core.storage.s3.store import S3Store

    if not isinstance(store, S3Store):
        raise UsageError(f"the engine {name} serves S3 buckets alone", engine=name, store=store.uri)
    client: Client
    if name == "crt":
        from onepiece_core.storage.engines.crt import Crt

        client = Crt(store.pool.target)
    else:
        from onepiece_core.storage.engines.s5cmd import S5cmd

        client = S5cmd(store.pool.target, environment, jobs=jobs)
    return BatchEngine(client, store, pool)
