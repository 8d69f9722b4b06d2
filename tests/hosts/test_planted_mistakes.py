"""Mistakes planted in the adapters of Maya, Nuke, Houdini and Blender are caught; without the guard none would be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from tests.hosts import planted
from tests.hosts.planted import Mistake, plant
from tests.hosts.stubs.fakes_hou import Houdini
from tests.hosts.stubs.fakes_maya import Maya
from tests.hosts.stubs.fakes_nuke import Nuke
from tests.hosts.stubs.guard import installed
from tests.hosts.test_blender import in_blender

LISTS = {"maya": planted.MAYA, "nuke": planted.NUKE, "houdini": planted.HOUDINI, "blender": planted.BLENDER}
CASES = [
    pytest.param(host, mistake, id=f"{host}: {mistake.what}")
    for host in ("maya", "nuke", "houdini")
    for mistake in LISTS[host]
]


@contextmanager
def running(host: str, *, is_guarded: bool = True) -> Iterator[None]:
    """The host's fake with something in its scene."""
    with installed(fakes(host, is_guarded), f"onepiece_hosts.{host}"):
        yield


def fakes(host: str, is_guarded: bool) -> dict[str, ModuleType]:
    if host == "maya":
        return Maya(is_guarded=is_guarded).modules()
    if host == "nuke":
        return Nuke(is_guarded=is_guarded).modules()
    houdini = Houdini(is_guarded=is_guarded)
    houdini.hip.add("ifd", "/out/beauty", vm_picture="$HIP/r.$F4.exr")
    return houdini.modules()


@pytest.mark.parametrize(("host", "mistake"), CASES)
def test_a_mistake_in_an_adapter_is_caught(host: str, mistake: Mistake, tmp_path: Path) -> None:
    with running(host), pytest.raises(mistake.error):
        mistake.run(plant(host, mistake), tmp_path)


@pytest.mark.parametrize(("host", "mistake"), CASES)
def test_the_place_without_its_mistake_runs(host: str, mistake: Mistake, tmp_path: Path) -> None:
    with running(host):
        mistake.run(plant(host, mistake, is_planted=False), tmp_path)


@pytest.mark.parametrize(("host", "mistake"), CASES)
def test_without_the_guard_the_mistake_would_pass(host: str, mistake: Mistake, tmp_path: Path) -> None:
    with running(host, is_guarded=False):
        mistake.run(plant(host, mistake), tmp_path)


def test_blender_itself_catches_the_mistakes_in_its_adapter() -> None:
    told = in_blender("mistakes.py")
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]
    assert told.stdout.count("PASSED") == 2 * len(planted.BLENDER)


@pytest.mark.parametrize("host", LISTS)
def test_a_host_has_five_mistakes_of_different_kinds_in_different_places(host: str) -> None:
    assert len({mistake.what for mistake in LISTS[host]}) >= 5
    assert len({(mistake.module, mistake.right) for mistake in LISTS[host]}) == len(LISTS[host])
