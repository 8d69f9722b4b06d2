"""The shotgrid_ examples, which use nothing but shotgun_api3, do on the sandbox what the field does with a site."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shotgun_api3

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SHOT = "field_0010"

Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def sg(studio: Any) -> Any:
    env = studio.env
    return shotgun_api3.Shotgun(
        env["ONEPIECE_SHOTGRID_URL"], env["ONEPIECE_SHOTGRID_SCRIPT"], env["ONEPIECE_SHOTGRID_KEY"]
    )


@pytest.fixture(scope="module")
def shot(sg: Any) -> dict[str, Any]:
    """A shot of FG with the tasks lighting and comp."""
    project = sg.find_one("Project", [["code", "is", "FG"]])
    made = sg.create("Shot", {"code": SHOT, "project": project})
    for name in ("lighting", "comp"):
        sg.create("Task", {"content": name, "entity": made, "project": project})
    return {**made, "project": project}


@pytest.fixture
def script(studio_env: dict[str, str]) -> Script:
    def run(name: str, *args: object, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, EXAMPLES / f"shotgrid_{name}.py", *map(str, args)]
        return subprocess.run(
            command, env={**studio_env, **env}, capture_output=True, text=True, timeout=120, check=False
        )

    return run


def ok(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_frames(folder: Path, number: int) -> Path:
    for frame in range(1001, 1004):
        (folder / f"{SHOT}_lighting_v{number:03d}.{frame}.exr").write_bytes(b"frame")
    return folder / f"{SHOT}_lighting_v{number:03d}.%04d.exr"


def test_publish_then_break_down_then_follow_the_events(
    script: Script, sg: Any, shot: dict[str, Any], tmp_path: Path
) -> None:
    state = tmp_path / "events.json"
    ok(script("event_daemon", "--state", state, "--once"))
    sg.create("LocalStorage", {"code": f"here {tmp_path}", "linux_path": str(tmp_path)})
    scene, movie, picture = tmp_path / f"{SHOT}_comp_v001.nk", tmp_path / "comp.mov", tmp_path / "comp.gif"
    scene.write_text("Root {}")
    movie.write_bytes(b"movie")
    picture.write_bytes(bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b"))
    lighting = ["--project", "FG", "--entity", SHOT, "--task", "lighting"]
    comp = ["--project", "Frost Giant", "--entity", SHOT, "--task", "comp"]
    frames = make_frames(tmp_path, 1)

    first = json.loads(ok(script("publish", frames, *lighting)))
    media = ["--movie", movie, "--thumbnail", picture, "--comment", "first look"]
    made = json.loads(ok(script("publish", scene, *comp, "--uses", frames, *media)))

    _check_rows(sg, shot, first["published_file"], made, tmp_path)
    again = script("publish", scene, *comp)
    assert again.returncode == 1
    assert f"published already: PublishedFile {made['published_file']}" in again.stderr

    assert ok(script("breakdown", "--scene", made["published_file"])).splitlines()[-1] == "0 of 1 out of date"
    json.loads(ok(script("publish", make_frames(tmp_path, 3), *lighting)))
    shown = ok(script("breakdown", "--scene", made["published_file"]))
    assert "v001  out of date: v003 is there" in shown
    told = json.loads(ok(script("breakdown", "--json", frames, scene)))
    assert [(each["used"], each["newest"]) for each in told] == [(1, 3), (1, 1)]

    sg.update("Version", made["version"], {"sg_status_list": "apr"})
    ok(script("event_daemon", "--state", state, "--once", "--patience", 0))
    assert _task(sg, shot, "comp")["sg_status_list"] == "fin"
    assert _task(sg, shot, "lighting")["sg_status_list"] != "fin"
    assert ok(script("event_daemon", "--state", state, "--once", "--patience", 0)) == ""


def _check_rows(sg: Any, shot: dict[str, Any], used: int, made: dict[str, Any], folder: Path) -> None:
    fields = ["code", "name", "version_number", "task", "entity", "path", "path_cache", "image", "version"]
    linked = ["published_file_type", "upstream_published_files"]
    file = sg.find_one("PublishedFile", [["id", "is", made["published_file"]]], [*fields, *linked])
    assert (file["code"], file["name"], file["version_number"]) == (f"{SHOT}_comp_v001.nk", f"{SHOT}_comp.nk", 1)
    assert (file["task"]["name"], file["entity"]["id"]) == ("comp", shot["id"])
    assert file["published_file_type"]["name"] == "Nuke Script"
    assert file["path"]["local_path_linux"] == str(folder / file["code"])
    assert file["path_cache"] == file["code"]
    assert file["image"]
    assert [each["id"] for each in file["upstream_published_files"]] == [used]
    assert file["version"]["id"] == made["version"]
    version = sg.find_one(
        "Version", [["id", "is", made["version"]]], ["code", "sg_task", "sg_uploaded_movie", "description"]
    )
    assert (version["code"], version["sg_task"]["name"]) == (f"{SHOT}_comp_v001", "comp")
    assert (version["sg_uploaded_movie"]["name"], version["description"]) == ("comp.mov", "first look")


def _task(sg: Any, shot: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = sg.find_one("Task", [["entity", "is", shot], ["content", "is", name]], ["sg_status_list"])
    return found


def test_a_daemon_that_is_killed_handles_every_event_once_and_in_order(
    script: Script, studio_env: dict[str, str], sg: Any, shot: dict[str, Any], tmp_path: Path
) -> None:
    task = sg.create("Task", {"content": "killed", "entity": shot, "project": shot["project"]})
    link = {"type": "Task", "id": task["id"]}
    version = sg.create("Version", {"code": "killed", "project": shot["project"], "sg_task": link})
    state = tmp_path / "events.json"
    ok(script("event_daemon", "--state", state, "--once"))
    # What is approved and taken back again shows whether an event was handled twice, left out, or out of order.
    wanted = ["apr", "rev"] * 60
    for status in wanted:
        sg.update("Version", version["id"], {"sg_status_list": status})
    since = ["id", "greater_than", json.loads(state.read_text())["last"]]
    changes = [since, ["event_type", "is", "Shotgun_Task_Change"], ["entity", "is", link]]

    deaths = 0
    while (done := len(_statuses(sg, changes))) < len(wanted):
        daemon = subprocess.Popen(
            [sys.executable, EXAMPLES / "shotgrid_event_daemon.py", "--state", state, "--patience", "0"],
            env=studio_env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        ends_at = time.monotonic() + 60
        while len(_statuses(sg, changes)) < min(done + 25, len(wanted)):
            assert daemon.poll() is None, daemon.stderr and daemon.stderr.read()
            assert time.monotonic() < ends_at
            time.sleep(0.002)
        daemon.send_signal(signal.SIGKILL)
        daemon.communicate()
        deaths += 1
    assert deaths >= 3

    ok(script("event_daemon", "--state", state, "--once", "--patience", 0))
    assert _statuses(sg, changes) == [{"apr": "fin", "rev": "rev"}[status] for status in wanted]
    marks = [each["session_uuid"] for each in sg.find("EventLogEntry", changes, ["session_uuid"])]
    assert Counter(Counter(marks).values()) == {1: len(wanted)}


def test_what_was_done_before_a_kill_is_not_done_over_somebodys_work(
    script: Script, sg: Any, shot: dict[str, Any], tmp_path: Path
) -> None:
    """The daemon died after the site had carried its change out; then a person set another status."""
    task = sg.create("Task", {"content": "held", "entity": shot, "project": shot["project"]})
    version = sg.create("Version", {"code": "held", "project": shot["project"], "sg_task": task})
    state = tmp_path / "events.json"
    ok(script("event_daemon", "--state", state, "--once"))
    before = json.loads(state.read_text())["last"]
    sg.update("Version", version["id"], {"sg_status_list": "apr"})
    (event,) = sg.find(
        "EventLogEntry", [["id", "greater_than", before], ["event_type", "is", "Shotgun_Version_Change"]]
    )
    ok(script("event_daemon", "--state", state, "--once", "--patience", 0))
    sg.update("Task", task["id"], {"sg_status_list": "hld"})

    state.write_text(json.dumps({"last": before, "doing": event["id"]}))
    ok(script("event_daemon", "--state", state, "--once", "--patience", 0))
    assert _task(sg, shot, "held")["sg_status_list"] == "hld"

    state.write_text(json.dumps({"last": before}))  # one that was never begun
    ok(script("event_daemon", "--state", state, "--once", "--patience", 0))
    assert _task(sg, shot, "held")["sg_status_list"] == "fin"


def _statuses(sg: Any, changes: list[Any]) -> list[str]:
    found = sg.find("EventLogEntry", [*changes, ["attribute_name", "is", "sg_status_list"]], ["meta"])
    return [each["meta"]["new_value"] for each in found]


def test_a_hole_in_the_numbers_is_waited_for(script: Script, sg: Any, shot: dict[str, Any], tmp_path: Path) -> None:
    """As if the change of the number before the newest were still under way."""
    task = sg.create("Task", {"content": "hole", "entity": shot, "project": shot["project"]})
    version = sg.create("Version", {"code": "hole", "project": shot["project"], "sg_task": task})
    sg.update("Version", version["id"], {"sg_status_list": "apr"})
    newest = sg.find_one("EventLogEntry", [], order=[{"field_name": "id", "direction": "desc"}])["id"]
    sg.delete("EventLogEntry", newest - 1)
    state = tmp_path / "events.json"
    state.write_text(json.dumps({"last": newest - 2}))

    ok(script("event_daemon", "--state", state, "--once", "--patience", 3600))
    assert json.loads(state.read_text())["last"] == newest - 2
    ok(script("event_daemon", "--state", state, "--once", "--patience", 0))
    assert json.loads(state.read_text())["last"] >= newest


@pytest.mark.parametrize(
    ("name", "args", "told"),
    [
        ("publish", ["{tmp}/no_version.nk", "--project", "FG", "--entity", SHOT, "--task", "comp"], "has no version"),
        ("publish", ["{tmp}/a_v001.nk", "--project", "FG", "--entity", SHOT, "--task", "comp"], "is not there"),
        ("publish", ["{tmp}/b_v1.%04d.exr", "--project", "FG", "--entity", SHOT, "--task", "comp"], "has no frames"),
        ("publish", ["{here}_v1.py", "--project", "Nowhere", "--entity", SHOT, "--task", "comp"], "0 projects"),
        ("breakdown", ["nobody_v001.nk"], "0 published files are nobody_v001.nk"),
        ("breakdown", ["--scene", "999999999"], "there is no PublishedFile 999999999"),
        ("breakdown", [], "name files, or a scene"),
        ("event_daemon", ["--state", "{here}.txt", "--once"], "is no state file"),
        ("event_daemon", ["--state", "{tmp}", "--once", "--map", "apr"], "is not like apr=fin"),
        ("event_daemon", ["--state", "{tmp}/no/such/folder/state", "--once"], "No such file"),
    ],
)
def test_bad_input_is_one_line(name: str, args: list[str], told: str, script: Script, tmp_path: Path) -> None:
    (tmp_path / "here_v1.py").touch()
    (tmp_path / "here.txt").write_text('{"last": "x"}')
    done = script(name, *(each.format(tmp=tmp_path, here=tmp_path / "here") for each in args))
    assert done.returncode in (1, 2)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ONEPIECE_SHOTGRID_KEY", "", "ONEPIECE_SHOTGRID_KEY not set"),
        ("ONEPIECE_SHOTGRID_KEY", "wrong", "Can't authenticate"),
        ("ONEPIECE_SHOTGRID_URL", "http://127.0.0.1:9", "refused"),
        ("ONEPIECE_SHOTGRID_URL", "http://no-such-site.invalid", "no-such-site.invalid"),
        ("ONEPIECE_SHOTGRID_URL", "nonsense", "no address"),
    ],
)
def test_a_site_that_is_not_there_is_one_line(variable: str, value: str, told: str, script: Script) -> None:
    done = script("breakdown", "--scene", "1", **{variable: value})
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
