"""From a name to an engine."""

from __future__ import annotations

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
) -> Engine:
    """The engine ``name`` for ``store``; "auto" is the one that is best for what it is given.

    Args:
        state_dir: where it remembers what it has begun; a folder on a local disk.
        jobs: files or parts on their way at the same time; 0: as many as serve.
        bytes_per_second: at most so many, all transfers together; None: no limit.

    Raises:
        UsageError: there is no such engine, or it cannot serve this store.
    """
    if name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}", hint=f"Choose from {', '.join(ENGINES)}.", engine=name)
    from onepiece_core.storage.engines.pool import PoolEngine

    return PoolEngine(store, state_dir=state_dir, jobs=jobs, bytes_per_second=bytes_per_second)
