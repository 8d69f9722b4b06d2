"""Maya's adapter over a fake of the names that maya-stubs has: names and shapes of calls, not Maya's behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_hosts.host import Host
from tests.hosts.contract import HostContract
from tests.hosts.stubs.fakes_maya import Maya
from tests.hosts.stubs.guard import installed


@pytest.fixture
def maya() -> Iterator[Maya]:
    fake = Maya()
    with installed(fake.modules(), "onepiece_hosts.maya"):
        yield fake


@pytest.fixture
def host(maya: Maya) -> Host:
    from onepiece_hosts.maya.adapter import MayaHost

    return MayaHost()


class TestContract(HostContract):
    @pytest.fixture(autouse=True)
    def _running(self, maya: Maya) -> None:
        self.maya = maya

    @pytest.fixture
    def host(self, maya: Maya) -> Host:
        from onepiece_hosts.maya.adapter import MayaHost

        return MayaHost()

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        path = tmp_path / "wood.png"
        path.write_bytes(b"a picture")
        return path

    def use_picture(self, path: Path) -> None:
        self.maya.scene.add("file", "file1", fileTextureName=path.as_posix())

    def break_something(self) -> None:
        self.maya.scene.add("transform", "broken")
