"""Publishes over a network that loses, refuses and hangs up: whole in the end, and exactly once."""

from __future__ import annotations

from pathlib import Path

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.support.flaky_proxy import flaky_proxy
from tests.support.s3_proxy import HANG_UP, PASS, REPLY_LOST, Answer, Call, refused, s3_proxy
from tests.torture.world import World

FAULTS = {
    "lost replies": REPLY_LOST,
    "hang-ups": HANG_UP,
    "SlowDown": refused("503 Slow Down", "SlowDown"),
    "internal errors": refused("500 Internal Server Error", "InternalError"),
}


@pytest.fixture
def world(tmp_path: Path, studio: SandboxReport) -> World:
    return World(tmp_path, dict(studio.env))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_spoils_every_fourth_call_gets_a_whole_package(world: World, fault: str) -> None:
    name = f"FG_s3{fault.replace(' ', '').replace('-', '').lower()}_v001"
    seen = 0

    def plan(_call: Call, _before: int) -> Answer:
        nonlocal seen
        seen += 1
        return FAULTS[fault] if seen % 4 == 0 else PASS

    with s3_proxy(world.env["AWS_ENDPOINT_URL"]) as proxy:
        proxy.plan = plan
        request = world.request(name, world.inputs(name, frames=12))
        result = world.run(world.root / "state", do="publish", request=request, env={"AWS_ENDPOINT_URL": proxy.url})
    assert seen > 20
    assert result["tracker"]["version_id"], result
    assert world.state_of(name) == "complete"


@pytest.mark.parametrize("fault", ["drop", "late"])
def test_a_tracker_that_spoils_every_second_write_gets_every_row_once(world: World, fault: str) -> None:
    name = f"FG_sg{fault}_v001"
    state, request = world.root / "state", world.request(name, world.inputs(name, frames=3))
    world.timeout_seconds, world.settle_seconds = 1.0, 3.0
    url = world.env["ONEPIECE_SHOTGRID_URL"]
    with flaky_proxy(url, fault=fault, every=2, hold_seconds=2.0) as proxy:
        env = {"ONEPIECE_SHOTGRID_URL": proxy.url}
        result = world.run(state, do="publish", request=request, env=env)
        if result["tracker"]["version_id"] is None:
            recovered = world.run(state, do="recover", env=env)["recovered"]
            assert [each["outcome"] for each in recovered] == ["completed"]
        proxy.settle()
        assert proxy.spoilt
    assert world.state_of(name) == "complete"
