"""Every engine that can be run here passes the same suite."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.farm.engines import deadline_cloud, local, opencue, slurm
from onepiece_core.farm.protocol import FarmSetup
from onepiece_core.testing.farm_contract import FarmContract, FarmLab
from tests.support.deadline_service import deadline_service
from tests.support.opencue_server import cuebot
from tests.support.slurm import SlurmCluster, slurm_cluster

PLUGIN = Path(__file__).parents[2] / "docs" / "examples" / "farm_plugin"


class TestLocal(FarmContract):
    @pytest.fixture
    def lab(self, tmp_path: Path) -> FarmLab:
        def again() -> local.LocalFarm:
            return local.open_farm(FarmSetup(tmp_path / "state", {"workers": 2, "idle_seconds": 1}, {}))

        return FarmLab(again(), tmp_path, again)


@pytest.fixture(scope="module")
def cluster() -> Iterator[SlurmCluster]:
    with slurm_cluster() as cluster:
        yield cluster


class TestSlurm(FarmContract):
    @pytest.fixture
    def lab(self, tmp_path: Path, cluster: SlurmCluster) -> Iterator[FarmLab]:
        def again() -> object:
            options = {"conf": str(cluster.conf), "jobs_dir": str(tmp_path / "jobs")}
            return slurm.open_farm(FarmSetup(tmp_path / "state", options, dict(os.environ)))

        yield FarmLab(again(), tmp_path, again, cluster.stop_controller, cluster.start_controller)
        cluster.cancel_all()


class TestDeadlineCloud(FarmContract):
    @pytest.fixture
    def lab(self, tmp_path: Path) -> Iterator[FarmLab]:
        with deadline_service(tmp_path / "service") as service:

            def again() -> object:
                return deadline_cloud.open_farm(FarmSetup(tmp_path / "state", service.options, service.environ))

            def set_answers(answers: bool) -> None:
                service.answers = answers

            yield FarmLab(again(), tmp_path, again, lambda: set_answers(False), lambda: set_answers(True))


class TestOpenCue(FarmContract):
    @pytest.fixture
    def lab(self, tmp_path: Path) -> Iterator[FarmLab]:
        with cuebot(tmp_path / "cuebot") as bot:

            def again() -> object:
                return opencue.open_farm(FarmSetup(tmp_path / "state", {"cuebot": bot.address}, {}))

            def set_answers(answers: bool) -> None:
                bot.answers = answers

            yield FarmLab(again(), tmp_path, again, lambda: set_answers(False), lambda: set_answers(True))


class TestThirdParty(FarmContract):
    """The example of the documentation."""

    @pytest.fixture
    def lab(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FarmLab]:
        monkeypatch.syspath_prepend(str(PLUGIN))
        import studio_farm

        def again() -> object:
            return studio_farm.open_farm(FarmSetup(tmp_path / "state", {}, {}))

        yield FarmLab(again(), tmp_path, again)
        sys.modules.pop("studio_farm")
