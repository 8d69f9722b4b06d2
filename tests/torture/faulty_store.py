"""Publishes whose S3 answers badly: busy, slow, cut in the middle, or not at all after it has done what was asked."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from onepiece_server.sandbox import studio
from onepiece_server.sandbox.faults import control
from onepiece_server.sandbox.faults.plan import checked_plan
from tests.torture.world import World

FAULTS = ("unavailable", "slow_down", "drop_reply", "truncate")
# How often a publish that gave up for now is taken up again.
RECOVERIES = 5


def faulty_store(world: World, count: int, seed: int) -> Counter[str]:
    """``count`` publishes into a studio of their own, each with one kind of fault; how they ended.

    Raises:
        AssertionError: one is not complete in the end, on disk, in S3 and in the tracker.
    """
    folder, chance = world.root / "faulty", random.Random(seed)
    report = studio.up(folder, s3_faults=True)
    faulty = World(folder / "work", dict(report.env))
    endings: Counter[str] = Counter()
    try:
        for number in range(1, count + 1):
            kind = FAULTS[(number - 1) % len(FAULTS)]
            control.set_faults(report, checked_plan(_plan(kind, chance)))
            ending = _publish(faulty, f"FG_faulty{number:04d}_v001", number)
            spoilt = sum(each["spoilt"] for each in control.shown_faults(report)["s3"]["counts"])
            control.clear_faults(report)
            assert faulty.state_of(f"FG_faulty{number:04d}_v001") == "complete"
            endings[f"{kind}: {ending}{'' if spoilt else ', nothing was spoilt'}"] += 1
    finally:
        studio.down(folder, grace_seconds=0)
    return endings


def _plan(kind: str, chance: random.Random) -> dict[str, Any]:
    rule: dict[str, Any] = {"target": "s3", "fault": kind, "every": chance.randint(2, 6)}
    if kind in ("unavailable", "slow_down"):
        rule["retry_after_seconds"] = 0
    return {"schema": "onepiece.faults.1", "rules": [rule]}


def _publish(world: World, name: str, number: int) -> str:
    """How it was done. A fault that does not go away is an error, never a package that is half there."""
    state = world.root / f"state-{number}"
    answer = world.run(state, do="publish", request=world.request(name, world.inputs(name)))
    if "error" not in answer:
        return "published"
    for _ in range(RECOVERIES):
        outcomes = [each["outcome"] for each in world.recover(state)]
        if outcomes == ["completed"]:
            return f"{answer['error']['code']}, recovered"
    raise AssertionError(f"{name}: {answer}, then {outcomes}")
