"""Opening a shot: real programs are started, Blender among them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.dcc import Machine
from onepiece_core.errors import DccMissing, DccUnknown, LaunchFailed, SceneMissing
from onepiece_core.open_shot import apply_open_shot, dcc_environment, plan_open_shot
from tests.support.processes import end

# Tells what it was started with, then stays.
STAND_IN = """#!/bin/sh
printf '%s\\n' "$@" > "$RECORD.part"
env > "$RECORD.env"
mv "$RECORD.part" "$RECORD"
exec sleep 60
"""


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "show" / "lighting_v002.ma"
    path.parent.mkdir()
    path.write_text('//Maya ASCII 2026 scene\nrequires maya "2026";\n')
    return path


def machine(tmp_path: Path, name: str, script: str, **environ: str) -> Machine:
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)
    path = os.pathsep.join((str(folder), "/usr/bin", "/bin"))
    return Machine({"PATH": path, "RECORD": str(tmp_path / "record"), **environ}, "linux", tmp_path)


def wait_for(path: Path, seconds: float = 60.0) -> str:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)
    return path.read_text()


@pytest.fixture
def ended() -> Iterator[list[int]]:
    """Pids to end after the test."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        end(pid)


def test_the_dcc_gets_the_scene_and_outlives_us(tmp_path: Path, scene: Path, ended: list[int]):
    plan = plan_open_shot(scene, dcc=None, machine=machine(tmp_path, "maya", STAND_IN))
    opened = apply_open_shot(plan, log=tmp_path / "logs" / "maya.log", watch_seconds=0.2)
    ended.append(opened.pid)

    assert wait_for(tmp_path / "record").splitlines() == ["-file", str(scene)]
    assert os.getsid(opened.pid) == opened.pid != os.getsid(0)


def test_a_dcc_named_by_the_artist_wins_and_is_warned_of(tmp_path: Path, scene: Path):
    plan = plan_open_shot(scene, dcc="Blender", machine=machine(tmp_path, "blender", STAND_IN))
    assert plan.dcc == "blender"
    assert plan.argv == (str(tmp_path / "bin" / "blender"), str(scene))
    assert [warning.code for warning in plan.warnings] == ["dcc.foreign_scene"]


def test_a_plan_starts_nothing_and_its_dump_holds_no_environment(tmp_path: Path, scene: Path):
    here = machine(tmp_path, "maya", STAND_IN, ONEPIECE_SHOTGRID_KEY="very secret")
    plan = plan_open_shot(scene, dcc=None, machine=here)
    assert "very secret" not in plan.model_dump_json() + repr(plan)
    assert plan.env["ONEPIECE_SHOTGRID_KEY"] == "very secret"
    assert not (tmp_path / "record").exists()


