"""``publish.check`` where several shots have one code, where ShotGrid alone knows a version, and without a site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.test_worker_context import Panel
from tests.support.media import write_exr
from tests.support.studio import shotgrid_of

# ep090 has the shot 0010 in sc01 and in sc02; scenes of the show TW are called by the shot alone.
SETTINGS = """
[publish]
bucket = "studio-prod-data"
[naming.shows.TW]
scene = "{show}_{shot}_{asset}_v{version}"
"""


@pytest.fixture(scope="module")
def shots(studio: SandboxReport) -> Iterator[dict[str, dict[str, Any]]]:
    """The shots by show and sequence."""
    site = shotgrid_of(studio)
    made = []

    def create(kind: str, data: dict[str, Any]) -> dict[str, Any]:
        row: dict[str, Any] = site.create(kind, data)
        made.append(row)
        return row

    known = site.find_one("Project", [["code", "is", "FG"]], ["code"])
    second = create("Project", {"name": "Twice", "code": "TW"})
    found = {}
    for show, project in (("FG", known), ("TW", second)):
        above = {"project": {"type": "Project", "id": project["id"]}}
        episode = create("Episode", {"code": "ep090", **above})
        for name in ("sc01", "sc02"):
            sequence = create("Sequence", {"code": name, "episode": episode, **above})
            shot = create("Shot", {"code": "0010", "sg_sequence": sequence, **above})
            create("Task", {"content": "comp", "entity": shot, **above})
            found[f"{show} {name}"] = shot
    yield found
    for row in reversed(made):  # the studio is shared
        site.delete(row["type"], row["id"])


def opened(home: Path, environ: dict[str, str]) -> Panel:
    home.mkdir()
    (home / "onepiece.toml").write_text(SETTINGS)
    state = {"ONEPIECE_STATE_DIR": str(home / "state"), "HOME": str(home), "PATH": "/usr/bin:/bin"}
    return Panel({**environ, **state})


@pytest.fixture
def panel(studio: SandboxReport, shots: dict[str, dict[str, Any]], tmp_path: Path) -> Iterator[Panel]:
    made = opened(tmp_path / "home", studio.env)
    yield made
    made.worker.close()


def facts(folder: Path, name: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    scene = folder / f"{name}.nk"
    scene.parent.mkdir(parents=True, exist_ok=True)
    scene.write_text("Root {}\n")
    told = {"schema": "onepiece.scene-facts.1", "host": "nuke", "modified": False, "outputs": list(outputs)}
    return {**told, "scene": scene.as_posix()}


def rules(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["rule"]: each for each in told["findings"]}


@pytest.mark.parametrize("sequence", ["sc01", "sc02"])
def test_the_whole_name_decides_between_shots_of_one_code(
    panel: Panel, shots: dict[str, dict[str, Any]], tmp_path: Path, sequence: str
) -> None:
    told = panel("publish.check", facts=facts(tmp_path, f"FG_ep090_{sequence}_0010_comp_v001"))
    entity = told["context"]["entity"]
    assert (entity["id"], entity["name"]) == (shots[f"FG {sequence}"]["id"], f"{sequence}/0010")
    assert told["request"]["shot"] == f"{sequence}/0010", "the code alone would fit both"
    assert not {"scene.context", "scene.name"} & rules(told).keys()


def test_a_name_that_fits_several_shots_asks_which(
    panel: Panel, shots: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    told = panel("publish.check", facts=facts(tmp_path, "TW_0010_comp_v001"))
    assert told["context"]["entity"] is None
    assert told["request"]["shot"] is None
    found = rules(told)["scene.context"]
    assert found["severity"] == "error"
    choices = found["context"]["choices"]
    assert [(each["id"], each["name"]) for each in choices] == [
        (shots["TW sc01"]["id"], "sc01/0010"),
        (shots["TW sc02"]["id"], "sc02/0010"),
    ]
    refused = panel.answers("publish.plan", request=told["request"], facts=facts(tmp_path, "TW_0010_comp_v001"))
    assert refused.errors[0].context["rules"] == ["scene.context"]
    warned = panel("publish.plan", request=told["request"])["warnings"]
    assert [each["code"] for each in warned if "sc01/0010, sc02/0010" in each["message"]] == ["tracker.shot_missing"]
    chosen = panel(
        "publish.check", facts=facts(tmp_path, "TW_0010_comp_v001"), context={"entity": choices[1]}, request={}
    )
    assert chosen["request"]["shot"] == "sc02/0010"
    assert "scene.context" not in rules(chosen)


def test_another_shot_of_the_same_code_is_not_the_one_that_the_name_tells(
    panel: Panel, shots: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    other = {"type": "Shot", "id": shots["FG sc01"]["id"]}
    told = panel(
        "publish.check", facts=facts(tmp_path, "FG_ep090_sc02_0010_comp_v002"), context={"entity": other}, request={}
    )
    assert told["request"]["shot"] == "sc01/0010"
    assert rules(told)["scene.name"]["severity"] == "error"
    planned = panel("publish.plan", request=told["request"])
    assert planned["shot"] == "sc01/0010"


def test_a_version_that_shotgrid_alone_knows_is_taken(
    panel: Panel, studio: SandboxReport, shots: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    site = shotgrid_of(studio)
    show = site.find_one("Project", [["code", "is", "FG"]])
    version = site.create("Version", {"code": "FG_ep090_sc02_0010_comp_v003", "project": show})
    told = panel("publish.check", facts=facts(tmp_path, "FG_ep090_sc02_0010_comp_v003"))
    assert str(version["id"]) in rules(told)["scene.version_exists"]["message"]
    assert rules(told)["scene.version_exists"]["severity"] == "error"
    free = panel("publish.check", facts=facts(tmp_path, "FG_ep090_sc02_0010_comp_v004"))
    assert "scene.version_exists" not in rules(free)


def test_without_the_site_only_the_disk_is_searched_and_that_is_said(studio: SandboxReport, tmp_path: Path) -> None:
    away = opened(tmp_path / "home", {**studio.env, "ONEPIECE_SHOTGRID_URL": "http://127.0.0.1:9"})
    scene = facts(tmp_path / "work", "FG_ep090_sc02_0010_comp_v005")
    told = away("publish.check", facts=scene)
    found = rules(told)["scene.version_exists"]
    assert (found["severity"], "only the disk" in found["message"]) == ("warning", True)
    (tmp_path / "publish" / "FG_ep090_sc02_0010_comp_v005").mkdir(parents=True)
    told = away("publish.check", facts=scene)
    assert rules(told)["scene.version_exists"]["severity"] == "error"
    away.worker.close()


def test_what_the_artist_takes_out_stays_in_the_tree_and_not_in_the_request(panel: Panel, tmp_path: Path) -> None:
    outputs = []
    for name, kind, suffix in (("beauty", "sequence", "exr"), ("depth", "sequence", "exr"), ("sim", "cache", "vdb")):
        folder = tmp_path / "out" / name
        folder.mkdir(parents=True)
        for frame in (1001, 1003):
            write_exr(folder / f"{name}.{frame}.{suffix}", seed=f"{name} {frame}")
        path = f"{folder.as_posix()}/{name}.%04d.{suffix}"
        outputs.append({"id": name, "label": name, "path": path, "kind": kind, "first": 1001, "last": 1003})
    told = facts(tmp_path, "FG_ep090_sc02_0010_comp_v006", *outputs)
    before = panel("publish.check", facts=told)
    excluded = ["scene", "render depth", "cache sim"]
    after = panel("publish.check", facts=told, request={"excluded": excluded})
    assert leaves(before).keys() == leaves(after).keys()
    assert all(leaves(before).values())
    assert {name for name, is_in in leaves(after).items() if not is_in} == set(excluded)
    request = after["request"]
    assert (request["scene"], request["renders"], request["caches"]) == (None, outputs[0]["path"], None)
    assert request["scene_name"] == "FG_ep090_sc02_0010_comp_v006"
    assert panel("publish.plan", request=request)["files"] == 2
    assert panel("publish.plan", request=before["request"])["files"] == 7


def leaves(told: dict[str, Any]) -> dict[str, bool]:
    """Whether each item of the tree is included, by its id."""
    every = [leaf for item in told["items"] for leaf in item["children"] or [item]]
    return {leaf["id"]: leaf["is_included"] for leaf in every}


def test_two_outputs_of_one_name_are_told_before_a_publish(panel: Panel, tmp_path: Path) -> None:
    outputs = []
    for name in ("left", "right"):
        folder = tmp_path / "out" / name
        folder.mkdir(parents=True)
        write_exr(folder / "view.1001.exr", seed=name)
        (folder / "notes.txt").write_text("lies beside them: the folders themselves are not taken")
        outputs.append({"id": name, "label": name, "path": f"{folder.as_posix()}/view.%04d.exr"})
    told = facts(tmp_path, "FG_ep090_sc02_0010_comp_v007", *outputs)
    found = rules(panel("publish.check", facts=told))["scene.duplicate_names"]
    assert (found["severity"], found["nodes"], found["may_ignore"]) == ("error", ["left", "right"], False)
    one = panel("publish.check", facts=told, request={"excluded": ["render left"]})
    assert "scene.duplicate_names" not in rules(one)
    assert panel("publish.plan", request=one["request"])["files"] == 2


def test_what_a_panel_saves_is_planned_as_if_it_were_sent(panel: Panel, tmp_path: Path) -> None:
    told = facts(tmp_path, "FG_ep090_sc02_0010_comp_v008")
    request = panel("publish.check", facts=told)["request"]
    path = tmp_path / "saved.json"
    reason = [{"rule": "scene.missing_files", "nodes": [], "reason": "only a reference"}]
    assert panel("publish.save", request=request, facts=told, ignored=reason, path=str(path)) == {"path": str(path)}
    saved = json.loads(path.read_text())
    assert saved["paths"] == "root:relative"
    assert [each["reason"] for each in saved["request"]["ignored"]] == ["only a reference"]
    sent = panel("publish.plan", request=request, facts=told, ignored=[])
    assert panel("publish.plan", **saved)["items"] == sent["items"]
    nowhere = panel.answers("publish.save", request=request, path="saved.json")
    assert nowhere.errors[0].code == "onepiece.usage"
