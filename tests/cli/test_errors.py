"""How the command line fails: one object under --json, three lines for people, a documented status, no traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onepiece_cli import errors
from onepiece_cli.crash import report_crash
from onepiece_cli.session import Session
from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    "line",
    [
        "nonsense --json",
        "--nonsense profile --json",
        "dcc publish --nonsense --json",
        "dcc publish --json",
        "dcc publish --show-type film --json",
        "dcc open-shot --json",
        "dcc nonsense --json",
        "verify --json",
        "info stray --json",
    ],
)
def test_wrong_options_are_an_object_too(line: str, cli: Cli):
    done = cli(*line.split())
    assert (done.status, done.error["code"]) == (2, "onepiece.usage")
    assert done.error["message"]
    assert "--help" in done.error["hint"]


def test_people_get_the_error_the_hint_and_the_code(cli: Cli):
    done = cli("verfy")
    assert (done.status, done.out) == (2, "")
    kinds = [line.split(":")[0] for line in done.err.splitlines()]
    assert kinds == ["error", "hint", "code"]
    assert "verify" in done.err, "what was probably meant is named"


def test_a_group_without_a_command_shows_its_help(cli: Cli):
    done = cli("dcc")
    assert done.status == 2
    assert "open-shot" in done.out + done.err


def test_json_behind_the_end_of_options_is_a_name(cli: Cli):
    done = cli("verify", "--", "--json")
    assert done.err.startswith("error:")


def test_names_from_outside_cannot_forge_lines(cli: Cli):
    done = cli("verify", "no\x1b[2Jsuch\nerror: forged")
    assert "\x1b" not in done.err
    assert not any(line.startswith("error: forged") for line in done.err.splitlines())


def test_a_bug_is_one_line_and_its_traceback_a_private_file(tmp_path: Path):
    session = Session(environ={"ONEPIECE_STATE_DIR": str(tmp_path)})
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError as error:
        report = report_crash(error, session)
    assert (report.code, errors.exit_status(report.code)) == ("onepiece.internal", 1)
    kept = Path(report.context["traceback"])
    assert "Traceback" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    assert "\n" not in report.message


def test_a_full_disk_does_not_hide_a_bug(tmp_path: Path):
    (tmp_path / "file").write_text("")
    report = report_crash(ValueError("x"), Session(environ={"ONEPIECE_STATE_DIR": str(tmp_path / "file")}))
    assert report.code == "onepiece.internal"
    assert "traceback" not in report.context


@pytest.mark.parametrize(
    ("code", "status"),
    [("publish.version_exists", 6), ("onepiece.extra_missing", 3), ("onepiece.usage", 2), ("unheard.of", 3)],
)
def test_the_status_follows_from_the_code(code: str, status: int):
    assert errors.exit_status(code) == status


@pytest.mark.parametrize("state", ["a file", "a damaged database"])
def test_a_state_folder_that_cannot_be_used(state: str, cli: Cli, tmp_path: Path):
    place = tmp_path / "state"
    if state == "a file":
        place.write_text("")
    else:
        place.mkdir()
        (place / "journal.db").write_bytes(b"no database" * 1000)
    done = cli("recover", "--list", "--json", env={"ONEPIECE_STATE_DIR": str(place)})
    assert (done.status, done.error["code"]) == (14, "journal.failed")


def test_the_log_is_json_lines_when_asked_for(cli: Cli):
    silent = {
        "ONEPIECE_SHOTGRID_URL": "http://127.0.0.1:9",
        "ONEPIECE_SHOTGRID_SCRIPT": "someone",
        "ONEPIECE_SHOTGRID_KEY": "canary",
    }
    done = cli("--log-json", "--verbose", "recover", env=silent)
    for line in done.err.splitlines():
        if line.startswith("{"):
            assert json.loads(line)["event"]
    assert "canary" not in done.out + done.err
