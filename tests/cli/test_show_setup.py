"""``onepiece shotgrid show-setup``, against a real site."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Done, run_cli
from tests.support.cuts import span, write_cut
from tests.support.edls import Event, edl
from tests.support.studio import shotgrid_of

Setup = Callable[..., Done]

TEMPLATE = """
schema: onepiece.show-template.1
name: shots
variables: {status: rdy}
tasks:
  shot:
    - {name: layout, step: Layout, status: ip}
    - {name: comp, step: Comp}
types:
  Shot: {tasks: [shot], fields: {sg_status_list: "{status}"}}
"""


@pytest.fixture
def site(studio: SandboxReport) -> Any:
    return shotgrid_of(studio)


@pytest.fixture
def project(tmp_path: Path) -> str:
    """A name that no project has yet."""
    return f"Show {tmp_path.parent.name} {tmp_path.name}"


@pytest.fixture
def setup(studio_env: dict[str, str], tmp_path: Path, project: str) -> Setup:
    """``setup(table, options)``: the command over a file with this text."""

    def run(table: str | None, *options: object, name: str = "shots.csv") -> Done:
        words: list[object] = []
        if table is not None:
            (tmp_path / name).write_text(table)
            words.append(tmp_path / name)
        env = {**studio_env, "ONEPIECE_STATE_DIR": str(tmp_path / "state")}
        return run_cli(env, "shotgrid", "show-setup", *words, "--project", project, "--json", *options)

    return run


def test_a_show_code_that_another_project_has_is_refused_whatever_its_case(
    setup: Setup, site: Any, project: str
) -> None:
    code = f"T{abs(hash(project)) % 10**6}"
    other = site.create("Project", {"name": f"{project} before", "code": code})
    for given in (code, code.lower()):
        for options in ((), ("--dry-run",)):
            done = setup("shot\n0010\n", "--show-code", given, *options)
            error = done.error
            assert error["code"] == "tracker.show_code_taken", done.err
            assert other["name"] in error["message"]
            assert "--project" in error["hint"]
    assert site.find_one("Project", [["name", "is", project]]) is None
    done = setup("shot\n0010\n", "--show-code", f"{code}B")
    assert site.find_one("Project", [["name", "is", project]], ["code"])["code"] == f"{code}B"
    assert setup("shot\n0010\n", "--show-code", f"{code}B").status == done.status == 0


def codes(site: Any, project: str, kind: str, *fields: str) -> list[Any]:
    order = [{"field_name": "code", "direction": "asc"}]
    rows = site.find(kind, [["project.Project.name", "is", project]], ["code", *fields], order=order)
    return [row["code"] if not fields else (row["code"], *(named(row[each]) for each in fields)) for row in rows]


def named(value: Any) -> Any:
    return value["name"] if isinstance(value, dict) else value


def states(done: Done) -> Counter[str]:
    return Counter(row["state"] for row in done.told["rows"])


def test_a_table_makes_a_project_with_default_codes_once(setup: Setup, site: Any, project: str) -> None:
    table = "episode,sequence,shot,description,cut_in\n101,01,0010,first,1001\n101,01,0020,,\nep102,sc01,0010,,1009\n"
    assert states(setup(table, "--dry-run")) == {"planned": 8}
    assert site.find_one("Project", [["name", "is", project]]) is None
    assert states(setup(table, "--show-code", "ICE")) == {"created": 8}
    assert site.find_one("Project", [["name", "is", project]], ["code"])["code"] == "ICE"
    assert codes(site, project, "Episode") == ["ep101", "ep102"]
    assert codes(site, project, "Sequence", "episode") == [("ep101_sc01", "ep101"), ("ep102_sc01", "ep102")]
    assert codes(site, project, "Shot", "sg_sequence", "sg_cut_in", "description") == [
        ("ep101_sc01_0010", "ep101_sc01", 1001, "first"),
        ("ep101_sc01_0020", "ep101_sc01", None, None),
        ("ep102_sc01_0010", "ep102_sc01", 1009, None),
    ]
    assert states(setup(table)) == {"there": 8}
    assert len(codes(site, project, "Shot")) == 3


def test_only_the_shot_is_needed(setup: Setup, site: Any, project: str) -> None:
    assert states(setup("shot\nsh010\nsh020\n")) == {"created": 3}
    assert codes(site, project, "Shot") == ["sh010", "sh020"]
    # With a sequence now: it is the same shot, and the sequence is told as missing, not made twice.
    done = setup("sequence,shot,code\nsc01,sh010,sh010\n")
    assert done.told["summary"] == {
        "Project": {"there": 1}, "Sequence": {"created": 1}, "Shot": {"differs": 1},
    }  # fmt: skip
    assert states(setup("sequence,shot,code\nsc01,sh010,sh010\n", "--update")) == {"there": 2, "updated": 1}
    assert codes(site, project, "Shot", "sg_sequence") == [("sh010", "sc01"), ("sh020", None)]


def test_a_template_gives_every_shot_its_tasks(setup: Setup, site: Any, project: str, tmp_path: Path) -> None:
    (tmp_path / "shots.yaml").write_text(TEMPLATE)
    options = ("--template", tmp_path / "shots.yaml", "--var", "status=hld")
    done = setup("sequence,shot,status\nsc01,0010,\nsc01,0020,fin\n", *options)
    assert done.told["summary"]["Task"] == {"created": 4}
    assert codes(site, project, "Shot", "sg_status_list") == [("sc01_0010", "hld"), ("sc01_0020", "fin")]
    filters = [["project.Project.name", "is", project]]
    tasks = site.find(
        "Task", filters, ["content", "entity", "step.Step.entity_type", "step.Step.code", "sg_status_list"]
    )
    assert len(tasks) == 4
    assert {task["step.Step.entity_type"] for task in tasks} == {"Shot"}
    assert Counter((task["content"], task["step.Step.code"], task["sg_status_list"]) for task in tasks) == {
        ("layout", "Layout", "ip"): 2,
        ("comp", "Compositing", "wtg"): 2,
    }


def test_what_differs_is_told_and_changed_when_asked(setup: Setup, site: Any, project: str) -> None:
    setup("shot,cut_in,description\n0010,1001,one\n0020,1001,two\n")
    changed = "shot,cut_in,description\n0010,1009,one\n0020,1001,\n"
    done = setup(changed)
    assert done.status == 0
    assert done.told["summary"]["Shot"] == {"there": 1, "differs": 1}
    assert codes(site, project, "Shot", "sg_cut_in") == [("0010", 1001), ("0020", 1001)]
    assert setup(changed, "--update").told["summary"]["Shot"] == {"updated": 1, "there": 1}
    expected = [("0010", 1009, "one"), ("0020", 1001, "two")]
    assert codes(site, project, "Shot", "sg_cut_in", "description") == expected


def test_a_hierarchy_is_made_from_rows_in_any_order(setup: Setup, site: Any, project: str) -> None:
    table = (
        "entity_type,name,parent_type,parent_name,code,step,sg_asset_type\n"
        f"Project,{project},,,HC,,\n"
        "Task,model,Asset,giant,,Model,\n"
        "Shot,0010,Sequence,01,,,\n"
        "Sequence,01,Episode,101,,,\n"
        "episode,101,Project,,,,\n"
        "Shot,0020,Sequence,ep101_sc09,special,,\n"
        "Sequence,09,Episode,101,ep101_sc09,,\n"
        "Asset,giant,,,,,Character\n"
        "Asset,axe,Asset,giant,,,Prop\n"
    )
    assert states(setup(table)) == {"created": 9}
    assert site.find_one("Project", [["name", "is", project]], ["code"])["code"] == "HC"
    assert codes(site, project, "Sequence", "episode") == [("ep101_sc01", "ep101"), ("ep101_sc09", "ep101")]
    expected = [("ep101_sc01_0010", "ep101_sc01"), ("special", "ep101_sc09")]
    assert codes(site, project, "Shot", "sg_sequence") == expected
    parents = site.find_one("Asset", [["project.Project.name", "is", project], ["code", "is", "axe"]], ["parents"])
    assert [each["name"] for each in parents["parents"]] == ["giant"]
    assert states(setup(table)) == {"there": 9}


def test_bad_rows_are_refused_and_the_others_made(setup: Setup, site: Any, project: str) -> None:
    table = (
        "sequence,shot,status,cut_in\n"
        "01,0010,ip,1001\n"
        "01,1E5,,\n"
        "01,0030,no such,\n"
        "01,0040,,many\n"
        "01,0010,,\n"
        "01,,,\n"
        "01,0050\n"
        "01,=cmd,,\n"
        "02,00/70,,\n"
        "03,0080,no such,\n"
        "01,0060,,\n"
    )
    done = setup(table)
    assert done.status == 2
    assert codes(site, project, "Shot") == ["sc01_0010", "sc01_0060"]
    assert codes(site, project, "Sequence") == ["sc01"]
    refused = {row["where"]: row["why"] for row in done.told["rows"] if row["state"] == "refused"}
    words = {
        3: "Excel",
        4: "no such",
        5: "whole number",
        6: "same as row 2",
        7: "empty",
        8: "cells",
        9: "formula",
        10: "/",
        11: "none of",
    }
    assert refused.keys() == {f"row {number}" for number in words}
    for number, word in words.items():
        assert word in refused[f"row {number}"]


def test_a_hierarchy_that_lies_in_itself_is_refused(setup: Setup, site: Any, project: str) -> None:
    table = (
        "entity_type,name,parent_type,parent_name,code\n"
        "Asset,a,Asset,b,\n"
        "Asset,b,Asset,a,\n"
        "Asset,c,Asset,a,\n"
        "Asset,d,Asset,d,\n"
        "Asset,e,Asset,nowhere,\n"
        "Asset,f,,,\n"
        "Shot,s,Asset,,\n"
        "Shot,s,Project,Other,\n"
        "Project,Other,,,\n"
    )
    done = setup(table)
    assert done.status == 2
    assert states(done) == {"refused": 8, "created": 2}
    assert codes(site, project, "Asset") == ["f"]


@pytest.mark.parametrize(
    ("table", "options", "code"),
    [
        ("episode,sequence\n1,2\n", [], "manifest.invalid"),
        ("shot\n", [], "manifest.invalid"),
        ('shot\n"0010\n', [], "manifest.invalid"),
        ("shot,shot\n1,2\n", [], "manifest.invalid"),
        ("entity_type,name\nNonsense,a\n", [], "onepiece.usage"),
        ("entity_type,name\nHumanUser,a\n", [], "onepiece.usage"),
        ("shot\n0010\n", ["--template", "nowhere"], "publish.input_missing"),
        ("shot\n0010\n", ["--var", "a=b"], "onepiece.usage"),
        (None, [], "onepiece.usage"),
        (None, ["--edl", "nowhere.edl"], "publish.input_missing"),
    ],
)
def test_what_is_asked_wrongly_makes_nothing(
    setup: Setup, site: Any, project: str, table: str | None, options: list[str], code: str
) -> None:
    assert setup(table, *options).error["code"] == code
    assert site.find_one("Project", [["name", "is", project]]) is None


def test_a_cut_makes_shots_with_their_ranges(setup: Setup, site: Any, project: str, tmp_path: Path) -> None:
    cut = write_cut(
        tmp_path / "reel.otio",
        {
            "FG_ep101_sc01_0010_comp_v003": (span(1009, 42), span(1001, 58)),
            "FG_ep101_sc01_0020_comp_v001": (span(1009, 10), span(1001, 30)),
        },
    )
    setup(None, "--otio", cut)
    fields = ("sg_sequence", "sg_head_in", "sg_cut_in", "sg_cut_out", "sg_tail_out", "sg_cut_duration")
    assert codes(site, project, "Shot", *fields) == [
        ("ep101_sc01_0010", "ep101_sc01", 1001, 1009, 1050, 1058, 42),
        ("ep101_sc01_0020", "ep101_sc01", 1001, 1009, 1018, 1030, 10),
    ]
    assert codes(site, project, "Episode") == ["ep101"]
    assert setup(None, "--otio", cut).told["summary"]["Shot"] == {"there": 2}


def test_an_edl_is_numbered_as_asked(setup: Setup, site: Any, project: str, tmp_path: Path) -> None:
    source = tmp_path / "reel.edl"
    source.write_text(edl([Event("sc01_0010", 86400, 24), Event("sc01_0020", 90000, 12), Event("sc01_0010", 86430, 6)]))
    done = setup(None, "--edl", source, "--handles", 8, "--first-frame", 1001, "--rate", "24")
    assert done.status == 0
    fields = ("sg_head_in", "sg_cut_in", "sg_cut_out", "sg_tail_out", "sg_cut_order")
    assert codes(site, project, "Shot", *fields) == [
        ("sc01_0010", 1001, 1009, 1044, 1052, 1),
        ("sc01_0020", 1001, 1009, 1020, 1028, 2),
    ]


def test_progress_is_told_shot_by_shot(setup: Setup) -> None:
    table = "shot\n" + "".join(f"{number:04d}\n" for number in range(10, 60, 10))
    done = setup(table, "--events", "ndjson")
    events = [json.loads(line) for line in done.err.splitlines()]
    last = [event for event in events if event["phase"] == "Shot"][-1]
    assert (last["operation"], last["done"], last["total"], last["item"]) == ("show", 5, 5, "0050")


def test_people_read_a_summary(setup: Setup, studio_env: dict[str, str], tmp_path: Path, project: str) -> None:
    (tmp_path / "a.csv").write_text("shot,status\na,\nb,wrong\n")
    done = run_cli(studio_env, "shotgrid", "show-setup", tmp_path / "a.csv", "--project", project)
    assert done.status == 2
    assert done.out == "Project: 1 created\nShot: 1 created\n1 refused\n"
    assert "row 3: Shot b: sg_status_list: 'wrong' is none of" in done.err
