"""``onepiece validate`` as automation runs it: what it says, its report, and how it ends."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Done
from tests.core.drops import NAME, write_frames, write_manifest
from tests.support.media import write_exr


def codes(done: Done) -> list[str]:
    return [finding["code"] for finding in done.told["findings"]]


def test_names_that_follow_the_naming_pass(cli: Cli):
    done = cli("validate", "names", NAME, f"{NAME}.1001.exr", f"{NAME}.mov", "--show-code", "FG", "--json")
    assert done.status == 0
    assert done.told["summary"] == {"checked": 3, "errors": 0, "warnings": 0, "ok": True}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("holiday", "name.convention"),
        ("con.exr", "name.reserved"),
        ("a/b", "name.forbidden"),
        ("x\x1b[2J", "name.control"),
        ("FG_ep010_sc02_0010_comp_v001_v002.mov", "name.two_versions"),
        ("FG_ep010_sc02_0010_comp_v000.mov", "name.version"),
        ("FX_ep010_sc02_0010_comp_v001.mov", "show.other"),
    ],
)
def test_a_name_that_does_not_ends_with_2(name: str, code: str, cli: Cli):
    done = cli("validate", "names", "--show-code", "FG", "--json", "--", name)
    assert (done.status, codes(done)) == (2, [code])
    people = cli("validate", "names", "--show-code", "FG", "--", name)
    assert people.status == 2
    assert code in people.out
    assert "\x1b" not in people.out


def test_a_batch_of_names_comes_from_a_folder_a_list_or_a_table(cli: Cli, tmp_path: Path):
    drop = tmp_path / "drop"
    write_frames(drop)
    write_exr(drop / "holiday.exr")
    done = cli("validate", "names-batch", drop, "--json")
    assert (done.status, done.told["summary"]["checked"], codes(done)) == (2, 2, ["name.convention"])
    listed = tmp_path / "names.txt"
    listed.write_text(f"{NAME}\n\nholiday\n{NAME.replace('comp', 'COMP')}\n", encoding="utf-8")
    found = cli("validate", "names-batch", listed, "--json").told["findings"]
    assert [(each["code"], each["line"]) for each in found] == [("name.convention", 3), ("name.collision", 4)]
    table = tmp_path / "names.csv"
    table.write_text(f"id,name\n1,{NAME}\n", encoding="utf-8")
    assert cli("validate", "names-batch", table).status == 0
    assert cli("validate", "names-batch", table, "--column", "x").status == 2
    assert cli("validate", "names-batch", tmp_path / "nothing.txt").status == 2


def test_paths_must_stay_below_their_root_and_be_there(cli: Cli, tmp_path: Path):
    (tmp_path / "a.exr").write_bytes(b"x")
    (tmp_path / "link.exr").symlink_to("nowhere")
    assert cli("validate", "paths", "a.exr", "--json").status == 0
    done = cli("validate", "paths", "../a.exr", "b.exr", "link.exr", "C:\\x", "--json")
    assert (done.status, codes(done)) == (2, ["path.escapes", "path.missing", "path.missing", "path.escapes"])
    assert cli("validate", "paths", "b.exr", "--no-exists").status == 0
    long = cli("validate", "paths", "b.exr", "--no-exists", "--client-root", "D:\\" + "x" * 260, "--json")
    assert (long.status, codes(long)) == (0, ["path.too_long"])
    assert cli("validate", "paths", "--json").error["code"] == "onepiece.usage"


def test_media_that_is_not_whole_ends_with_2_and_the_rest_is_checked(cli: Cli, tmp_path: Path):
    drop = tmp_path / "drop"
    frames = write_frames(drop, 1001, 1004)
    assert cli("validate", "media", drop, frames[0], "--json").told["summary"]["ok"] is True
    frames[1].write_bytes(frames[1].read_bytes()[:-1])
    frames[2].unlink()
    done = cli("validate", "media", drop, "--json")
    assert (done.status, set(codes(done))) == (2, {"media.truncated", "sequence.gaps"})
    assert cli("validate", "media", tmp_path / "nothing").status == 2
    wrong = cli("validate", "media", drop, "--preset", "nobody", "--json")
    assert (wrong.status, wrong.error["code"]) == (1, "config.invalid")


def test_a_manifest_is_checked_alone_and_beside_its_drop(cli: Cli, tmp_path: Path):
    drop = tmp_path / "drop"
    write_frames(drop)
    manifest = write_manifest(drop / "list.csv", {}, {"delivery_path": "FG_ep010_sc02_0020_comp_v004.mov"})
    assert cli("validate", "manifest", manifest, "--show-code", "FG").status == 0
    beside = cli("validate", "manifest", manifest, "--drop", drop, "--json")
    assert (beside.status, codes(beside)) == (2, ["file.missing"])
    assert beside.told["findings"][0]["line"] == 3
    manifest.write_bytes(b"show;\xe9")
    assert codes(cli("validate", "manifest", manifest, "--json")) == ["manifest.unusable"]
    assert cli("validate", "manifest", drop / "no.csv", "--json").error["code"] == "publish.input_missing"


def test_versions_of_an_asset_that_do_not_fit_are_told(cli: Cli, tmp_path: Path):
    drop = tmp_path / "drop"
    write_frames(drop, name=NAME.replace("v004", "v001"))
    write_frames(drop, 1001, 1004, name=NAME, width=64)
    done = cli("validate", "asset-consistency", drop, "--json")
    assert done.status == 0
    assert set(codes(done)) == {"asset.version_gap", "asset.resolution", "asset.range"}


def test_hosts_that_are_asked_for_must_be_here(cli: Cli, tmp_path: Path):
    program = tmp_path / "bin" / "maya"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    env = {"PATH": str(program.parent), "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    done = cli("validate", "dcc-environment", "maya", "nuke", "--json", env=env)
    assert done.status == 2
    assert {"dcc.not_found", "dcc.not_installed", "dcc.python_variable"} <= set(codes(done))
    assert cli("validate", "dcc-environment", "paint", "--json").error["code"] == "dcc.unknown"


@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_a_report_is_written_in_the_form_of_its_name(form: str, cli: Cli, tmp_path: Path):
    report = tmp_path / f"report.{form}"
    assert cli("validate", "names", "=1+1", "--report", report).status == 2
    text = report.read_text(encoding="utf-8")
    if form == "json":
        assert json.loads(text)["findings"][0]["path"] == "=1+1"
    elif form == "csv":
        (row,) = csv.DictReader(text.splitlines())
        assert row["path"] == "'=1+1"
    else:
        assert "name.convention" in text
    assert cli("validate", "names", NAME, "--report", tmp_path / "report.pdf").status == 2
    assert cli("validate", "names", NAME, "--report", tmp_path / "no" / "report.csv").status == 2
