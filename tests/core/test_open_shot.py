"""Opening a shot in the right version: stand-in programs are started that answer, keep silent, fail or hand over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from onepiece_core.dcc import Dcc, Machine, find_all, get_dcc
from onepiece_core.dcc.versions import is_version, numbers
from onepiece_core.errors import DccMissing, LaunchFailed, SceneRefused
from onepiece_core.journal import Owner
from onepiece_core.open_shot import OpenedShot, OpenShotPlan, apply_open_shot, plan_open_shot
from onepiece_core.workfiles import locks
from tests.support.processes import end

HOSTS = Path(__file__).parents[2] / "hosts"

# Does what our start-up file does, a moment after it is up.
ANSWERS = """#!/bin/sh
sleep 0.3
told='{"host": "maya", "version": "2026.1", "pid": %s, "scene": "%s"}'
printf "$told" $$ "${TOLD_SCENE-$2}" > "$ONEPIECE_LAUNCH_FILE.part"
mv "$ONEPIECE_LAUNCH_FILE.part" "$ONEPIECE_LAUNCH_FILE"
exec sleep 60
"""
SILENT = "#!/bin/sh\nexec sleep 60\n"


def ours(_dcc: Dcc) -> dict[str, str]:
    return {"MAYA_MODULE_PATH": "/ours/maya", "BLENDER_USER_SCRIPTS": "/ours/blender"}


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


def machine(tmp_path: Path, **environ: str) -> Machine:
    path = os.pathsep.join((str(tmp_path / "bin"), "/usr/bin", "/bin"))
    return Machine({"PATH": path, **environ}, "linux", tmp_path)


def maya_scene(tmp_path: Path, version: str = "2026", more: str = "") -> Path:
    scene = tmp_path / "show" / "lighting_v002.ma"
    scene.parent.mkdir(exist_ok=True)
    scene.write_text(f'//Maya ASCII {version} scene\nrequires maya "{version}";\n{more}')
    return scene


@pytest.fixture
def ended() -> Iterator[list[int]]:
    pids: list[int] = []
    yield pids
    for pid in pids:
        end(pid)


def start(plan: OpenShotPlan, tmp_path: Path, ended: list[int], **more: object) -> OpenedShot:
    opened = apply_open_shot(plan, log=tmp_path / "logs" / "dcc.log", watch_seconds=0.2, **more)  # type: ignore[arg-type]
    ended.append(opened.pid)
    return opened


def several_mayas(tmp_path: Path) -> Machine:
    for version in ("2024", "2026", "2025"):
        program(tmp_path / f"usr/autodesk/maya{version}/bin/maya", SILENT)
    return machine(tmp_path)


def test_all_versions_are_found_each_once(tmp_path: Path):
    here = several_mayas(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "maya").symlink_to(tmp_path / "usr/autodesk/maya2025/bin/maya")
    found = find_all(get_dcc("maya"), here)
    assert [(one.version, one.found_by) for one in found] == [
        ("2025", "PATH"),
        ("2026", "install folder"),
        ("2024", "install folder"),
    ]


@pytest.mark.parametrize(
    ("saved_by", "asked", "started"), [("2025", None, "2025"), ("2023", None, "2026"), ("2024", "2025", "2025")]
)
def test_the_version_is_the_one_asked_for_else_the_scenes_else_the_newest(
    tmp_path: Path, saved_by: str, asked: str | None, started: str
):
    plan = plan_open_shot(maya_scene(tmp_path, saved_by), dcc=None, machine=several_mayas(tmp_path), version=asked)
    assert plan.version == started
    assert [one.code for one in plan.warnings] == ([] if saved_by == started else ["dcc.newer_version"])


def test_a_version_that_is_not_here_is_told_with_those_that_are(tmp_path: Path):
    with pytest.raises(DccMissing) as caught:
        plan_open_shot(maya_scene(tmp_path), dcc=None, machine=several_mayas(tmp_path), version="2019")
    assert caught.value.report.context["installed"] == ["2026", "2025", "2024"]


def test_a_scene_of_a_newer_version_is_refused_unless_told_otherwise(tmp_path: Path):
    scene, here = maya_scene(tmp_path, "2027"), several_mayas(tmp_path)
    with pytest.raises(SceneRefused) as caught:
        plan_open_shot(scene, dcc=None, machine=here)
    assert caught.value.report.context["saved_by"] == "2027"
    assert plan_open_shot(scene, dcc=None, machine=here, skip_validation=True).version == "2026"


def test_a_studios_wrapper_is_trusted(tmp_path: Path):
    here = several_mayas(tmp_path)
    wrapper = program(tmp_path / "bin" / "maya", SILENT)
    assert plan_open_shot(maya_scene(tmp_path, "2019"), dcc=None, machine=here).executable == wrapper


def test_an_empty_scene_is_refused_unless_told_otherwise(tmp_path: Path):
    scene = tmp_path / "empty.ma"
    scene.touch()
    with pytest.raises(SceneRefused, match="empty"):
        plan_open_shot(scene, dcc=None, machine=several_mayas(tmp_path))
    assert plan_open_shot(scene, dcc=None, machine=several_mayas(tmp_path), skip_validation=True).version == "2026"


def test_missing_files_an_odd_range_and_a_lock_are_warnings(tmp_path: Path):
    gone = 'file -r -rfn "chairRN" -typ "mayaAscii" "assets/chair.ma";\n'
    span = '\tsetAttr ".b" -type "string" "playbackOptions -min 1001 -max 1050 -ast 1001 -aet 1050 ";\n'
    scene = maya_scene(tmp_path, "2026", gone + span)
    locks.take(scene, owner=Owner("elsewhere", 1, 1.0), user="nami")
    plan = plan_open_shot(scene, dcc=None, machine=several_mayas(tmp_path), expected_range=(1001, 1100))
    assert [one.code for one in plan.warnings] == ["workfile.locked", "dcc.missing_files", "dcc.other_range"]
    assert "assets/chair.ma" in plan.warnings[1].message
    assert "1001-1050" in plan.warnings[2].message
    assert plan.facts.missing == ("assets/chair.ma",)


def test_it_is_opened_when_our_start_up_has_answered(tmp_path: Path, ended: list[int]):
    program(tmp_path / "bin" / "maya", ANSWERS)
    scene = maya_scene(tmp_path)
    here = machine(tmp_path, MAYA_MODULE_PATH="/studio")
    plan = plan_open_shot(scene, dcc=None, machine=here, ours=ours)
    assert plan.env["MAYA_MODULE_PATH"] == "/ours/maya:/studio"
    opened = start(plan, tmp_path, ended, wait=True)
    assert opened.state == "opened"
    assert opened.host is not None
    assert (opened.host.pid, opened.host.scene, opened.version) == (opened.pid, str(scene), "2026.1")
    assert opened.warnings == ()
    assert list((tmp_path / "logs" / "launches").iterdir()) == []


def test_a_host_that_shows_another_scene_is_warned_of(tmp_path: Path, ended: list[int]):
    program(tmp_path / "bin" / "maya", ANSWERS)
    plan = plan_open_shot(maya_scene(tmp_path), dcc=None, machine=machine(tmp_path, TOLD_SCENE=""), ours=ours)
    opened = start(plan, tmp_path, ended, wait=True)
    assert (opened.state, [one.code for one in opened.warnings]) == ("opened", ["dcc.other_scene"])


def test_without_our_start_up_it_is_started(tmp_path: Path, ended: list[int]):
    program(tmp_path / "bin" / "maya", SILENT)
    plan = plan_open_shot(maya_scene(tmp_path), dcc=None, machine=machine(tmp_path))
    opened = start(plan, tmp_path, ended, wait=True)
    assert (opened.state, opened.host, opened.warnings) == ("started", None, ())


def test_a_start_up_that_does_not_answer_in_time_is_warned_of(tmp_path: Path, ended: list[int]):
    program(tmp_path / "bin" / "maya", SILENT)
    plan = plan_open_shot(maya_scene(tmp_path), dcc=None, machine=machine(tmp_path), ours=ours)
    opened = start(plan, tmp_path, ended, answer_seconds=0.3)
    assert (opened.state, [one.code for one in opened.warnings]) == ("started", ["dcc.no_answer"])


def test_a_launcher_that_hands_over_is_waited_for(tmp_path: Path, ended: list[int]):
    real = program(tmp_path / "maya.bin", ANSWERS)
    program(tmp_path / "bin" / "maya", f'#!/bin/sh\nsetsid {real} "$@" &\nexit 0\n')
    plan = plan_open_shot(maya_scene(tmp_path), dcc=None, machine=machine(tmp_path), ours=ours)
    opened = start(plan, tmp_path, ended, wait=True)
    assert opened.host is not None
    ended.append(opened.host.pid)
    assert (opened.state, opened.host.pid != opened.pid) == ("opened", True)


@pytest.mark.parametrize(
    ("last_words", "advice"),
    [
        ("Error: could not obtain a license", "licence server"),
        ("qt.qpa.xcb: could not connect to display", "desktop session"),
        ("error while loading shared libraries: libGL.so.1: cannot open shared object file", "library"),
        ("something odd", "Start it by hand"),
    ],
)
def test_an_early_end_is_told_with_the_tail_of_its_log_and_what_to_do(tmp_path: Path, last_words: str, advice: str):
    program(tmp_path / "bin" / "maya", f"#!/bin/sh\nsleep 0.2\nseq 1000\necho '{last_words}' >&2\nexit 7\n")
    plan = plan_open_shot(maya_scene(tmp_path), dcc=None, machine=machine(tmp_path), ours=ours)
    with pytest.raises(LaunchFailed) as caught:
        apply_open_shot(plan, log=tmp_path / "maya.log", wait=True)
    report = caught.value.report
    assert (report.context["status"], report.context["output"].splitlines()[-1]) == (7, last_words)
    assert len(report.context["output"].splitlines()) == 12
    assert advice in str(report.hint)
    assert str(tmp_path / "maya.log") in str(report.hint)


def test_a_dcc_that_is_killed_at_once_is_told(tmp_path: Path):
    program(tmp_path / "bin" / "maya", "#!/bin/sh\nkill -9 $$\n")
    plan = plan_open_shot(maya_scene(tmp_path), dcc=None, machine=machine(tmp_path))
    with pytest.raises(LaunchFailed, match="signal 9"):
        apply_open_shot(plan, log=tmp_path / "maya.log", watch_seconds=20)


@pytest.mark.parametrize("answer", ["", "[]", '{"host": 1}', "\\xff\\xfe", "null"])
def test_an_answer_that_is_none_of_ours_is_no_answer(tmp_path: Path, ended: list[int], answer: str):
    program(tmp_path / "bin" / "maya", f"#!/bin/bash\nprintf '{answer}' > \"$ONEPIECE_LAUNCH_FILE\"\nexec sleep 60\n")
    plan = plan_open_shot(maya_scene(tmp_path), dcc=None, machine=machine(tmp_path), ours=ours)
    assert start(plan, tmp_path, ended, answer_seconds=0.5).state == "started"


def test_versions_are_compared_as_numbers():
    assert numbers("15.1 v10") == numbers("15.1v10") == (15, 1, 10)
    assert is_version("20.5.445", "20.5")
    assert not is_version("20.50", "20.5")
    assert not is_version("2026", "latest")


def test_a_program_that_does_not_tell_its_version_is_no_obstacle(tmp_path: Path):
    program(tmp_path / "bin" / "blender", "#!/bin/sh\necho 'no such option' >&2\nexit 1\n")
    scene = tmp_path / "a.blend"
    scene.write_bytes(b"not a blend")
    with pytest.raises(DccMissing):
        plan_open_shot(
            scene, dcc=None, machine=Machine({"PATH": str(tmp_path / "bin")}, "linux", tmp_path), version="4.2"
        )


BLENDER_SAVES = "import bpy; bpy.ops.wm.save_as_mainfile(filepath={path!r})"
# What the start-up file of an installed host does: here beside Blender's own start-up, from the repository.
BLENDER_STARTS = """
import sys
sys.path.insert(0, {hosts!r})
import bpy
from onepiece_hosts.blender.adapter import BlenderHost
from onepiece_hosts.installation import Installation
from onepiece_hosts.session import HostSession
def answer():
    HostSession(BlenderHost(), Installation({hosts!r}, "0", ("true",))).answer_launch()
