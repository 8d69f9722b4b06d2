"""validate reconcile, unpublish and restore as people call them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.reconcile import plant
from tests.reconcile.plant import Show, world_of
from tests.reconcile.worlds import compare, environ_of, planted
from tests.support.shotgrid import running_site
from tests.support.weed import Weed, weed

__all__ = ["weed"]


def onepiece(show: Show, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **environ_of(show, root), "HOME": str(root)}
    command = [sys.executable, "-m", "onepiece_cli", *arguments]
    return subprocess.run(command, check=False, env=environ, cwd=root / "settings", capture_output=True, text=True)


def test_findings_as_json_csv_and_a_page_a_plan_its_repairs_and_their_undo(tmp_path: Path, weed: Weed) -> None:
    root = tmp_path / "show"
    with running_site(tmp_path / "site") as site, planted(root, weed, site, "Commands") as (show, _):
        command = ("validate", "reconcile", "--project", "Commands", "--bucket", show.publishes)
        show.package("FG_ep010_sc02_0980_comp_v001")
        nothing = onepiece(show, root, *command)
        assert (nothing.returncode, "nothing is wrong" in nothing.stdout) == (0, True), nothing.stderr

        plant.lost_movie(show)
        plant.frame_missing_on_disk(show)
        plant.version_without_files(show)
        before = world_of(show)
        page, table, plan = root / "page.html", root / "table.csv", root / "plan.json"
        asked = ("--json", "--csv", str(table), "--html", str(page))
        told = onepiece(show, root, *command, *asked)
        assert told.returncode == 2, told.stderr
        found = json.loads(told.stdout)
        assert {(each["code"], each["subject"]) for each in found["findings"]} == show.expected
        assert found["counts"] == {"orphan.file": 1, "row.no_files": 1, "frames.missing": 1}
        assert len(table.read_text().splitlines()) == 4
        assert "forgotten.mov" in page.read_text()
        assert "http://" not in page.read_text().partition("</style>")[0]

        assert onepiece(show, root, *command, "--plan", str(plan)).returncode == 2
        done = onepiece(show, root, *command[:4], "--apply", str(plan), "--json")
        assert done.returncode == 0, done.stderr
        assert [each["outcome"] for each in json.loads(done.stdout)["results"]] == ["done", "done"]
        undone = onepiece(show, root, *command[:4], "--undo", json.loads(done.stdout)["operation"])
        assert undone.returncode == 0, undone.stderr
        assert world_of(show) == before
        assert onepiece(show, root, *command[:4], "--apply", str(plan)).returncode == 2, "it was taken back"


def test_a_repair_whose_world_has_changed_is_left_out_and_told(tmp_path: Path, weed: Weed) -> None:
    root = tmp_path / "show"
    with running_site(tmp_path / "site") as site, planted(root, weed, site, "Changed") as (show, _):
        plant.lost_movie(show)
        plan = root / "plan.json"
        onepiece(show, root, "validate", "reconcile", "--project", "Changed", "--plan", str(plan))
        (_, path) = next(iter(show.expected))
        Path(path).write_bytes(b"somebody works on it")
        done = onepiece(show, root, "validate", "reconcile", "--project", "Changed", "--apply", str(plan))
        assert done.returncode == 2
        assert "skipped" in done.stdout
        assert "has changed" in done.stdout
        assert Path(path).read_bytes() == b"somebody works on it"


def test_a_disk_that_is_not_mounted_is_no_reason_to_miss_its_files(tmp_path: Path, weed: Weed) -> None:
    root = tmp_path / "show"
    with running_site(tmp_path / "site") as site, planted(root, weed, site, "Unmounted") as (show, parts):
        show.package("FG_ep010_sc02_0970_comp_v001")
        show.shows.rename(root / "elsewhere")
        assert compare(show, parts).findings == ()


def test_an_unpublished_version_is_gone_and_restore_brings_it_back_byte_for_byte(tmp_path: Path, weed: Weed) -> None:
    root, name = tmp_path / "show", "FG_ep010_sc02_0960_comp_v001"
    with running_site(tmp_path / "site") as site, planted(root, weed, site, "Taken back") as (show, _):
        show.package(name)
        show.package("FG_ep010_sc02_0960_comp_v002")
        row = show.sg.find_one("Version", [["code", "is", name]])
        show.sg.create("Playlist", {"project": show.project, "code": "Dailies", "versions": [row]})
        before = world_of(show)
        asked = ("unpublish", name, "--bucket", show.publishes)
        dry = onepiece(show, root, *asked, "--dry-run", "--json")
        assert dry.returncode == 0, dry.stderr
        uses = {use["what"] for use in json.loads(dry.stdout)["uses"]}
        assert uses == {"Playlist Dailies", "Version FG_ep010_sc02_0960_comp_v002"}
        assert world_of(show) == before

        done = onepiece(show, root, *asked)
        assert done.returncode == 0, done.stderr
        assert not [path for kind in world_of(show).values() for path in kind if name in path]
        assert onepiece(show, root, "validate", "reconcile", "--project", "Taken back").returncode == 0
        back = onepiece(show, root, "restore", name)
        assert back.returncode == 0, back.stderr
        assert world_of(show) == before
        assert onepiece(show, root, "restore", name).returncode == 1
