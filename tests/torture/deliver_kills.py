"""Deliveries that are killed, once or twice, then run again: nothing half visible, nothing double."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onepiece_core.checksums import hash_file
from tests.support.deliveries import DeliveryWorld

REPOSITORY = Path(__file__).parents[2]
_LONGEST_LIFE_SECONDS = 120


def kill_deliveries(root: Path, env: Mapping[str, str], count: int, seed: int) -> Counter[str]:
    """At least ``count`` kills. Returns how many deliveries ended how."""
    chance, endings, kills, number = random.Random(seed), Counter[str](), 0, 0
    moments, life = _moments(root / "whole", env)
    while kills < count:
        number += 1
        world = _world(root / f"{number:04d}", env)
        died = 0
        for _ in range(chance.choice((1, 1, 2))):
            if _dies(world, env, chance, moments, life):
                died += 1
            _check_not_half(world)
        told = _answer(_start(world, env))
        assert told is not None, "a run that nobody kills lives"
        assert "error" not in told, told
        _check_whole(world, told)
        kills += died
        endings[f"killed {died} times, whole"] += 1
    endings["kills"] = kills
    return endings


def kill_before_rename(root: Path, env: Mapping[str, str], name: str) -> None:
    """Kill a delivery when a file beside its package has its bytes and not yet its name."""
    world = _world(root, env)
    assert _answer(_start(world, env, die_before_rename_to=name)) is None
    assert [path for path in world.root.iterdir() if path.name.startswith(f".{name}.")]
    told = _answer(_start(world, env))
    assert told is not None
    _check_whole(world, told)


def _world(root: Path, env: Mapping[str, str]) -> DeliveryWorld:
    root.mkdir(parents=True)
    world = DeliveryWorld.of(env, root)
    world.publish("comp_v001")
    world.publish("anim_v003", shot="0020")
    return world


def _start(world: DeliveryWorld, env: Mapping[str, str], **told: Any) -> subprocess.Popen[str]:
    names = ("ONEPIECE_", "AWS_")
    job = {"root": str(world.root), "env": {k: v for k, v in env.items() if k.startswith(names)}, **told}
    path = world.root / "job.json"
    path.write_text(json.dumps(job))
    command = [sys.executable, "-m", "tests.torture.deliverer", str(path)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _answer(process: subprocess.Popen[str]) -> dict[str, Any] | None:
    """None: it was killed."""
    out, err = process.communicate(timeout=_LONGEST_LIFE_SECONDS)
    assert "Traceback" not in err, err
    return None if process.returncode < 0 else json.loads(out)


def _moments(root: Path, env: Mapping[str, str]) -> tuple[list[list[Any]], float]:
    world, began = _world(root, env), time.monotonic()
    trace = root / "trace.txt"
    assert _answer(_start(world, env, trace=str(trace))) is not None
    lines = [line.rsplit(" ", 1) for line in trace.read_text().splitlines()]
    return [[moment, int(nth)] for moment, nth in lines], time.monotonic() - began


def _dies(world: DeliveryWorld, env: Mapping[str, str], chance: random.Random, moments: Any, life: float) -> bool:
    if chance.random() < 0.7:
        return _answer(_start(world, env, die_at=chance.choice(moments))) is None
    process = _start(world, env)
    time.sleep(chance.uniform(0, life))
    process.kill()
    return _answer(process) is None


def _check_not_half(world: DeliveryWorld) -> None:
    """What can be seen is whole; who sees the manifest in the bucket sees all."""
    output = world.root / "out.zip"
    if output.exists():
        with zipfile.ZipFile(output) as archive:
            assert archive.testzip() is None
            assert len([name for name in archive.namelist() if "ascmhl" not in name]) == 14
    stored = {key.rpartition(".")[2] for key in world.stored()}
    assert stored in (set(), {"zip"}, {"zip", "csv"}, {"zip", "csv", "json"}), stored
    assert not stored or output.exists()
    deliveries = world.deliveries()
    assert len(deliveries) <= 1
    assert not deliveries or stored == {"zip", "csv", "json"}


def _check_whole(world: DeliveryWorld, told: dict[str, Any]) -> None:
    _check_not_half(world)
    (delivery,) = world.deliveries()
    assert delivery["id"] == told["delivery"]
    assert sorted(each["name"] for each in delivery["versions"]) == ["anim_v003", "comp_v001"]
    stored = world.stored()
    assert stored[f"{world.code}/out/out.zip"] == (world.root / "out.zip").read_bytes()
    assert stored[f"{world.code}/out/out.json"] == (world.root / "P.json").read_bytes()
    assert stored[f"{world.code}/out/out.csv"] == (world.root / "P.csv").read_bytes()
    assert hash_file(world.root / "out.zip").digests["xxh128"] == told["xxh128"]
    assert sorted(path.name for path in world.root.iterdir()) == sorted(
        ("P.csv", "P.json", "job.json", "out.receipt.json", "out.zip", "published", "state")
    )