def register():
    bpy.app.timers.register(answer, first_interval=0.1, persistent=True)
"""


def test_a_real_blender_opens_a_real_scene_and_answers(tmp_path: Path, ended: list[int]):
    scene = tmp_path / "layout_v001.blend"
    headless = {**os.environ, "LIBGL_ALWAYS_SOFTWARE": "1"}
    save = BLENDER_SAVES.format(path=str(scene))
    command = ["blender", "-b", "--factory-startup", "--python-expr", save]
    subprocess.run(command, check=True, env=headless, stdout=subprocess.DEVNULL)
    startup = tmp_path / "scripts" / "startup"
    startup.mkdir(parents=True)
    (startup / "answer.py").write_text(BLENDER_STARTS.format(hosts=str(HOSTS)))
    with screen(ended) as display:
        here = Machine({**headless, "DISPLAY": display, "PYTHONHOME": sys.prefix})
        plan = plan_open_shot(
            scene, dcc=None, machine=here, ours=lambda _: {"BLENDER_USER_SCRIPTS": str(tmp_path / "scripts")}
        )
        assert plan.version is not None
        assert is_version(plan.version, plan.facts.version or "?")
        opened = start(plan, tmp_path, ended, wait=True, answer_seconds=120)
        assert (opened.state, opened.warnings) == ("opened", ())
        assert opened.host is not None
        assert (opened.host.host, opened.host.scene) == ("blender", str(scene))


def test_a_plan_is_json_that_tells_what_the_scene_told(tmp_path: Path):
    plan = plan_open_shot(maya_scene(tmp_path, "2025"), dcc=None, machine=several_mayas(tmp_path))
    told = json.loads(plan.model_dump_json())
    assert (told["schema"], told["version"], told["facts"]["version"]) == ("onepiece.open-shot.1", "2025", "2025")
    assert "env" not in told


@contextmanager
def screen(ended: list[int]) -> Iterator[str]:
    """A screen of its own."""
    reader, writer = os.pipe()
    size = ["-screen", "0", "640x400x24", "-nolisten", "tcp"]
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writer), *size], pass_fds=[writer], stderr=subprocess.DEVNULL)
    ended.append(server.pid)
    os.close(writer)
    with os.fdopen(reader) as told:
        yield f":{told.readline().strip()}"
