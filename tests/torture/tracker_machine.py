"""The tracker and its outbox against a site that fails in every way, compared with a model."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.machine import SiteMachine
from tests.proof.outbox_machine import OutboxMachine
from tests.proof.world import World

STEPS = 25


def run_machine(folder: Path, runs: int, seed: int, *, steps: int = STEPS, shrinks: bool = True) -> Counter[str]:
    """``runs`` runs of both machines on one site, of ``steps`` steps or, for the outbox, half of that; how all ended.

    ``shrinks``: look for the shortest way to a failure, which takes minutes.

    Raises:
        AssertionError: something is not as the model says; the notes show the way there.
    """
    endings: Counter[str] = Counter()
    world = World(folder)
    chosen = settings(
        max_examples=runs,
        deadline=None,
        database=None,
        print_blob=False,
        phases=[Phase.generate, *([Phase.shrink] if shrinks else [])],
        suppress_health_check=list(HealthCheck),
    )
    try:
        for machine, count in ((SiteMachine, steps), (OutboxMachine, steps // 2)):
            run_state_machine_as_test(
                seeded(seed)(partial(machine, world, endings)), settings=settings(chosen, stateful_step_count=count)
            )
        assert "Traceback" not in world.site.log()
    finally:
        world.close()
    return endings