def test_a_relative_scene_is_opened_by_its_whole_path(tmp_path: Path, scene: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(scene.parent)
    plan = plan_open_shot(Path(scene.name), dcc=None, machine=machine(tmp_path, "maya", STAND_IN))
    assert plan.scene == scene


def test_the_dccs_environment_has_nothing_of_our_python(tmp_path: Path, scene: Path, ended: list[int]):
    ours = {
        "PYTHONPATH": "/ours",
        "PYTHONHOME": "/ours",
        "VIRTUAL_ENV": "/ours",
        "VIRTUAL_ENV_PROMPT": "ours",
        "MAYA_MODULE_PATH": "/studio",
    }
    plan = plan_open_shot(scene, dcc=None, machine=machine(tmp_path, "maya", STAND_IN, **ours))
    ended.append(apply_open_shot(plan, log=tmp_path / "maya.log", watch_seconds=0.2).pid)
    wait_for(tmp_path / "record")
    names = {line.partition("=")[0] for line in (tmp_path / "record.env").read_text().splitlines()}
    assert "MAYA_MODULE_PATH" in names
    assert not names & (set(ours) - {"MAYA_MODULE_PATH"})


def test_the_venvs_programs_leave_path():
    environ = {"PATH": os.pathsep.join(("/venv/bin", "/usr/bin", "/venv/bin/"))}
    assert dcc_environment(environ, prefix=Path("/venv"))["PATH"] == "/usr/bin"


def test_an_unknown_extension_is_told_with_the_known_ones(tmp_path: Path):
    plate = tmp_path / "plate.exr"
    plate.touch()
    with pytest.raises(DccUnknown) as caught:
        plan_open_shot(plate, dcc=None, machine=Machine({}, "linux", tmp_path))
    assert "nuke .nk" in str(caught.value.report.hint)
    assert "--dcc" in str(caught.value.report.hint)


def test_a_dcc_that_is_not_installed_is_told(tmp_path: Path, scene: Path):
    with pytest.raises(DccMissing) as caught:
        plan_open_shot(scene, dcc=None, machine=Machine({"PATH": str(tmp_path)}, "linux", tmp_path))
    report = caught.value.report
    assert report.code == "dcc.not_found"
    assert "`maya` on PATH" in str(report.hint)


@pytest.mark.parametrize("name", ["gone.ma", "show", "show/gone.ma", "a\0b.ma"])
def test_a_scene_that_is_no_file_is_told(tmp_path: Path, scene: Path, name: str):
    with pytest.raises(SceneMissing):
        plan_open_shot(tmp_path / name, dcc="maya", machine=machine(tmp_path, "maya", STAND_IN))


def test_a_pipe_is_no_scene_and_does_not_hang(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.ma")
    with pytest.raises(SceneMissing):
        plan_open_shot(tmp_path / "pipe.ma", dcc=None, machine=machine(tmp_path, "maya", STAND_IN))


def test_a_dcc_that_ends_at_once_is_told_with_what_it_printed(tmp_path: Path, scene: Path):
    broken = machine(tmp_path, "maya", "#!/bin/sh\necho 'licence server is not reachable' >&2\nexit 3\n")
    plan = plan_open_shot(scene, dcc=None, machine=broken)
    with pytest.raises(LaunchFailed) as caught:
        apply_open_shot(plan, log=tmp_path / "maya.log", watch_seconds=30)
    assert caught.value.report.context["status"] == 3
    assert "licence server is not reachable" in caught.value.report.context["output"]


def test_a_file_that_is_no_program_is_told(tmp_path: Path, scene: Path):
    plan = plan_open_shot(scene, dcc=None, machine=machine(tmp_path, "maya", "neither ELF nor a script"))
    with pytest.raises(LaunchFailed) as caught:
        apply_open_shot(plan, log=tmp_path / "maya.log")
    assert caught.value.report.code == "dcc.launch_failed"


def test_a_launcher_that_hands_over_and_ends_is_fine(tmp_path: Path, scene: Path):
    plan = plan_open_shot(scene, dcc=None, machine=machine(tmp_path, "maya", "#!/bin/sh\nexit 0\n"))
    assert apply_open_shot(plan, log=tmp_path / "maya.log", watch_seconds=30).dcc == "maya"


@pytest.fixture
def display(ended: list[int]) -> str:
    reader, writer = os.pipe()
    screen = ["-screen", "0", "640x400x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), *screen], pass_fds=[writer], stderr=subprocess.DEVNULL
    )
    ended.append(server.pid)
    os.close(writer)
    with os.fdopen(reader) as told:
        return f":{told.readline().strip()}"


def test_blender_opens_the_scene_in_its_window(tmp_path: Path, display: str, ended: list[int]):
    """The real one: a script that Blender itself loads tells which file is open."""
    told = tmp_path / "told"
    save = f"import bpy; bpy.ops.wm.save_as_mainfile(filepath={str(tmp_path / 'shot_v001.blend')!r})"
    headless = {**os.environ, "LIBGL_ALWAYS_SOFTWARE": "1"}
    subprocess.run(
        ["blender", "-b", "--factory-startup", "--python-expr", save],
        check=True,
        env=headless,
        stdout=subprocess.DEVNULL,
    )
    scripts = tmp_path / "scripts" / "startup"
    scripts.mkdir(parents=True)
    (scripts / "tell.py").write_text(
        "import bpy, pathlib\n"
        "def tell():\n"
        f"    pathlib.Path({str(told)!r} + '.part').write_text(bpy.data.filepath)\n"
        f"    pathlib.Path({str(told)!r} + '.part').rename({str(told)!r})\n"
        "def register():\n"
        "    bpy.app.timers.register(tell, first_interval=0.1, persistent=True)\n"
    )
    window = {"DISPLAY": display, "BLENDER_USER_SCRIPTS": str(tmp_path / "scripts")}
    here = Machine({**headless, **window, "PYTHONHOME": sys.prefix})  # a Blender with our Python would not start

    plan = plan_open_shot(tmp_path / "shot_v001.blend", dcc=None, machine=here)
    opened = apply_open_shot(plan, log=tmp_path / "blender.log", watch_seconds=0.5)
    ended.append(opened.pid)

    assert wait_for(told) == str(tmp_path / "shot_v001.blend")
