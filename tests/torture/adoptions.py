"""Machines that die for good: another one, with a journal of its own, finds and finishes what they began."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from typing import Any

from tests.torture.world import BUCKET, World

LEASE_SECONDS = 3.0
MOMENTS = (
    ("reserve.recorded", 1),
    ("store.put.replied", 3),
    ("stage.done", 1),
    ("commit.synced", 1),
    ("commit.done", 1),
    ("store.put_file.replied", 4),
    ("push.data", 1),
    ("push.sidecars", 1),
    ("push.done", 1),
    ("tracker.create.before", 1),
    ("tracker.create.replied", 1),
    ("tracker.batch.replied", 1),
    ("tracker.upload_thumbnail.replied", 1),
)


def adopt_publishes(world: World, count: int, seed: int) -> Counter[str]:
    """``count`` machines die at one of MOMENTS; each publish is listed and adopted from its disk or from the store."""
    chance = random.Random(seed)
    dead = {f"FG_adopt{number:04d}_v001": MOMENTS[(number - 1) % len(MOMENTS)] for number in range(1, count + 1)}
    for name, moment in dead.items():
        _die(world, name, moment)
    _refused_while_the_lease_holds(world, name)
    time.sleep(LEASE_SECONDS + 1.2)  # S3's clock has whole seconds
    endings: Counter[str] = Counter()
    for name, moment in dead.items():
        place = str(world.root / "shared") if chance.random() < 0.5 else f"s3://{BUCKET}/vfx/FG/{name}"
        outcome, state = _adopt(world, name, place), world.state_of(name)
        assert (outcome, state) == ("completed", "complete"), (name, moment, outcome, state)
        assert _listed(world, name, place) == [], f"{name} is still listed"
        endings[f"{moment[0]}: {outcome}"] += 1
    return endings


def _die(world: World, name: str, moment: tuple[str, int]) -> None:
    state = world.root / f"dead-{name}"
    request = world.request(name, world.inputs(name, frames=3))
    process = world.start(state, do="publish", request=request, die_at=moment, lease_seconds=LEASE_SECONDS)
    assert world.answer(process) is None, f"{name} did not die at {moment}"
    shutil.rmtree(state)


def _listed(world: World, name: str, place: str) -> list[dict[str, Any]]:
    found = world.run(world.root / "heir", do="list", at=place)["unfinished"]
    return [each for each in found if each["scene_name"] == name]


def _refused_while_the_lease_holds(world: World, name: str) -> None:
    place = f"s3://{BUCKET}/vfx/FG/{name}"
    told = _listed(world, name, place)[0]
    answer = world.run(world.root / "heir", do="adopt", operation=told["operation"], at=place)
    if not told["adoptable"] and "outcome" not in answer:
        assert answer["error"]["code"] == "publish.operation_busy", answer


def _adopt(world: World, name: str, place: str) -> str:
    listed = _listed(world, name, place)
    assert len(listed) == 1, f"{name} is not listed at {place}"
    answer = world.run(world.root / "heir", do="adopt", operation=listed[0]["operation"], at=place)
    assert "outcome" in answer, answer
    return str(answer["outcome"])
