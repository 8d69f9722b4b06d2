"""``onepiece shotgrid bulk-*``, against a real site."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Done, run_cli
from tests.support.studio import shotgrid_of

Bulk = Callable[..., Done]


@pytest.fixture
def site(studio: SandboxReport) -> Any:
    return shotgrid_of(studio)


@pytest.fixture
def project(site: Any, tmp_path: Path) -> dict[str, Any]:
    made = site.create("Project", {"name": f"Bulk {tmp_path.parent.name} {tmp_path.name}"})
    return {"type": "Project", "id": made["id"], "name": made["name"]}


@pytest.fixture
def bulk(studio_env: dict[str, str], tmp_path: Path, project: dict[str, Any]) -> Bulk:
    """``bulk("create", "Shot", rows)``: runs the command over a file of these rows."""

    def run(action: str, entity_type: str | None, rows: Any, *options: str, name: str = "rows.json") -> Done:
        source = tmp_path / name
        source.write_text(rows if isinstance(rows, str) else json.dumps(rows))
        named = [entity_type] if entity_type else []
        command = ["shotgrid", f"bulk-{action}", *named, "--input", source, "--project", project["name"]]
        return run_cli(studio_env, *command, "--json", *options)

    return run


def states(done: Done) -> list[str]:
    return [row["state"] for row in done.told["rows"]]


def test_shots_of_a_table_are_made_once(bulk: Bulk, site: Any, project: dict[str, Any]) -> None:
    table = "code,description,sg_cut_in,sg_status_list\nsh010,one,1001,ip\nsh020,two,1009,IP\n"
    assert states(bulk("create", "Shot", table, "--dry-run", name="shots.csv")) == ["planned", "planned"]
    assert not site.find("Shot", [["project", "is", project]])
    assert states(bulk("create", "Shot", table, name="shots.csv")) == ["created", "created"]
    assert states(bulk("create", "Shot", table, name="shots.csv")) == ["there", "there"]
    found = site.find("Shot", [["project", "is", project]], ["code", "sg_cut_in", "sg_status_list"])
    assert [(shot["code"], shot["sg_cut_in"], shot["sg_status_list"]) for shot in found] == [
        ("sh010", 1001, "ip"),
        ("sh020", 1009, "ip"),
    ]


def test_links_are_found_by_name(bulk: Bulk, site: Any, project: dict[str, Any]) -> None:
    bulk("create", "Sequence", [{"code": "sc01"}, {"code": "sc02"}])
    shots = [
        {"code": "0010", "sg_sequence": "sc01"},
        {"code": "0011", "sg_sequence": {"type": "Sequence", "name": "sc02"}},
    ]
    assert states(bulk("create", "Shot", shots)) == ["created", "created"]
    tasks = [{"content": "comp", "entity": "Shot:0010"}, {"content": "comp", "entity": "sc02/0011"}]
    assert states(bulk("create", "Task", tasks)) == ["created", "created"]
    assert states(bulk("create", "Task", tasks)) == ["there", "there"]
    versions = "version,shot,task,status,first_frame\nv001,0010,,rev,1001\nv002,Shot:0011,,rev,1001\n"
    done = bulk("versions", None, versions, name="versions.csv")
    assert states(done) == ["created", "created"]
    found = site.find("Version", [["project", "is", project]], ["entity", "sg_first_frame"])
    assert [(each["entity"]["name"], each["sg_first_frame"]) for each in found] == [("0010", 1001), ("0011", 1001)]


def test_only_bad_rows_are_refused_and_the_status_says_so(bulk: Bulk, site: Any, project: dict[str, Any]) -> None:
    rows = [
        {"code": "a"},
        {"code": "b", "nonsense": 1},
        {"code": "c", "sg_status_list": "no such"},
        {"code": "d", "sg_cut_in": "many"},
        {"code": "e", "sg_sequence": "nowhere"},
        {"code": "a"},
        {"description": "no code"},
        3,
        {"code": "z"},
    ]
    done = bulk("create", "Shot", rows)
    assert done.status == 2
    assert states(done) == ["created", *["failed"] * 7, "created"]
    messages = [row["error"]["message"] for row in done.told["rows"] if "error" in row]
    words = ["nonsense", "none of", "whole number", "nowhere", "same as", "code", "object"]
    for message, word in zip(messages, words, strict=True):
        assert word in message
    assert {each["code"] for each in site.find("Shot", [["project", "is", project]], ["code"])} == {"a", "z"}


def test_rows_are_updated_retired_and_revived(bulk: Bulk, site: Any, project: dict[str, Any]) -> None:
    bulk("create", "Shot", [{"code": f"s{n}"} for n in range(5)])
    assert states(bulk("update", "Shot", "code,description\ns1,new\ns2,\ns9,x\n", name="a.csv")) == [
        "updated",
        "updated",
        "failed",
    ]
    found = site.find(
        "Shot", [["project", "is", project]], ["description"], order=[{"field_name": "code", "direction": "asc"}]
    )
    assert [shot["description"] for shot in found][:3] == [None, "new", None]
    gone = [{"code": "s1"}, {"code": "s2"}]
    assert states(bulk("delete", "Shot", gone)) == ["deleted", "deleted"]
    assert states(bulk("delete", "Shot", gone)) == ["failed", "failed"]
    assert len(site.find("Shot", [["project", "is", project]])) == 3
    assert states(bulk("delete", "Shot", gone, "--revive")) == ["revived", "revived"]
    assert len(site.find("Shot", [["project", "is", project]])) == 5


@pytest.mark.parametrize(
    ("action", "entity_type", "options", "code"),
    [
        ("create", "Nonsense", [], "onepiece.usage"),
        ("create", "Shot", ["--unique", "nonsense"], "onepiece.usage"),
        ("create", "Shot", ["--project", "Nowhere"], "tracker.project_missing"),
        ("create", "Shot", ["--input", "/nowhere.csv"], "publish.input_missing"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    bulk: Bulk, action: str, entity_type: str, options: list[str], code: str
) -> None:
    assert bulk(action, entity_type, [{"code": "a"}], *options).error["code"] == code


def test_the_summary_is_for_people(bulk: Bulk, studio_env: dict[str, str], tmp_path: Path, project: Any) -> None:
    (tmp_path / "a.csv").write_text("code,sg_status_list\na,\nb,wrong\n")
    command = ["shotgrid", "bulk-create", "Shot", "--input", tmp_path / "a.csv", "--project", project["name"]]
    done = run_cli(studio_env, *command)
    assert done.status == 2
    assert done.out == "Shot: 1 created, 1 failed\n"
    assert "row 3: sg_status_list: 'wrong' is none of" in done.err
