"""Options of a studio's site: told once, remembered until they are told again."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import SandboxSchemaInvalid, UsageError
from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.files import Layout, prepare
from onepiece_server.sandbox.options import StudioOptions
from onepiece_server.sandbox.shotgrid.model import stock_raw
from onepiece_server.sandbox.shotgrid.schema_file import schema_text
from tests.conftest import Run
from tests.support.studio import shotgrid_of

TOLD = {"time_zone": "Europe/Paris", "uploads": "form", "thumbnail_seconds": 3.0, "empty": True}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "studio"
    sandbox.down(tmp_path / "studio", grace_seconds=0)


def pids(folder: Path) -> set[int | None]:
    return {server.pid for server in sandbox.status(folder).servers}


@pytest.fixture
def schema_file(tmp_path: Path) -> Path:
    """The stock schema, and one field of a studio's own."""
    raw = copy.deepcopy(stock_raw())
    raw["Shot"]["fields"]["sg_turnover"] = {"data_type": "text", "name": "Turnover"}
    (tmp_path / "site.json").write_text(schema_text(raw))
    return tmp_path / "site.json"


def test_a_plain_up_starts_the_same_studio_again(folder: Path, schema_file: Path, onepiece: Run):
    first = sandbox.up(folder, options={**TOLD, "schema_file": str(schema_file)})
    assert first.options == {**TOLD, "schema_file": str(schema_file)}
    sg = shotgrid_of(first)
    assert sg.find("Project", []) == []
    assert sg.server_info["s3_direct_uploads_enabled"] is False
    assert "sg_turnover" in sg.schema_field_read("Shot")
    running = pids(folder)
    assert sandbox.up(folder, options={"uploads": "form"}).running
    assert pids(folder) == running, "nothing new was told"

    schema_file.unlink()
    changed = sandbox.up(folder, options={"uploads": "direct"})
    assert pids(folder).isdisjoint(running), "it had to be started again"
    kept = {name: value for name, value in first.options.items() if name != "uploads"}
    assert changed.options == kept
    sandbox.down(folder)
    shown = onepiece("sandbox", "status", "--dir", folder).stdout
    assert "time_zone Europe/Paris" in shown
    assert "Frost Giant" not in shown

    fresh = sandbox.reset(folder)
    assert fresh.options == kept
    assert "sg_turnover" in shotgrid_of(fresh).schema_field_read("Shot")
    stock = sandbox.up(folder, options={"schema_file": "stock", "empty": False})
    assert "sg_turnover" not in shotgrid_of(stock).schema_field_read("Shot")
    assert "schema_file" not in stock.options


def test_the_command_line_tells_them(folder: Path, onepiece: Run):
    words = ["--time-zone", "Asia/Tokyo", "--thumbnail-seconds", "2", "--uploads", "form", "--empty"]
    done = onepiece("sandbox", "up", "--json", "--dir", folder, *words)
    told = json.loads(done.stdout)["options"]
    assert told == {"time_zone": "Asia/Tokyo", "thumbnail_seconds": 2.0, "uploads": "form", "empty": True}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--time-zone", "Mars/Olympus"], 2),
        (["--time-zone", "../../etc/passwd"], 2),
        (["--thumbnail-seconds", "-1"], 2),
        (["--thumbnail-seconds", "nan"], 2),
        (["--uploads", "pigeon"], 2),
        (["--schema", "missing.json"], 13),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_made(
    folder: Path, onepiece: Run, words: list[str], status: int
):
    done = onepiece("sandbox", "up", "--json", "--dir", folder, *words)
    assert (done.returncode, done.stdout) == (status, "")
    assert json.loads(done.stderr)["error"]["message"]
    assert not folder.exists()


def test_a_schema_that_is_none_leaves_the_studio_as_it_is(folder: Path, tmp_path: Path):
    (tmp_path / "none.json").write_text("{}")
    with pytest.raises(SandboxSchemaInvalid):
        sandbox.up(folder, options={"schema_file": str(tmp_path / "none.json")})
    assert not folder.exists()


def test_a_folder_of_before_there_were_options_is_understood(tmp_path: Path):
    state = tmp_path / "sandbox.json"
    prepare(Layout(tmp_path))
    told: dict[str, Any] = json.loads(state.read_text())
    state.write_text(json.dumps({name: told[name] for name in ("schema", "keys", "base_port", "processes")}))
    assert prepare(Layout(tmp_path)).options == StudioOptions()


def test_nothing_told_changes_nothing():
    options = StudioOptions().changed({"time_zone": "Europe/Paris", "empty": None})
    assert options.changed({}) == options.changed({"time_zone": None}) == options
    assert options.unusual() == {"time_zone": "Europe/Paris"}
    with pytest.raises(UsageError, match="--uploads"):
        options.changed({"uploads": "pigeon"})
