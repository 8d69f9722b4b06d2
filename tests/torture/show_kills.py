"""Set-ups of shows that are killed, some of them again and again: at the end every row is there exactly once."""

from __future__ import annotations

import random
import time
from collections import Counter

from onepiece_core.journal import Journal
from tests.support.shows import WHOLE, counted, killed_after, set_up
from tests.torture.world import World


def kill_show_setups(world: World, count: int, seed: int) -> Counter[str]:
    """``count`` kills; how each show was left by its last one."""
    draw = random.Random(seed)
    url, script, key = (world.env[f"ONEPIECE_SHOTGRID_{name}"] for name in ("URL", "SCRIPT", "KEY"))
    state, endings, kills, number = world.root / "show-state", Counter[str](), 0, 0
    journal = Journal(state)
    try:
        began = time.monotonic()
        set_up(world.tracker, journal, f"Undisturbed {seed}")
        life = time.monotonic() - began
        while kills < count:
            number += 1
            project = f"Killed {seed} {number}"
            times = draw.choice((1, 1, 1, 2, 4))
            kills += sum(killed_after(draw.uniform(0, life), url, script, key, state, project) for _ in range(times))
            endings[_left(counted(world.tracker, project))] += times
            rows = set_up(world.tracker, journal, project)
            assert {row.state for row in rows} <= {"created", "there"}
            assert counted(world.tracker, project) == WHOLE, project
        assert journal.list_unfinished() == []
    finally:
        journal.close()
    endings["really killed"] = kills
    return endings


def _left(counts: Counter[str]) -> str:
    """What the site had of it."""
    if counts == WHOLE:
        return "all was there"
    last = next((kind for kind in reversed(list(WHOLE)) if counts[kind]), "nothing")
    return f"killed at {last}"
