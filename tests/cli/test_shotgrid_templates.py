"""``onepiece shotgrid templates``, against a real site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Done, run_cli
from tests.support.studio import shotgrid_of

Templates = Callable[..., Done]

EPISODIC = """
schema: onepiece.show-template.1
name: episodic
description: Two episodes
variables: {show: "", status: rdy}
project: {fields: {sg_type: Episodic}}
tasks:
  shot:
    - {name: layout, step: Layout, status: ip}
    - {name: "comp {code}", step: Compositing}
  asset:
    - {name: model, step: Model}
parts:
  sequence:
    type: Sequence
    code: "{parent}_sc{sequence}"
    each: {sequence: 01-02}
    children:
      - type: Shot
        code: "{show}_{parent}_{shot}"
        each: {shot: 0010-0030x10}
        fields: {sg_status_list: "{status}", sg_cut_in: 1001}
        tasks: [shot]
entities:
  - type: Episode
    code: "ep{episode}"
    each: {episode: [101, 102]}
    children: [{include: sequence}]
  - {type: Asset, code: giant, fields: {sg_asset_type: Character}, tasks: [asset]}
"""


@pytest.fixture
def site(studio: SandboxReport) -> Any:
    return shotgrid_of(studio)


@pytest.fixture
def project(tmp_path: Path) -> str:
    return f"Template {tmp_path.parent.name} {tmp_path.name}"


@pytest.fixture
def templates(studio_env: dict[str, str], tmp_path: Path) -> Templates:
    env = {**studio_env, "ONEPIECE_STATE_DIR": str(tmp_path / "state")}
    return lambda *words: run_cli(env, "shotgrid", "templates", *words, "--json", cwd=tmp_path)


@pytest.fixture
def episodic(tmp_path: Path) -> Path:
    path = tmp_path / "episodic.yaml"
    path.write_text(EPISODIC)
    return path


def states(done: Done) -> Counter[str]:
    return Counter(row["state"] for row in done.told["rows"])


def count(site: Any, project: str, kind: str) -> int:
    return len(site.find(kind, [["project.Project.name", "is", project]]))


def test_a_template_is_applied_once(templates: Templates, site: Any, project: str, episodic: Path) -> None:
    options = ("--project", project, "--var", "show=FG")
    expected = {"Project": 1, "Episode": 2, "Asset": 1, "Sequence": 4, "Shot": 12, "Task": 25}
    assert states(templates("apply", episodic, *options, "--dry-run")) == {"planned": sum(expected.values())}
    assert site.find_one("Project", [["name", "is", project]]) is None
    done = templates("apply", episodic, *options)
    assert done.told["summary"] == {kind: {"created": number} for kind, number in expected.items()}
    again = templates("apply", episodic, *options)
    assert again.told["summary"] == {kind: {"there": number} for kind, number in expected.items()}
    assert {kind: count(site, project, kind) for kind in list(expected)[1:]} == dict(list(expected.items())[1:])
    assert site.find_one("Project", [["name", "is", project]], ["sg_type"])["sg_type"] == "Episodic"
    shot = [["project.Project.name", "is", project], ["code", "is", "FG_ep101_sc01_0020"]]
    found = site.find_one("Shot", shot, ["sg_status_list", "sg_sequence.Sequence.episode.Episode.code", "tasks"])
    assert (found["sg_status_list"], found["sg_sequence.Sequence.episode.Episode.code"]) == ("rdy", "ep101")
    assert {task["name"] for task in found["tasks"]} == {"layout", "comp FG_ep101_sc01_0020"}


def test_what_differs_is_changed_only_when_asked(templates: Templates, site: Any, project: str, episodic: Path) -> None:
    options = ("--project", project, "--var", "show=FG")
    templates("apply", episodic, *options)
    of_project = [["project.Project.name", "is", project]]
    shot = site.find_one("Shot", [*of_project, ["code", "is", "FG_ep101_sc01_0020"]], ["tasks"])
    site.update("Shot", shot["id"], {"sg_cut_in": 1009, "sg_sequence": None})
    site.update("Task", shot["tasks"][0]["id"], {"step": None})
    site.delete("Asset", site.find_one("Asset", of_project)["id"])
    extra = site.create("Episode", {"code": "ep999", "project": site.find_one("Project", [["name", "is", project]])})
    diff = templates("diff", episodic, *options).told
    assert diff["summary"] == {"added": 2, "removed": 2, "changed": 2}
    assert ("Episode", "ep999", "removed") in {(row["type"], row["path"], row["state"]) for row in diff["rows"]}
    done = templates("apply", episodic, *options)
    assert states(done) == {"there": 41, "differs": 2, "created": 2}
    changes = {row["code"]: row["changes"] for row in done.told["rows"] if row["state"] == "differs"}
    assert changes["FG_ep101_sc01_0020"].keys() == {"sg_cut_in", "sg_sequence"}
    assert states(templates("apply", episodic, *options, "--update")) == {"there": 43, "updated": 2}
    assert states(templates("apply", episodic, *options)) == {"there": 45}
    assert site.find_one("Shot", [["id", "is", shot["id"]]], ["sg_cut_in"])["sg_cut_in"] == 1001
    assert site.find_one("Episode", [["id", "is", extra["id"]]]) is not None


def test_a_project_is_saved_and_made_again_under_another_name(
    templates: Templates, site: Any, project: str, episodic: Path, tmp_path: Path
) -> None:
    templates("apply", episodic, "--project", project, "--var", "show=FG")
    saved = templates("save", "mine", "--project", project, "--var", "show=FG").told
    assert saved["path"] == str(tmp_path / "state" / "templates" / "mine.yaml")
    assert [row["name"] for row in templates("list").told["templates"]] == ["mine"]
    assert templates("diff", "mine", "--project", project).told["rows"] == []
    shown = templates("show", "mine").told
    assert shown["variables"] == {"show": "FG"}
    done = templates("apply", "mine", "--project", f"{project} 2", "--var", "show=EC", "--show-code", "EC")
    assert states(done) == {"created": 45}
    assert site.find_one("Shot", [["code", "is", "EC_ep101_sc01_0010"], ["project.Project.code", "is", "EC"]])
    # As JSON it is the same.
    templates("save", "copy.json", "--from", "mine")
    assert templates("diff", "copy.json", "mine").told["rows"] == []


def test_a_template_that_is_there_is_replaced_only_when_asked(templates: Templates, episodic: Path) -> None:
    assert templates("save", "one", "--from", episodic, "--dry-run").told["dry_run"]
    assert templates("list").told["templates"] == []
    assert templates("save", "one", "--from", episodic).status == 0
    assert templates("save", "one", "--from", episodic).status == 0
    other = episodic.with_name("other.yaml")
    other.write_text(EPISODIC.replace("Two episodes", "Others"))
    assert templates("save", "one", "--from", other).error["code"] == "publish.destination_exists"
    assert templates("save", "one", "--from", other, "--replace").status == 0
    assert templates("show", "one").told["description"] == "Others"


def test_two_templates_are_compared(templates: Templates, episodic: Path) -> None:
    other = episodic.with_name("other.yaml")
    other.write_text(EPISODIC.replace("0010-0030x10", "0020-0040x10").replace("1001", "1009"))
    done = templates("diff", episodic, other, "--var", "show=FG").told
    # Four sequences: a shot and its two tasks go, as many come, two shots have another cut in.
    assert done["summary"] == {"added": 12, "removed": 12, "changed": 8}
    changed = next(row for row in done["rows"] if row["state"] == "changed")
    assert changed["changes"] == {"sg_cut_in": ["1001", "1009"]}


def test_the_folder_of_templates_is_a_setting(templates: Templates, episodic: Path, tmp_path: Path) -> None:
    (tmp_path / "onepiece.toml").write_text('[templates]\ndir = "kept"\n')
    assert templates("save", "one", "--from", episodic).told["path"] == str(tmp_path / "kept" / "one.yaml")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("type: Sequence", "type: Nonsense", "Nonsense"),
        ("type: Sequence", "type: Step", "Step"),
        ("sg_cut_in", "sg_cut_inn", "sg_cut_inn"),
        ("status: ip", "status: no such", "no such"),
        ("step: Layout", "step: Nowhere", "Nowhere"),
        ("step: Layout", "step: Model", "Model"),
        ("each: {shot: 0010-0030x10}", "each: {shot: [10, 10]}", "same as"),
        ("code: giant", "code: '{gaint}'", "gaint"),
        ("code: giant", "code: 'gi{ant'", "brace"),
        ("- type: Shot", "- type: Shot\n        link: nowhere", "nowhere"),
        ("sg_type: Episodic", "sg_type: Nothing", "Nothing"),
        ("sg_type: Episodic", "name: Other", "name"),
    ],
)
def test_a_template_that_does_not_fit_the_site_makes_nothing(
    templates: Templates, site: Any, project: str, episodic: Path, old: str, new: str, word: str
) -> None:
    episodic.write_text(EPISODIC.replace(old, new))
    for options in (["--dry-run"], []):
        error = templates("apply", episodic, "--project", project, "--var", "show=FG", *options).error
        assert error["code"] in ("manifest.invalid", "onepiece.usage")
        assert word in error["message"]
    assert site.find_one("Project", [["name", "is", project]]) is None


def test_a_variable_without_a_value_is_asked_for(templates: Templates, project: str, episodic: Path) -> None:
    assert "'show'" in templates("apply", episodic, "--project", project).error["message"]
    error = templates("apply", episodic, "--project", project, "--var", "shwo=FG").error
    assert (error["code"], "show" in error["hint"]) == ("onepiece.usage", True)


def test_a_project_that_is_not_there_cannot_be_saved(templates: Templates) -> None:
    assert templates("save", "x", "--project", "Nowhere").error["code"] == "tracker.project_missing"
    assert templates("save", "../x", "--project", "Nowhere").error["code"] == "tracker.project_missing"
    assert templates("save", "x y", "--project", "Nowhere").error["code"] == "onepiece.usage"
    assert templates("save", "x").error["code"] == "onepiece.usage"


def test_the_sites_own_task_templates_are_left_alone(
    templates: Templates, site: Any, project: str, episodic: Path
) -> None:
    before = site.find("TaskTemplate", [], ["code", "tasks", "updated_at"])
    templates("apply", episodic, "--project", project, "--var", "show=FG")
    assert site.find("TaskTemplate", [], ["code", "tasks", "updated_at"]) == before
