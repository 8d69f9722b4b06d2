"""``onepiece dcc install, uninstall, list, env`` and ``onepiece shelves``; Blender itself loads what was installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.core.test_dcc_install import tree

LOOK = """
import json, os, sys
import addon_utils, bpy
worker = getattr(bpy.types, "ONEPIECE_MT_menu", None)
import onepiece_hosts, onepiece_shelves
from onepiece_hosts import commands
told = {
    "is_on": addon_utils.check("onepiece")[1],
    "menu": worker is not None,
    "entries": [tool.id for tool in commands.find_tools("blender")],
    "studio_menu": hasattr(bpy.types, "ONEPIECE_MT_shelf_0"),
    "hosts": onepiece_hosts.__file__,
    "shelves": onepiece_shelves.__file__,
    "leaks": [path for path in sys.path if "site-packages" in path and path.startswith(sys.argv[-2])],
    "preferences": "onepiece" in bpy.context.preferences.addons,
}
with open(sys.argv[-1], "w") as file:
    json.dump(told, file)
"""

needs_blender = pytest.mark.skipif(shutil.which("blender") is None, reason="blender is not installed")


def in_blender(home: Path, env: dict[str, str]) -> tuple[dict[str, Any], str]:
    """What Blender has of us, started in background as an artist would start it."""
    script, result = home.parent / "look.py", home.parent / "told.json"
    script.write_text(LOOK)
    venv = str(Path(shutil.which("onepiece") or "").parent.parent)
    done = subprocess.run(
        ["blender", "--background", "--python-exit-code", "9", "--python", script, "--", venv, result],
        env={**env, "LIBGL_ALWAYS_SOFTWARE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(result.read_text()), done.stdout + done.stderr


@pytest.fixture
def home(env: dict[str, str]) -> Path:
    return Path(env["HOME"])


@needs_blender
def test_blender_loads_what_was_installed_and_an_uninstall_leaves_no_trace(
    cli: Cli, env: dict[str, str], home: Path, tmp_path: Path
):
    # Blender's own files are there already when OnePiece comes.
    subprocess.run(["blender", "--background"], env=env, capture_output=True, timeout=120, check=True)
    before = tree(home)

    told = cli("dcc", "install", "blender", "--json").told
    assert (told["host"], told["scope"], told["is_done"]) == ("blender", "user", False)
    found, printed = in_blender(home, env)
    assert "could not start" not in printed
    assert found["is_on"]
    assert found["menu"]
    assert found["entries"] == ["publish", "open_shot", "save_next", "recover", "about"]
    assert found["hosts"].startswith(told["folder"])
    assert found["shelves"].startswith(told["folder"])
    assert found["leaks"] == []
    assert not found["preferences"], "the artist's preferences would name us after an uninstall"
    assert cli("dcc", "install", "blender", "--json").told["is_done"]

    removed = cli("dcc", "uninstall", "blender", "--json").told
    assert told["folder"] in removed["removes"]
    assert tree(home) == before
    assert "Nothing to do" in cli("dcc", "uninstall", "blender").out


@needs_blender
def test_blender_follows_the_pin_of_a_project_and_shows_a_studios_tools(
    cli: Cli, env: dict[str, str], home: Path, tmp_path: Path
):
    studio = {"id": "dailies", "label": "Dailies/\"ä\" 'x'", "command": "studio.dailies:main", "menu": "Studio <1>"}
    (tmp_path / "studio.json").write_text(json.dumps({"schema": "onepiece.shelves.1", "tools": [studio]}))
    cli("dcc", "install", "blender", "--scope", "path", "--to", "central")
    (laid_out,) = (tmp_path / "central").glob("[0-9]*")
    laid_out.rename(tmp_path / "central" / "0.0.7")
    cli("dcc", "install", "blender")
    (tmp_path / "onepiece.toml").write_text(
        '[hosts]\ncentral = "central"\nversion = "0.0.7"\nshelves = ["studio.json"]\n'
    )

    told = cli("dcc", "env", "blender", "--json").told
    assert told["set"]["ONEPIECE_HOSTS"] == str(tmp_path / "central" / "0.0.7")
    (startup,) = home.glob("xdg-config/blender/*/scripts/startup")
    cli("shelves", "export", "--host", "blender", "--to", startup)
    found, printed = in_blender(home, {**env, **told["set"]})
    assert "Traceback" not in printed
    assert found["hosts"].startswith(str(tmp_path / "central" / "0.0.7"))
    assert found["entries"][-1] == "dailies"
    assert found["studio_menu"]

    # The way back is one line.
    (tmp_path / "onepiece.toml").unlink()
    back = cli("dcc", "env", "blender", "--json").told["set"]
    found, _ = in_blender(home, {**env, **back})
    assert found["hosts"].startswith(str(home))


def program(path: Path, prints: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


def test_the_list_has_every_host_with_version_and_python(cli: Cli, tmp_path: Path):
    program(tmp_path / "Nuke15.1v3/Nuke15.1")
    (tmp_path / "maya2022/lib/python3.7").mkdir(parents=True)
    program(tmp_path / "maya2022/bin/maya")
    program(tmp_path / "wrappers/blender", "Blender 4.2.3 LTS")
    path = os.pathsep.join(str(tmp_path / one) for one in ("Nuke15.1v3", "maya2022/bin", "wrappers"))
    env = {"PATH": path + os.pathsep + "/bin"}
    told = cli("dcc", "list", "--json", env=env).told
    assert told["schema"] == "onepiece.dcc-list.1"
    hosts = {host["name"]: host for host in told["hosts"]}
    assert list(hosts) == ["maya", "nuke", "houdini", "blender"]
    first = {name: host["found"][0] for name, host in hosts.items() if host["found"]}
    seen = {name: (one["version"], one["python"], one["is_python_too_old"]) for name, one in first.items()}
    assert seen["maya"] == ("2022", "3.7", True)
    assert seen["nuke"] == ("15.1", "3.10", False)
    assert seen["blender"] == ("4.2.3", "3.11", False)
    shown = cli("dcc", "list", env=env).out
    assert "too old for OnePiece" in shown
    assert "Houdini   not found" in shown


def test_the_list_says_who_loads_onepiece(cli: Cli):
    cli("dcc", "install", "maya")
    cli("dcc", "install", "houdini", "--scope", "path")
    hosts = {host["name"]: host["installs"] for host in cli("dcc", "list", "--json").told["hosts"]}
    assert [entry["scope"] for entry in hosts["maya"]] == ["user"]
    assert [entry["scope"] for entry in hosts["houdini"]] == ["path"]
    assert hosts["nuke"] == []


def test_the_list_says_how_each_capability_was_checked(cli: Cli):
    hosts = {host["name"]: host["checked"] for host in cli("dcc", "list", "--json").told["hosts"]}
    for name, checked in hosts.items():
        how = "run in the host" if name == "blender" else "names and shapes of calls only"
        assert checked["how"] == how
        assert checked["behaviours"] > 20
        assert {one["checked"] for one in checked["capabilities"]} == {how}
    shown = cli("dcc", "list", "--capabilities").out
    assert shown.count("thumbnail") == 4
    assert "names and shapes of calls only (maya-stubs" in shown


def test_a_dry_run_changes_nothing(cli: Cli, home: Path):
    before = tree(home)
    assert "Would put OnePiece into nuke" in cli("dcc", "install", "nuke", "--dry-run").out
    assert cli("dcc", "install", "nuke", "--dry-run", "--json").told["lays_out"] > 50
    assert tree(home) == before
    cli("dcc", "install", "nuke")
    installed = tree(home)
    assert "Would take OnePiece out of nuke" in cli("dcc", "uninstall", "nuke", "--dry-run").out
    assert tree(home) == installed


def test_the_environment_is_told_in_the_words_of_a_shell(cli: Cli, env: dict[str, str], tmp_path: Path):
    folder = cli("dcc", "install", "nuke", "--scope", "path", "--json").told["folder"]
    told = cli("dcc", "env", "nuke", "--json").told
    assert told["prepend"] == ["NUKE_PATH"]
    assert told["set"]["NUKE_PATH"] == f"{folder}/nuke"
    commands = cli("dcc", "env", "nuke", "--shell", "posix").out
    for own, expected in (("", f"{folder}/nuke"), ("/studio/it's", f"{folder}/nuke:/studio/it's")):
        script = commands + 'printf %s "$NUKE_PATH"'
        done = subprocess.run(["sh", "-c", script], env={"NUKE_PATH": own}, capture_output=True, text=True, check=True)
        assert done.stdout == expected
    powershell = cli("dcc", "env", "nuke", "--shell", "powershell").out
    assert f"$env:ONEPIECE_HOSTS = '{folder}'\n" in powershell
    assert f"NUKE_PATH={folder}/nuke\n" in cli("dcc", "env", "nuke").out


def test_installs_at_the_same_time_end_as_one(cli: Cli, home: Path):
    before = tree(home)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda host: cli("dcc", "install", host), ["nuke", "nuke", "maya", "nuke"]))
    assert [done.status for done in told] == [0] * 4, [done.err for done in told]
    assert (home / ".nuke/init.py").read_bytes().count(b"pluginAddPath") == 1
    assert cli("dcc", "install", "nuke", "--json").told["is_done"]
    assert cli("dcc", "install", "maya", "--json").told["is_done"]
    cli("dcc", "uninstall", "nuke")
    cli("dcc", "uninstall", "maya")
    assert tree(home) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["dcc", "install", "flame"], "dcc.unknown"),
        (["dcc", "uninstall", "flame"], "dcc.unknown"),
        (["dcc", "env", "maya"], "dcc.host_files_missing"),
        (["dcc", "install", "houdini"], "dcc.not_found"),
        (["dcc", "install", "houdini", "--version", "twenty"], "onepiece.usage"),
        (["dcc", "install", "maya", "--to", "central"], "onepiece.usage"),
        (["shelves", "validate", "gone.json"], "dcc.shelves_invalid"),
    ],
)
def test_what_cannot_be_done_is_told(cli: Cli, home: Path, words: list[str], code: str):
    before = tree(home)
    done = cli(*words)
    assert done.status in (2, 9)
    assert f"code:  {code}" in done.err
    assert tree(home) == before


def test_a_central_copy_that_is_not_there_is_told(cli: Cli, tmp_path: Path):
    (tmp_path / "onepiece.toml").write_text('[hosts]\ncentral = "nowhere"\n')
    assert cli("dcc", "install", "maya", "--json").error["code"] == "dcc.host_files_missing"


def test_shelves_are_checked_listed_and_exported(cli: Cli, tmp_path: Path):
    tools = [{"id": "dailies", "label": "Dailies", "command": "studio:main", "hosts": ["nuke"], "shelf": "Studio"}]
    (tmp_path / "studio.json").write_text(json.dumps({"schema": "onepiece.shelves.1", "tools": tools}))
    assert "6 tools" in cli("shelves", "validate", "studio.json").out
    listed = cli("shelves", "list", "studio.json", "--host", "nuke", "--json").told["tools"]
    assert [tool["id"] for tool in listed][-1] == "dailies"
    assert "dailies" not in cli("shelves", "list", "studio.json", "--host", "maya").out

    assert "Would write" in cli("shelves", "export", "--host", "houdini", "--to", "out", "--dry-run").out
    assert not (tmp_path / "out").exists()
    for host, files in {
        "maya": ["shelf_OnePiece.mel"],
        "nuke": ["onepiece_toolbars.py"],
        "houdini": ["MainMenuCommon.xml", "toolbar/onepiece.shelf"],
        "blender": ["onepiece_menus.py"],
    }.items():
        told = cli("shelves", "export", "studio.json", "--host", host, "--to", f"out/{host}", "--json").told
        assert sorted(told["files"]) == [str(tmp_path / "out" / host / name) for name in files]
        assert all(Path(file).is_file() for file in told["files"])
    assert "Dailies" in (tmp_path / "out/nuke/onepiece_toolbars.py").read_text()


def test_mistakes_in_shelves_are_told_with_file_and_place(cli: Cli, tmp_path: Path):
    (tmp_path / "bad.json").write_text('{"schema": "onepiece.shelves.1", "tools": [{"id": "X"}], "hide": ["x"]}')
    (tmp_path / "worse.json").write_text("{")
    done = cli("shelves", "validate", "bad.json", "worse.json", "--json")
    assert done.status == 9
    told = json.loads(done.out)
    assert told["ok"] is False
    assert {(Path(one["file"]).name, one["path"], one["severity"]) for one in told["findings"]} >= {
        ("bad.json", "tools[0].id", "error"),
        ("bad.json", "hide[0]", "warning"),
        ("worse.json", "", "error"),
    }
    assert json.loads(done.err)["error"]["code"] == "dcc.shelves_invalid"
    assert cli("shelves", "list", "bad.json").status == 0
