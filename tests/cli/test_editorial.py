"""``onepiece editorial``, against a real site."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Cli, run_cli
from tests.support.edls import Event, edl
from tests.support.studio import shotgrid_of

OLD = [Event(f"FG_ep010_sc02_{number:04d}", 1009, 48, f"A{number:03d}") for number in (110, 120, 130)]
NEW = [replace(OLD[0], first=1001, frames=64), replace(OLD[1], first=1013, frames=40), OLD[2]]


@pytest.fixture
def cuts(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.edl", tmp_path / "new.edl"
    old.write_text(edl(OLD))
    new.write_text(edl([*NEW, Event("FG_ep010_sc02_0140", 1001, 24, "B001")]))
    return old, new


def test_two_cuts_are_compared_without_a_tracker(cli: Cli, cuts: tuple[Path, Path]) -> None:
    done = cli("editorial", "diff", *cuts, "--json")
    assert done.status == 0
    assert done.told["summary"] == {"extended": 1, "shortened": 1, "new": 1, "unchanged": 1, "uncovered_versions": 0}
    assert [shot["kinds"] for shot in done.told["shots"]] == [["extended"], ["shortened"], ["new"]]
    assert done.told["asked_tracker"] is False


def test_the_changes_are_written_as_table_and_page(cli: Cli, cuts: tuple[Path, Path], tmp_path: Path) -> None:
    done = cli("editorial", "diff", *cuts, "--csv", "a.csv", "--html", "a.html")
    assert done.status == 0
    assert "FG_ep010_sc02_0110  extended  head +8, tail +8" in done.out
    assert (tmp_path / "a.csv").read_text().count("\n") == 4
    assert "head +8" in (tmp_path / "a.html").read_text()


def test_versions_that_no_longer_cover_the_cut_are_named(
    env: dict[str, str], fresh_studio: SandboxReport, cuts: tuple[Path, Path]
) -> None:
    site = shotgrid_of(fresh_studio)
    project = site.find_one("Project", [["name", "is", "Frost Giant"]])
    shots = {}
    for number in (110, 120, 140):
        data = {"project": project, "code": f"ep010_sc02_{number:04d}", "sg_cut_in": 1001, "sg_cut_out": 1048}
        data["sg_status_list"] = "omt" if number == 140 else "ip"
        shots[number] = site.create("Shot", data)
    for number, name, first, last in ((110, "short", 1001, 1048), (110, "long", 985, 1100), (120, "held", 1001, 1048)):
        data = {"project": project, "code": name, "entity": shots[number], "sg_first_frame": first}
        site.create("Version", {**data, "sg_last_frame": last})
    done = run_cli({**env, **fresh_studio.env}, "editorial", "diff", *cuts, "--project", "Frost Giant", "--json")
    assert done.status == 0, done.err
    (uncovered,) = done.told["uncovered"]
    assert (uncovered["version"], uncovered["needed_first"], uncovered["needed_last"]) == ("short", 993, 1056)
    assert done.told["summary"]["reinstated"] == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--rate", "fast"], "sequences.invalid"),
        (["--project", "Nowhere"], "tracker.project_missing"),
        (["--html", "/nowhere/a.html"], "storage.read_only"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    studio_env: dict[str, str], cuts: tuple[Path, Path], options: list[str], code: str
) -> None:
    done = run_cli(studio_env, "editorial", "diff", *cuts, *options, "--json")
    assert done.status
    assert done.error["code"] == code


def test_a_cut_that_is_not_there_is_told(cli: Cli, cuts: tuple[Path, Path]) -> None:
    assert cli("editorial", "diff", cuts[0], "nowhere.edl", "--json").error["code"] == "publish.input_missing"
