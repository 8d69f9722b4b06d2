"""``onepiece sandbox schema`` as a shell sees it, and a sandbox whose data cannot be used."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.shotgrid.model import stock_raw
from onepiece_server.sandbox.shotgrid.schema_file import read_schema_file, schema_text
from tests.conftest import Run
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteProcess]:
    """A site that people have configured."""
    process = SiteProcess(tmp_path_factory.mktemp("site"), ("--empty",)).start()
    sg = process.client()
    sg.schema_field_create("Shot", "list", "Mood", {"valid_values": ["calm", "wild"]})
    sg.schema_field_update("Shot", "sg_status_list", {"valid_values": ["wtg", "ip", "fin", "rev"]})
    yield process
    assert process.stop() == 0


@pytest.fixture
def run(env: dict[str, str], site: SiteProcess, onepiece: Run) -> Run:
    """The command line with that site configured."""
    env |= {"ONEPIECE_SHOTGRID_URL": site.url, "ONEPIECE_SHOTGRID_SCRIPT": SCRIPT, "ONEPIECE_SHOTGRID_KEY": KEY}
    return onepiece


def test_pull_writes_a_file_that_says_what_the_site_says(run: Run, tmp_path: Path):
    file = tmp_path / "site.json"
    done = run("sandbox", "schema", "pull", "--output", file, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    raw = read_schema_file(file)
    assert (told["schema"], told["written"], told["output"]) == ("onepiece.schema-pull.1", True, str(file))
    assert (told["types"], told["custom_fields"]) == (len(stock_raw()), 1)
    assert raw["Shot"]["fields"]["sg_mood"]["valid_values"] == ["calm", "wild"]


def test_pull_without_a_file_prints_the_schema(run: Run, tmp_path: Path):
    printed = run("sandbox", "schema", "pull").stdout
    again = run("sandbox", "schema", "pull", "--json").stdout
    assert json.loads(printed)["schema"] == "onepiece.shotgrid-schema.1"
    assert again == printed


def test_a_dry_run_writes_nothing(run: Run, tmp_path: Path):
    file = tmp_path / "site.json"
    done = run("sandbox", "schema", "pull", "--output", file, "--dry-run")
    assert (done.returncode, file.exists()) == (0, False)
    assert done.stdout.startswith(f"Would write {file}: {len(stock_raw())} types, ")


def test_a_file_that_is_there_is_not_replaced_unasked(run: Run, tmp_path: Path):
    file = tmp_path / "site.json"
    file.write_text("mine")
    refused = run("sandbox", "schema", "pull", "--output", file)
    assert (refused.returncode, file.read_text()) == (2, "mine")
    assert "--overwrite" in refused.stderr
    assert run("sandbox", "schema", "pull", "--output", file, "--overwrite").returncode == 0
    assert read_schema_file(file)


def test_pull_into_a_folder_that_is_not_there_is_told(run: Run, tmp_path: Path):
    done = run("sandbox", "schema", "pull", "--output", tmp_path / "no" / "site.json", "--json")
    assert (done.returncode, done.stdout) == (13, "")
    assert json.loads(done.stderr)["error"]["code"] == "sandbox.failed"


def test_a_key_that_the_site_does_not_know_is_told(run: Run, env: dict[str, str]):
    env["ONEPIECE_SHOTGRID_KEY"] = "another"
    done = run("sandbox", "schema", "pull", "--json")
    assert (done.returncode, json.loads(done.stderr)["error"]["code"]) == (8, "tracker.denied")


def test_pull_needs_a_site(onepiece: Run):
    done = onepiece("sandbox", "schema", "pull", "--json")
    assert (done.returncode, json.loads(done.stderr)["error"]["code"]) == (8, "tracker.not_configured")


def test_diff_names_every_difference_between_stock_and_a_site(run: Run):
    done = run("sandbox", "schema", "diff", "stock", "site", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["schema"], told["a"], told["b"], told["same"]) == ("onepiece.schema-diff.1", "stock", "site", False)
    kinds = [(one["kind"], one["type"], one["field"], one["property"]) for one in told["changes"]]
    assert kinds == [
        ("added", "Shot", "sg_mood", None),
        ("changed", "Shot", "sg_status_list", "valid_values"),
        ("changed", "Shot", "sg_status_list", "display_values"),
    ]
    shown = run("sandbox", "schema", "diff", "stock", "site").stdout.splitlines()
    assert shown[0].split() == ["+", "Shot.sg_mood", "list"]
    assert shown[1].split() == ["~", "Shot.sg_status_list", "valid_values:", "-rdy", "-hld", "-omt", "+rev"]
    assert shown[-1] == "site against stock: 1 added, 0 removed, 2 changed"


def changed(change: Any, tmp_path: Path) -> Path:
    raw = stock_raw()
    change(raw)
    file = tmp_path / "other.json"
    file.write_text(schema_text(raw))
    return file


def test_diff_of_files_tells_types_and_single_properties(onepiece: Run, tmp_path: Path):
    def change(raw: dict[str, Any]) -> None:
        del raw["RvLicense"]
        raw["Ticket"]["name"] = "Bug"
        raw["Shot"]["fields"]["code"]["mandatory"] = False
        raw["Shot"]["fields"]["sg_sequence"]["valid_types"] = ["Sequence", "Scene"]
        raw["Shot"]["fields"]["sg_shot_type"]["valid_values"].reverse()

    file = changed(change, tmp_path)
    lines = onepiece("sandbox", "schema", "diff", "stock", file).stdout.splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "- RvLicense (the whole type)",
        "~ Shot.code mandatory: true -> false",
        "~ Shot.sg_sequence valid_types: +Scene",
        "~ Shot.sg_shot_type valid_values: in another order",
        '~ Ticket name: "Ticket" -> "Bug"',
        f"{file} against stock: 0 added, 1 removed, 4 changed",
    ]
    assert onepiece("sandbox", "schema", "diff", file, file).stdout == f"{file} is the same as {file}.\n"


def test_diff_of_a_file_that_is_none_is_told(onepiece: Run, tmp_path: Path):
    done = onepiece("sandbox", "schema", "diff", "stock", tmp_path / "none.json", "--json")
    assert (done.returncode, json.loads(done.stderr)["error"]["code"]) == (13, "sandbox.schema_invalid")


def test_diff_with_a_sandbox_that_does_not_run_says_how_to_start_it(onepiece: Run, tmp_path: Path):
    done = onepiece("sandbox", "schema", "diff", "--dir", tmp_path / "none")
    assert done.returncode == 13
    assert "onepiece sandbox up --dir" in done.stderr


def test_without_arguments_the_running_sandbox_is_compared_with_stock(studio: Any, onepiece: Run):
    done = onepiece("sandbox", "schema", "diff", "--dir", studio.dir)
    assert done.stdout == "sandbox is the same as stock.\n"


def test_up_tells_why_the_site_does_not_open(onepiece: Run, tmp_path: Path):
    folder = tmp_path / "studio"
    try:
        assert onepiece("sandbox", "up", "--dir", folder).returncode == 0
        assert onepiece("sandbox", "down", "--dir", folder).returncode == 0
        connection = sqlite3.connect(folder / "shotgrid" / "site.sqlite")
        connection.execute("PRAGMA user_version=99")
        connection.close()
        done = onepiece("sandbox", "up", "--dir", folder, "--json")
        assert (done.returncode, done.stdout) == (13, "")
        error = json.loads(done.stderr)["error"]
        assert "was written by a newer OnePiece: its version is 99" in error["message"]
        assert "onepiece sandbox reset" in error["hint"]
        assert onepiece("sandbox", "reset", "--dir", folder).returncode == 0
    finally:
        sandbox.down(folder, grace_seconds=0)
