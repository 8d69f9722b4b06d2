"""``local``: this machine. A queue in SQLite, and detached workers that run tasks in OpenJD sessions."""

from __future__ import annotations

import os
from typing import Any

from onepiece_core.errors import FarmConfigurationError
from onepiece_core.farm.engines.local.farm import LocalFarm
from onepiece_core.farm.protocol import FarmSetup

__all__ = ["LocalFarm", "open_farm"]

_OPTIONS = {"workers", "idle_seconds"}


def open_farm(setup: FarmSetup) -> LocalFarm:
    """Options: ``workers`` (0: half of the CPUs), ``idle_seconds`` after which a worker without work ends (30)."""
    if unknown := sorted(set(setup.options) - _OPTIONS):
        raise FarmConfigurationError(f"The farm local has no option {unknown[0]!r}", farm="local", options=unknown)
    workers = int(_number(setup, "workers", 0, largest=256))
    return LocalFarm(
        setup.state_dir,
        setup.environ,
        workers=workers or max(1, (os.cpu_count() or 1) // 2),
        idle_seconds=_number(setup, "idle_seconds", 30.0, largest=86_400),
    )


def _number(setup: FarmSetup, option: str, default: float, *, largest: float) -> float:
    value: Any = setup.options.get(option, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= largest:
        raise FarmConfigurationError(
            f"The option {option} of the farm local is a number from 0 to {largest:g}, not {value!r}",
            farm="local",
            option=option,
        )
    return value
