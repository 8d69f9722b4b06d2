"""A new site's show: "Frost Giant", the same every time."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from tests.sandbox.conftest import StartSite


def test_the_show_has_its_hierarchy(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path)
    sg = site.client()
    project = sg.find_one("Project", [["name", "is", "Frost Giant"]], ["code", "archived"])
    assert (project["code"], project["archived"]) == ("FG", False)
    here = [["project", "is", project]]
    assert [row["code"] for row in sg.find("Episode", here, ["code"])] == ["EP01", "EP02", "ep010"]
    episode, sequence = "sg_sequence.Sequence.episode.Episode.code", "sg_sequence.Sequence.code"
    where = [*here, ["code", "is", "ep010_sc02_0010"], [sequence, "is", "ep010_sc02"], [episode, "is", "ep010"]]
    cuts = ["sg_head_in", "sg_cut_in", "sg_cut_out", "sg_tail_out", "sg_cut_duration"]
    (shot,) = sg.find("Shot", where, [*cuts, "tasks", "assets"])
    assert [shot[name] for name in cuts] == [1001, 1009, 1108, 1116, 100]
    assert [task["name"] for task in shot["tasks"]] == ["layout", "anim", "lighting", "comp"]
    task = sg.find_one("Task", [["entity", "is", shot], ["content", "is", "comp"]], ["task_assignees", "step"])
    assert (task["task_assignees"][0]["name"], task["step"]["name"]) == ("Elif Kaya", "Compositing")
    assert sg.find("Version", []) == sg.find("Playlist", []) == sg.find("PublishedFile", []) == []
    assert sg.find_one("LocalStorage", [], ["code"])["code"] == "primary"
    assert site.stop() == 0


def test_cut_items_follow_each_other(sg: Any):
    for cut in sg.find("Cut", [["project.Project.name", "is", "Frost Giant"]], ["cut_items"]):
        items = sg.find("CutItem", [["cut", "is", cut]], ["edit_in", "edit_out", "cut_item_duration"])
        assert items[0]["edit_in"] == 0
        for before, after in itertools.pairwise(items):
            assert after["edit_in"] == before["edit_out"] + 1
        assert all(item["edit_out"] - item["edit_in"] + 1 == item["cut_item_duration"] for item in items)


def test_two_new_sites_are_alike(start_site: StartSite, tmp_path: Path):
    found = []
    for name in ("one", "two"):
        site = start_site(tmp_path / name)
        fields = ["code", "sg_cut_in", "sg_cut_out", "sg_sequence", "tasks", "assets"]
        found.append(site.client().find("Shot", [], fields))
        assert site.stop() == 0
    assert found[0] == found[1]
    assert found[0] != []


def test_a_site_is_seeded_once(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path)
    site.client().delete("Project", 1)
    assert site.stop() == 0
    site.start()
    assert site.client().find("Project", []) == []
    assert site.stop() == 0


def test_an_empty_site_has_no_show(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path, "--empty")
    assert site.client().find("Project", []) == []
    assert site.client().find("Step", []) != []
    assert site.stop() == 0
