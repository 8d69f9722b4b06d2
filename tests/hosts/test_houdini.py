"""Houdini's adapter over a fake of the names that types-houdini has: shapes of calls, not Houdini's behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_hosts.host import Host
from tests.hosts.contract import HostContract
from tests.hosts.stubs.fakes_hou import Houdini
from tests.hosts.stubs.guard import installed


@pytest.fixture
def houdini() -> Iterator[Houdini]:
    fake = Houdini()
    with installed(fake.modules(), "onepiece_hosts.houdini"):
        yield fake


@pytest.fixture
def host(houdini: Houdini) -> Host:
    from onepiece_hosts.houdini.adapter import HoudiniHost

    return HoudiniHost()


class TestContract(HostContract):
    @pytest.fixture(autouse=True)
    def _running(self, houdini: Houdini) -> None:
        self.houdini = houdini

    @pytest.fixture
    def host(self, houdini: Houdini) -> Host:
        from onepiece_hosts.houdini.adapter import HoudiniHost

        return HoudiniHost()

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        path = tmp_path / "wood.png"
        path.write_bytes(b"a picture")
        return path

    def use_picture(self, path: Path) -> None:
        self.houdini.hip.add("studio::rig::1.0", "/obj/rig1", skin=path.as_posix())

    def give_resolution(self) -> None:
        self.houdini.hip.add("cam", "/obj/cam1")

    def break_something(self) -> None:
        self.houdini.hip.add("geo", "/obj/geo1")

    def idle(self) -> None:
        self.houdini.idle()
