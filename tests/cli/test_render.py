"""``onepiece render`` on this machine, with its real workers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from onepiece_core.render.sqlite_store import sqlite_store
from tests.cli.conftest import Cli, Done, run_cli
from tests.support.local_farms import end_workers
from tests.support.media import write_exr

COMMAND = ("--template", "command")


@pytest.fixture
def render(env: dict[str, str], tmp_path: Path) -> Iterator[Cli]:
    """``onepiece render ARGS`` where the folder ``show`` is the root of that name; its workers end with the test."""
    state = tmp_path / "state"
    (tmp_path / "show" / "out").mkdir(parents=True)
    (tmp_path / "onepiece.toml").write_text(
        f"[roots.show]\nlinux = {json.dumps(str(tmp_path / 'show'))}\n"
        "[farms.local]\nidle_seconds = 2\n"
        '[render.presets.night]\ntemplate = "command"\nmax-attempts = 2\npriority = 90\n'
        'parameters = {Command = "true"}\n'
    )
    made = {**env, "ONEPIECE_STATE_DIR": str(state)}
    yield lambda *args, **more: run_cli({**made, **more.pop("env", {})}, "render", *args, cwd=tmp_path, **more)
    end_workers(state / "farms" / "local")


def submit(render: Cli, script: str, *more: object) -> Done:
    return render("submit", *COMMAND, "--param", f"Command={script}", *more)


def test_a_job_is_submitted_and_waited_for(render: Cli):
    job = submit(render, "echo frame $1", "--frames", "1-3", "--json").told
    assert (job["farm"], job["tasks"], job["priority"]) == ("local", 3, 50)
    done = render("wait", job["job_id"], "--json")
    assert (done.status, done.told["status"], done.told["exit_status"]) == (0, "succeeded", 0)
    listed = render("list", "--status", "succeeded", "--since", "1h", "--json").told
    assert [each["job_id"] for each in listed["items"]] == [job["job_id"]]
    assert [task["frames"] for task in render("tasks", job["job_id"], "--json").told["items"]] == ["1-1", "2-2", "3-3"]
    assert "frame 2-2" in render("log", job["job_id"], "--frame", "2").out
    assert "frame 3-3" in render("log", job["job_id"], "2", "--tail", "3", "--json").told["text"]
    assert job["job_id"] in render("show", job["job_id"]).out


def test_the_log_of_what_failed_is_shown_without_asking(render: Cli):
    done = submit(render, "echo cannot open texture; test $1 != 2-2", "--frames", "1-3", "--wait", "--timeout", "60")
    assert done.status == 2
    assert "frames 2-2 failed, exit 1" in done.err
    assert "  | cannot open texture" in done.err
    assert "frames 1-1 succeeded" in done.err, "progress while frames come in"
    job_id = done.out.split()[0]
    told = render("show", job_id, "--json").told
    assert [each["index"] for each in told["failures"]] == [1]
    assert "cannot open texture" in told["failures"][0]["log"]
    assert "cannot open texture" in render("log", job_id).out, "the failed task is the one that is meant"


def test_waiting_ends_as_the_field_has_it(render: Cli):
    slow = submit(render, "sleep 600", "--json").told["job_id"]
    assert render("wait", slow, "--timeout", "0").status == 1
    held = submit(render, "true", "--hold", "--json").told["job_id"]
    assert render("wait", held).status == 4
    assert render("cancel", slow).status == 0
    assert render("wait", slow, "--timeout", "60").status == 3
    assert render("wait", slow, held, "--timeout", "60").status == 3, "of several the gravest"
    assert render("release", held).status == 0
    assert render("wait", held, "--timeout", "60").status == 0


def test_waiting_ends_with_5_for_a_job_that_no_machine_fits(render: Cli, tmp_path: Path):
    state = tmp_path / "state"
    job_id = submit(render, "true", "--farm", "mock", "--hold", "--json").told["job_id"]
    (state / "farms" / "mock" / "away").touch()  # what it told last stays
    with closing(sqlite_store(state / "render" / "jobs.db")) as store:
        job = store.find(job_id)
        assert job is not None
        store.save([job.model_copy(update={"status": "blocked", "raw_state": "NOT_COMPATIBLE"})])
    done = render("wait", job_id, "--timeout", "60")
    assert done.status == 5
    assert "no machine of the farm fits the job" in done.out
    held = submit(render, "true", "--hold", "--json").told["job_id"]
    assert render("wait", held, job_id, "--timeout", "60").status == 5, "graver than one that is held"


def test_what_failed_is_queued_again(render: Cli, tmp_path: Path):
    flag = tmp_path / "there"
    job_id = submit(render, f"test -e {flag}", "--wait", "--timeout", "60").out.split()[0]
    flag.touch()
    assert render("retry", job_id, "--task", "0").status == 0
    assert render("wait", job_id, "--timeout", "60").status == 0
    again = render("retry", job_id, "--json")
    assert (again.status, again.error["code"]) == (18, "render.conflict")


def test_priorities_and_jobs_that_must_succeed_first(render: Cli):
    first = submit(render, "sleep 600", "--json").told["job_id"]
    second = submit(render, "true", "--after", first, "--json").told["job_id"]
    assert render("show", second, "--json").told["status"] == "blocked"
    changed = render("priority", "90", second, "--json").told["jobs"]
    assert changed[0]["priority"] == 90
    assert render("hold", second, "--json").told["jobs"][0]["status"] == "held"
    render("cancel", first, second)


def test_every_job_of_a_line_is_tried(render: Cli):
    job_id = submit(render, "true", "--hold", "--json").told["job_id"]
    done = render("cancel", "nope", job_id)
    assert (done.status, "render.job_not_found" in done.err) == (18, True)
    assert render("show", job_id, "--json").told["status"] == "cancelled"


def test_a_contact_sheet_of_what_is_rendered(render: Cli, tmp_path: Path):
    frame = write_exr(tmp_path / "frame.exr")
    script = f'cp {frame} "$3/beauty.000${{1%-*}}.exr"'
    done = submit(render, script, "--frames", "1-3", "--output", "show/out", "--wait", "--sheet", "sheet.jpg", "--json")
    assert (done.status, done.told["sheet"]) == (0, str(tmp_path / "sheet.jpg"))
    assert (tmp_path / "sheet.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert done.told["output"] == "show:out", "as every machine finds it"
    assert render("sheet", done.told["job_id"], "again.png", "--json").told["frames"] == 3
    empty = submit(render, "true", "--output", "show:empty", "--wait", "--timeout", "60")
    assert empty.status == 0
    assert "No contact sheet" in empty.err
    assert sorted((tmp_path / "show" / "out").iterdir()) == sorted((tmp_path / "show" / "out").glob("beauty.*"))


def test_a_dry_run_submits_nothing(render: Cli):
    check = submit(render, "true", "--frames", "1-10", "--chunk-size", "4", "--dry-run", "--json").told
    assert (check["task_count"], check["tasks"]) == (3, ["1-4", "5-7", "8-10"])
    assert "Would render" in submit(render, "true", "--dry-run").out
    assert render("list", "--json").told["items"] == []


def test_the_same_key_gives_the_same_job(render: Cli):
    first = submit(render, "true", "--key", "k1", "--json").told
    assert submit(render, "true", "--key", "k1", "--json").told["job_id"] == first["job_id"]
    other = submit(render, "false", "--key", "k1", "--json")
    assert (other.status, other.error["code"]) == (18, "render.conflict")


def test_a_preset_is_beaten_by_a_file_and_that_by_an_option(render: Cli, tmp_path: Path):
    (tmp_path / "job.json").write_text('{"priority": 20, "max_attempts": 5, "name": "of the file"}')
    check = render(
        "submit", "--preset", "night", "--request", "job.json", "--priority", "7", "--dry-run", "--json"
    ).told
    assert (check["priority"], check["name"], check["parameters"]["Command"]) == (7, "of the file", "true")
    assert render("presets", "--json").told["presets"][0]["options"]["max_attempts"] == 2


def test_farms_and_templates_are_told(render: Cli):
    farms = render("farms", "--json").told
    assert farms.keys() == {"farms"}
    by_name = {farm["name"]: farm for farm in farms["farms"]}
    assert by_name["local"]["available"] is True
    assert by_name["deadline_cloud"]["reason"]
    assert "local" in render("farms").out
    templates = {each["name"]: each for each in render("templates", "--json").told["templates"]}
    assert {"blender", "maya", "nuke", "houdini", "command"} <= templates.keys()
    assert "Camera" in render("templates", "blender").out
    assert render("templates", "nope", "--json").error["code"] == "render.template_not_found"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--template", "command", "--param", "Command=true", "--frames", "1-"], ("sequences.", "render.invalid")),
        (["--template", "command", "--param", "Command=true", "--frames", "10-1x0"], ("sequences.", "render.invalid")),
        (["--template", "command", "--param", "Command=true", "--frames", "1-2000000"], ("render.invalid",)),
        (["--template", "command", "--param", "Command=true", "--chunk-size", "0"], ("render.invalid",)),
        (["--template", "command", "--param", "Command=true", "--priority", "101"], ("render.invalid",)),
        (["--template", "command", "--param", "Command=true", "--max-attempts", "0"], ("render.invalid",)),
        (["--template", "command", "--param", "Command=true", "--farm", "nope"], ("render.farm_not_found",)),
        (["--template", "command", "--param", "Command=true", "--after", "nope"], ("render.job_not_found",)),
        (["--template", "command", "--param", "Command=true", "--output", "/etc/x"], ("paths.escapes",)),
        (["--template", "command", "--param", "Command=true", "--output", "show:../x"], ("paths.escapes",)),
        (["--template", "command", "--param", "Command=true", "--scene", "show/none.blend"], ("render.invalid",)),
        (["--template", "command"], ("render.invalid",)),
        (["--template", "nope"], ("render.template_not_found",)),
        (["--template", "command", "--dcc", "blender"], ("render.invalid",)),
        ([], ("render.invalid",)),
        (["--preset", "nope"], ("onepiece.usage",)),
        (["--template", "command", "--param", "Command"], ("onepiece.usage",)),
        (["--template", "command", "--require", "cpus=many"], ("onepiece.usage",)),
        (["--request", "none.json"], ("publish.input_unreadable",)),
        (["--template", "command", "--server", "ftp://x"], ("onepiece.usage",)),
        (["--template", "command", "--server", "http://127.0.0.1:1"], ("server.unreachable",)),
        (["--template", "a\nb"], ("render.",)),
    ],
)
def test_bad_input_is_told_in_one_object(words: list[str], code: tuple[str, ...], render: Cli):
    done = render("submit", *words, "--json")
    assert done.status > 1
    assert done.error["code"].startswith(code)


@pytest.mark.parametrize("text", ["[]", "{", "[" * 5000, '{"frames": 7, "template": "command"}', '{"no": 1}'])
def test_a_request_that_is_none(text: str, render: Cli, tmp_path: Path):
    (tmp_path / "job.json").write_text(text)
    done = render("submit", "--request", "job.json", "--json")
    assert done.error["code"] in ("publish.input_unreadable", "render.invalid")


@pytest.mark.parametrize("words", [["--since", "soon"], ["--status", "nice"], ["--cursor", "x"], ["--limit", "501"]])
def test_lists_that_cannot_be(words: list[str], render: Cli):
    assert render("list", *words, "--json").error["code"] in ("onepiece.usage", "render.invalid")


def test_ctrl_c_leaves_the_job_alone(render: Cli, env: dict[str, str], tmp_path: Path):
    job_id = submit(render, "sleep 600", "--json").told["job_id"]
    command = [sys.executable, "-m", "onepiece_cli", "render", "wait", job_id, "--events", "ndjson"]
    made = {**env, "ONEPIECE_STATE_DIR": str(tmp_path / "state")}
    with subprocess.Popen(command, env=made, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        assert json.loads(waiting.stderr.readline())["unit"] == "tasks"
        waiting.send_signal(signal.SIGINT)
        said = waiting.stderr.read()
    assert waiting.returncode == 130
    assert f"onepiece render wait {job_id}" in said
    assert render("show", job_id, "--json").told["status"] in ("queued", "running")
    render("cancel", job_id)


def test_a_submit_that_is_killed_anywhere_and_said_again_is_one_job(render: Cli, env: dict[str, str], tmp_path: Path):
    words = ["render", "submit", *COMMAND, "--param", "Command=true", "--hold", "--json", "--key"]
    made = {**env, "ONEPIECE_STATE_DIR": str(tmp_path / "state")}
    for number in range(8):
        command = [sys.executable, "-m", "onepiece_cli", *words, f"k{number}"]
        with subprocess.Popen(command, env=made, cwd=tmp_path, stdout=subprocess.DEVNULL) as killed:
            time.sleep(0.3 + 0.06 * number)
            killed.kill()
        again = submit(render, "true", "--hold", "--key", f"k{number}", "--json").told
        assert again["status"] == "held"
    listed = render("list", "--json").told["items"]
    assert len(listed) == 8
    assert {job["raw_state"] for job in listed} != {"pending"}


def test_a_job_that_no_farm_has_yet(render: Cli):
    job = submit(render, "true", "--frames", "1-3", "--farm", "opencue", "--json").told
    assert (job["status"], job["raw_state"]) == ("queued", "pending"), "it is kept until the farm is back"
    waited = render("wait", job["job_id"], "--timeout", "1", "--json")
    assert (waited.status, waited.told["status"], waited.told["failures"]) == (1, "queued", [])
    assert "It waits" in render("show", job["job_id"]).out


def test_a_job_that_its_farm_refused_is_kept_and_shown(render: Cli):
    refused = submit(render, "true", "--require", "cpus=100000", "--json")
    assert (refused.status, refused.error["code"]) == (17, "adapter.job_rejected")
    (job,) = render("list", "--json").told["items"]
    shown = render("show", job["job_id"])
    assert (shown.status, "adapter.job_rejected" in shown.out) == (0, True)
    assert render("wait", job["job_id"]).status == 2
