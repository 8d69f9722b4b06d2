"""Desks for the tests of the Qt panels: with the scripted worker, and with the real one at a studio."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.paper_host import PaperHost
from tests.hosts.qt.desk import Desk, real, scripted
from tests.hosts.qt.scripted import NAME
from tests.support.media import write_exr

# The studio is one for all tests: each publishes a version of its own.
_NUMBERS = itertools.count(51)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def host(folder: Path) -> PaperHost:
    host = PaperHost((folder / f"{NAME}.nk").as_posix())
    host.save()
    return host


@pytest.fixture
def desk(folder: Path, host: PaperHost) -> Iterator[Desk]:
    desk = Desk(scripted(folder), host=host)
    yield desk
    (folder / "go").touch()
    desk.leave()


@pytest.fixture
def environ(studio: SandboxReport, tmp_path: Path) -> dict[str, str]:
    settings = f'[publish]\nbucket = "studio-prod-data"\n[roots.projects]\nlinux = "{tmp_path}"\n'
    (tmp_path / "onepiece.toml").write_text(settings)
    state = {"ONEPIECE_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    return {**studio.env, **state, "LOGNAME": "elif"}


@pytest.fixture
def scene(tmp_path: Path) -> PaperHost:
    name = f"FG_ep010_sc02_0010_comp_v{next(_NUMBERS):03}"
    work = tmp_path / "FG/ep010/sc02/0010/comp/work"
    (work / "renders").mkdir(parents=True)
    for frame in range(1001, 1006):
        write_exr(work / "renders" / f"{name}.{frame}.exr", seed=f"{tmp_path} {frame}")
    renders = f"{work.as_posix()}/renders/{name}.%04d.exr"
    host = PaperHost((work / f"{name}.nk").as_posix(), outputs=[renders])
    host.save()
    return host


@pytest.fixture
def studio_desk(environ: dict[str, str], scene: PaperHost) -> Iterator[Desk]:
    desk = Desk(real(), environ, scene)
    yield desk
    desk.leave()
