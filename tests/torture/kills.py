"""Publishes that are killed, then recovered: nothing half visible, nothing twice, nothing lost."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.torture.world import World


def moments_of_a_publish(world: World) -> list[tuple[str, int]]:
    """Every moment at which a publish can be made to die, in order, learnt from one that lives."""
    name, trace = "FG_trace_v001", world.root / "trace.txt"
    world.run(
        world.root / "state-trace", do="publish", request=world.request(name, world.inputs(name)), trace=str(trace)
    )
    return [(moment, int(nth)) for moment, nth in (line.split() for line in trace.read_text().splitlines())]


def fates(world: World, count: int, seed: int) -> Iterator[tuple[str, int] | float]:
    """Each step's moment once, then random delays in seconds; ``count`` altogether, the steps spread over few."""
    chance = random.Random(seed)
    began = time.monotonic()
    moments = moments_of_a_publish(world)
    whole_life = time.monotonic() - began
    steps = moments if len(moments) <= count else chance.sample(moments, (count * 2 + 2) // 3)
    yield from steps
    for _ in range(count - len(steps)):
        # Not before Python has started, and rarely after the end.
        yield chance.uniform(0.3, 1.1) * whole_life


def kill_publishes(world: World, count: int, seed: int) -> Counter[str]:
    """Kill ``count`` publishes, recover each; half of the random ones lose their inputs before that.

    Returns how many ended how. Raises AssertionError for a world that is not whole.
    """
    chance = random.Random(seed + 1)
    endings: Counter[str] = Counter()
    for number, fate in enumerate(fates(world, count, seed), start=1):
        name = f"FG_kill{number:04d}_v001"
        state, folder = world.root / f"state-{number}", world.inputs(name)
        request = world.request(name, folder)
        killed = _publish_and_die(world, state, request, fate)
        lost_inputs = killed and chance.random() < 0.3
        if lost_inputs:
            shutil.rmtree(folder)
        outcomes = {each["scene_name"]: each["outcome"] for each in world.recover(state)}
        ending = world.state_of(name)
        _check(name, killed, lost_inputs, outcomes, ending)
        if ending == "absent" and not lost_inputs:
            # Killed before the journal knew of it: the same command line publishes it.
            assert world.run(state, do="publish", request=request)["tracker"]["version_id"]
            assert world.state_of(name) == "complete"
        endings[f"{'killed' if killed else 'too late to kill'}, {ending}"] += 1
    return endings


def _publish_and_die(world: World, state: Path, request: dict[str, object], fate: tuple[str, int] | float) -> bool:
    if not isinstance(fate, float):
        return world.answer(world.start(state, do="publish", request=request, die_at=list(fate))) is None
    process = world.start(state, do="publish", request=request)
    time.sleep(fate)
    process.kill()
    return world.answer(process) is None


def _check(name: str, killed: bool, lost_inputs: bool, outcomes: dict[str, str], ending: str) -> None:
    told = outcomes.get(name)
    if not killed:
        assert ending == "complete", f"{name}: published, then {ending}"
    if told is not None:
        assert (told, ending) in {("completed", "complete"), ("discarded", "absent")}, f"{name}: {told}, but {ending}"
        assert told == "completed" or lost_inputs, f"{name}: discarded although its inputs are there"
