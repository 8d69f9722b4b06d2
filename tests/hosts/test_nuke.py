"""Nuke's adapter over a fake of the names that types-nuke has: names and shapes of calls, not Nuke's behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_hosts.host import Host
from tests.hosts.contract import HostContract
from tests.hosts.stubs.fakes_nuke import Nuke
from tests.hosts.stubs.guard import installed


@pytest.fixture
def nuke() -> Iterator[Nuke]:
    fake = Nuke()
    with installed(fake.modules(), "onepiece_hosts.nuke"):
        yield fake


@pytest.fixture
def host(nuke: Nuke) -> Host:
    from onepiece_hosts.nuke.adapter import NukeHost

    return NukeHost()


class TestContract(HostContract):
    @pytest.fixture(autouse=True)
    def _running(self, nuke: Nuke) -> None:
        self.nuke = nuke

    @pytest.fixture
    def host(self, nuke: Nuke) -> Host:
        from onepiece_hosts.nuke.adapter import NukeHost

        return NukeHost()

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        path = tmp_path / "wood.png"
        path.write_bytes(b"a picture")
        return path

    def use_picture(self, path: Path) -> None:
        self.nuke.script.add("Read", "Read1", file=path.as_posix())

    def break_something(self) -> None:
        self.nuke.script.add("Blur", "Blur1")

    def idle(self) -> None:
        self.nuke.idle()
