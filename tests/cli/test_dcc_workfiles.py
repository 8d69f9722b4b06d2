"""The commands for workfiles: everything the open-shot panel does, from a shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from onepiece_core.workfiles import locks
from tests.cli.conftest import Cli

NAME = "FG_ep010_sc02_0010_comp_v"
COMP = ("FG", "ep010", "sc02", "0010", "comp")


@pytest.fixture
def comp(tmp_path: Path) -> Path:
    """A work folder with three versions, below a root that the settings name."""
    folder = tmp_path / "projects/FG/ep010/sc02/0010/comp/work"
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        path = folder / f"{NAME}{number:03}.nk"
        path.write_text(f"version 15.1 v2\nRoot {{\n first_frame 1001\n last_frame {1050 + number}\n}}\n")
        os.utime(path, (1000 * number, 1000 * number))
    template = tmp_path / "template.nk"
    template.write_text("version 15.1 v2\n")
    text = f'roots.projects = "{tmp_path}/projects"\n[workfiles.templates.nuke]\n"*" = "template.nk"\n'
    (tmp_path / "onepiece.toml").write_text(text)
    return folder


def program(tmp_path: Path, name: str, script: str = "#!/bin/sh\nexit 0\n") -> str:
    path = tmp_path / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return os.pathsep.join((str(path.parent), "/usr/bin", "/bin"))


def test_workfiles_are_listed_newest_first(cli: Cli, comp: Path):
    items = cli("dcc", "workfiles", *COMP, "--json").told["items"]
    assert [item["version"] for item in items] == [3, 2, 1]
    assert items[0]["path"] == str(comp / f"{NAME}003.nk")
    assert items[0]["lock"] is None
    assert cli("dcc", "workfiles", "FG", "ep010", "--dcc", "blender", "--json").told["items"] == []
    shown = cli("dcc", "workfiles", *COMP).out.splitlines()
    assert len(shown) == 3
    assert shown[0].startswith("v003")


def test_workfiles_need_a_show_or_recent(cli: Cli, comp: Path):
    assert cli("dcc", "workfiles", "--json").error["code"] == "onepiece.usage"
    assert cli("dcc", "workfiles", "FG", "--recent", "--json").error["code"] == "onepiece.usage"


def test_a_context_is_opened_at_its_newest_workfile(cli: Cli, comp: Path, tmp_path: Path):
    env = {"PATH": program(tmp_path, "nuke")}
    told = cli("dcc", "open-shot", *COMP, "--dry-run", "--json", env=env).told
    assert told["scene"] == str(comp / f"{NAME}003.nk")
    assert told["argv"] == [str(tmp_path / "bin" / "nuke"), str(comp / f"{NAME}003.nk")]
    assert (told["facts"]["first"], told["facts"]["last"]) == (1001, 1053)
    opened = cli("dcc", "open-shot", *COMP, "--json", env=env).told
    assert (opened["state"], opened["scene"]) == ("started", str(comp / f"{NAME}003.nk"))
    recent = cli("dcc", "workfiles", "--recent", "--json").told["items"]
    assert [item["path"] for item in recent] == [str(comp / f"{NAME}003.nk")]


def test_a_context_without_workfiles_is_told(cli: Cli, comp: Path):
    done = cli("dcc", "open-shot", "FG", "ep010", "sc02", "0020", "comp", "--json")
    assert (done.status, done.error["code"]) == (15, "workfile.missing")
    assert cli("dcc", "open-shot", *COMP, "--dcc", "maya", "--json").error["code"] == "workfile.missing"


def test_a_file_and_a_context_are_too_much_and_neither_too_little(cli: Cli, comp: Path):
    assert cli("dcc", "open-shot", "--json").error["code"] == "onepiece.usage"
    assert cli("dcc", "open-shot", "FG", "--shot", "a.nk", "--json").error["code"] == "onepiece.usage"


def test_an_early_end_is_told_with_its_log(cli: Cli, comp: Path, tmp_path: Path):
    env = {"PATH": program(tmp_path, "nuke", "#!/bin/sh\necho 'FOUNDRY LICENSE ERROR' >&2\nexit 100\n")}
    done = cli("dcc", "open-shot", *COMP, "--json", env=env)
    assert (done.status, done.error["code"]) == (9, "dcc.launch_failed")
    assert done.error["context"]["output"] == "FOUNDRY LICENSE ERROR"
    assert "licence" in done.error["hint"]
    assert "FOUNDRY LICENSE ERROR" in cli("dcc", "open-shot", *COMP, env=env).err


def test_an_empty_scene_is_refused_and_opened_all_the_same(cli: Cli, comp: Path, tmp_path: Path):
    env = {"PATH": program(tmp_path, "nuke")}
    empty = comp / "empty.nk"
    empty.touch()
    done = cli("dcc", "open-shot", "--shot", empty, "--dry-run", "--json", env=env)
    assert (done.status, done.error["code"]) == (9, "dcc.scene_refused")
    told = cli("dcc", "open-shot", "--shot", empty, "--dry-run", "--skip-validation", "--json", env=env).told
    assert told["scene"] == str(empty)


def test_a_scene_is_inspected(cli: Cli, comp: Path):
    scene = comp / "a.nk"
    scene.write_text(
        "version 15.1 v2\nRoot {\n first_frame 1\n}\nRead {\n file gone.%04d.exr\n}\nRead {\n file a.nk\n}\n"
    )
    told = cli("dcc", "inspect", scene, "--json").told
    assert (told["application"], told["version"], told["missing"]) == ("nuke", "15.1 v2", ["gone.%04d.exr"])
    assert {used["path"]: used["is_there"] for used in told["files"]} == {"gone.%04d.exr": False, "a.nk": True}
    shown = cli("dcc", "inspect", scene).out
    assert "2 files, 1 missing" in shown
    assert "missing  gone.%04d.exr" in shown
    assert cli("dcc", "inspect", comp / "gone.nk", "--json").error["code"] == "publish.input_missing"


def test_the_next_version_is_printed_and_copied_only_when_asked(cli: Cli, comp: Path):
    first, fourth = comp / f"{NAME}001.nk", comp / f"{NAME}004.nk"
    assert cli("dcc", "save-next", first).out.strip() == str(fourth)
    assert cli("dcc", "save-next", first, "--copy", "--dry-run", "--json").told["is_copied"] is False
    assert not fourth.exists()
    told = cli("dcc", "save-next", first, "--copy", "--comment", "sky replaced", "--json").told
    assert (told["path"], told["version"], told["is_copied"]) == (str(fourth), 4, True)
    assert fourth.read_bytes() == first.read_bytes()
    assert cli("dcc", "workfiles", *COMP, "--json").told["items"][0]["comment"] == "sky replaced"
    assert cli("dcc", "save-next", first, "--comment", "x", "--json").error["code"] == "onepiece.usage"
    assert cli("dcc", "save-next", comp / "gone_v001.nk", "--copy", "--json").error["code"] == "workfile.missing"


def test_a_new_workfile_is_made_from_the_template(cli: Cli, comp: Path, tmp_path: Path):
    told = cli("dcc", "new", "FG", "ep010", "sc02", "0020", "comp", "--dry-run", "--json").told
    path = tmp_path / "projects/FG/ep010/sc02/0020/comp/work/FG_ep010_sc02_0020_comp_v001.nk"
    assert (told["path"], told["template"]) == (str(path), str(tmp_path / "template.nk"))
    assert not path.exists()
    assert cli("dcc", "new", "FG", "ep010", "sc02", "0020", "comp").out.strip() == str(path)
    assert path.read_text() == "version 15.1 v2\n"
    assert cli("dcc", "new", *COMP, "--dcc", "maya", "--json").error["code"] == "workfile.template_missing"


def test_a_workfile_is_locked_and_unlocked(cli: Cli, comp: Path):
    scene = comp / f"{NAME}001.nk"
    assert cli("dcc", "lock", scene, "--dry-run", "--json").told["lock"] is None
    assert locks.read(scene) is None
    lock = cli("dcc", "lock", scene, "--pid", os.getpid(), "--json").told["lock"]
    assert (lock["pid"], lock["is_stale"]) == (os.getpid(), False)
    other = cli("dcc", "lock", scene, "--pid", os.getppid(), "--steal", "--json")
    assert (other.status, other.error["code"]) == (15, "workfile.locked")
    assert other.error["context"]["pid"] == os.getpid()
    assert "locked by" in cli("dcc", "workfiles", *COMP).out
    assert cli("dcc", "unlock", scene, "--dry-run", "--json").told["lock"]["pid"] == os.getpid()
    assert cli("dcc", "unlock", scene, "--json").told["is_removed"] is True
    assert cli("dcc", "unlock", scene, "--json").told["is_removed"] is False
    assert cli("dcc", "lock", comp / "gone.nk", "--json").error["code"] == "workfile.missing"
    assert cli("dcc", "lock", scene, "--pid", 2**22 + 7, "--json").error["code"] == "onepiece.usage"


def test_a_lock_is_held_until_its_process_ends(cli: Cli, comp: Path, env: dict[str, str]):
    scene = comp / f"{NAME}001.nk"
    dcc = subprocess.Popen(["sleep", "60"])
    command = [
        sys.executable,
        "-m",
        "onepiece_cli",
        "dcc",
        "lock",
        str(scene),
        "--hold",
        "--pid",
        str(dcc.pid),
        "--json",
    ]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env, cwd=comp)
    assert holder.stdout
    assert json.loads(holder.stdout.readline())["lock"]["pid"] == dcc.pid
    dcc.send_signal(signal.SIGKILL)
    dcc.wait()
    holder.wait(30)
    holder.stdout.close()
    assert holder.returncode == 0
    assert locks.read(scene) is None


def test_the_lock_of_a_dead_process_is_stolen_by_command(cli: Cli, comp: Path):
    scene = comp / f"{NAME}001.nk"
    dead = subprocess.Popen(["sleep", "60"])
    cli("dcc", "lock", scene, "--pid", dead.pid)
    dead.kill()
    dead.wait()
    refused = cli("dcc", "lock", scene, "--pid", os.getpid(), "--json").error
    assert (refused["code"], refused["context"]["is_stale"]) == ("workfile.locked", True)
    assert cli("dcc", "lock", scene, "--pid", os.getpid(), "--steal", "--json").told["lock"]["pid"] == os.getpid()


def test_an_installed_blender_answers_from_inside(cli: Cli, tmp_path: Path):
    """Nothing is pretended: our start-up is installed, and Blender's window comes up with it."""
    scene = tmp_path / "layout_v001.blend"
    make = f"import bpy; bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r})"
    gl = {"LIBGL_ALWAYS_SOFTWARE": "1", "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    blender = ["blender", "-b", "--factory-startup", "--python-expr", make]
    subprocess.run(blender, check=True, capture_output=True, env={**os.environ, **gl})
    reader, writer = os.pipe()
    size = ["-screen", "0", "640x400x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(["Xvfb", "-displayfd", str(writer), *size], pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    pid = None
    try:
        with os.fdopen(reader) as told:
            display = f":{told.readline().strip()}"
        assert cli("dcc", "install", "blender", env=gl).status == 0
        opened = cli("dcc", "open-shot", "--shot", scene, "--wait", "--json", env={**gl, "DISPLAY": display}).told
        pid = opened["pid"]
        assert (opened["state"], opened["host"]["scene"]) == ("opened", str(scene))
        assert opened["warnings"] == []
    finally:
        for number in (pid, screen.pid):
            if number is not None:
                os.kill(number, signal.SIGKILL)
        screen.wait()
