"""A site's schema as a file: pulled, opened again, refused when it cannot be."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shotgun_api3 import Fault

from onepiece_core.errors import SandboxSchemaInvalid
from onepiece_server.sandbox.shotgrid.model import ANY_TYPE, build_schema, load_schema, stock_raw
from onepiece_server.sandbox.shotgrid.schema_diff import compare
from onepiece_server.sandbox.shotgrid.schema_file import MAX_BYTES, checked, read_schema_file, schema_text
from onepiece_server.sandbox.shotgrid.schema_pull import to_raw
from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import KEY, SCRIPT


def pulled(sg: Any) -> dict[str, Any]:
    """As the command does it: what is written can be read."""
    return checked(schema_text(to_raw(sg.schema_entity_read(), sg.schema_read())).encode(), "test")


def field(data_type: str = "text", **more: Any) -> dict[str, Any]:
    return {"data_type": data_type, "name": "F", **more}


def entity(**fields: Any) -> dict[str, Any]:
    return {"name": "E", "display": "id", "fields": {"id": field("number"), **fields}}


def text_of(entities: dict[str, Any]) -> bytes:
    return json.dumps({"schema": "onepiece.shotgrid-schema.1", "entities": entities}).encode()


def test_a_fresh_sandbox_pulled_is_the_stock_schema(sg: Any):
    found = compare("stock", load_schema(), "pulled", build_schema(pulled(sg)))
    assert found.changes == ()


def test_the_stock_schema_as_a_file_is_the_stock_schema():
    assert build_schema(checked(schema_text(stock_raw()).encode(), "test")) == load_schema()


@pytest.mark.wire("schema_read", "a pulled schema opens another site that tells the same")
def test_a_site_with_custom_fields_goes_round(start_site: StartSite, tmp_path: Path):
    first = start_site(tmp_path / "first", "--empty")
    sg = first.client()
    rate = sg.schema_field_create("Shot", "list", "Rating", {"valid_values": ["a", "ü"], "default_value": "ü"})
    hero = sg.schema_field_create("Shot", "multi_entity", "Heroes", {"valid_types": ["Asset", "Shot"]})
    gone = sg.schema_field_create("Shot", "text", "Gone")
    sg.schema_field_delete("Shot", gone)
    sg.schema_field_update("Task", "sg_status_list", {"valid_values": ["wtg", "ip", "fin"], "name": "State"})
    file = tmp_path / "site.json"
    file.write_text(schema_text(pulled(sg)), encoding="utf-8")

    second = start_site(tmp_path / "second", "--schema", str(file))
    again = second.client()
    assert again.schema_read() == sg.schema_read()
    assert again.schema_entity_read() == sg.schema_entity_read()
    assert again.find_one("Project", [["name", "is", "Frost Giant"]]) is not None  # it is seeded all the same
    shot = again.find_one("Shot", [], [rate, "tasks", "assets"])
    assert shot[rate] == "ü"
    assert shot["tasks"]
    assert shot["assets"]
    assert again.update("Shot", shot["id"], {hero: shot["assets"]})[hero]
    assert again.schema_field_create("Shot", "text", "Gone") == gone  # nobody has deleted it here

    # The folder remembers what it was made with; custom fields of the file are custom.
    known = again.schema_read()
    second.kill()
    third = start_site(tmp_path / "second").client()
    assert third.schema_read() == known
    assert third.schema_field_delete("Shot", rate) is True


def real(data_type: str, name: str = "A field", **properties: Any) -> dict[str, Any]:
    """A field as a site tells it."""
    shown = {key: {"value": value, "editable": True} for key, value in properties.items()}
    return {
        "name": {"value": name, "editable": True},
        "data_type": {"value": data_type, "editable": False},
        "editable": {"value": True, "editable": False},
        "mandatory": {"value": False, "editable": False},
        "unique": {"value": False, "editable": False},
        "visible": {"value": True, "editable": True},
        "properties": {"default_value": {"value": None, "editable": False}, **shown},
    }


def types(*names: str) -> dict[str, Any]:
    return {name: {"name": {"value": name, "editable": False}} for name in names}


def test_two_sides_of_a_relation_find_each_other():
    fields = {
        "Slate": {
            "code": real("text"),
            "takes": real("multi_entity", valid_types=["Take"]),
            "cameras": real("multi_entity", valid_types=["Lens"]),
            "sg_extra_takes": real("multi_entity", valid_types=["Take"]),
        },
        "Take": {"slate": real("entity", valid_types=["Slate"])},
        "Lens": {
            "slates": real("multi_entity", valid_types=["Slate"]),
            "sg_pairs": real("multi_entity", valid_types=["Lens"]),
            "lens_sg_pairs_lenss": real("multi_entity", valid_types=["Lens"]),
        },
    }
    raw = to_raw(types(*fields), fields)
    found = {
        f"{name}.{key}": one.get("inverse")
        for name, told in raw.items()
        for key, one in told["fields"].items()
        if one["data_type"] == "multi_entity"
    }
    assert found == {
        "Lens.lens_sg_pairs_lenss": "Lens.sg_pairs",  # told by its name
        "Lens.sg_pairs": None,
        "Lens.slates": "Slate.cameras",  # the only pair of these two types
        "Slate.cameras": None,
        "Slate.sg_extra_takes": None,  # people's own fields mirror nothing
        "Slate.takes": None,  # two fields lead to Take: nobody knows which one mirrors Take.slate
    }
    checked(schema_text(raw).encode(), "test")


def test_a_site_that_lacks_the_other_side_of_a_stock_field_gets_plain_links():
    fields = {"Shot": {"code": real("text"), "tasks": real("multi_entity", valid_types=["Task"])}, "Task": {}}
    raw = to_raw(types("Shot", "Task"), fields)
    assert "inverse" not in raw["Shot"]["fields"]["tasks"]
    assert raw["Shot"]["display"] == "code"


def test_what_a_site_tells_strangely_is_still_a_schema():
    fields = {
        "Shot": {
            "step_0": real("pivot_column"),
            "sg_sum": real("summary", summary_field="id", query={"filters": []}),
            "sg_new": real("hologram"),
            "sg_any": real("entity", valid_types=["Shot", "Asset"]),
            "sg_gone": real("entity", valid_types=["TypeThatIsOff"]),
            "sg_choice": real("list", valid_values=None),
        },
        "Asset": {"code": real("text")},
    }
    raw = checked(schema_text(to_raw(types("Shot", "Asset"), fields)).encode(), "test")
    shot = raw["Shot"]["fields"]
    assert shot["sg_new"] == {"name": "A field", "data_type": "calculated", "editable": False, "custom": True}
    assert shot["sg_any"]["valid_types"] == [ANY_TYPE]
    assert shot["sg_gone"]["valid_types"] == [ANY_TYPE]
    assert shot["sg_sum"]["more"]["summary_field"]["value"] == "id"
    assert raw["Shot"]["display"] == "step_0" or raw["Shot"]["display"] == "id"


def test_a_small_real_site_opens_and_works(start_site: StartSite, tmp_path: Path):
    """A site that lacks most stock types and has some of its own."""
    fields = {
        "Shot": {
            "code": real("text"),
            "project": real("entity", valid_types=["Project"]),
            "step_0": real("pivot_column"),
        },
        "Scan": {"code": real("text"), "shots": real("multi_entity", valid_types=["Shot"])},
        "Project": {"name": real("text")},
    }
    file = tmp_path / "site.json"
    file.write_text(schema_text(to_raw(types(*fields), fields)), encoding="utf-8")
    sg = start_site(tmp_path, "--schema", str(file)).client()
    project = sg.create("Project", {"name": "P"})
    shot = sg.create("Shot", {"code": "s", "project": project})
    scan = sg.create("Scan", {"code": "x", "shots": [shot]})
    assert sg.find_one("Scan", [["shots.Shot.code", "is", "s"]])["id"] == scan["id"]
    assert sg.find_one("Shot", [], ["step_0"])["step_0"] is None
    assert sg.update("Scan", scan["id"], {"code": "y"})["code"] == "y"
    assert sg.delete("Scan", scan["id"]) is True
    with pytest.raises(Fault, match=r"can ?not be used in a filter"):
        sg.find("Shot", [["step_0", "is", None]])
    with pytest.raises(Fault, match="entity type 'Version' doesn't exist"):
        sg.find("Version", [])


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "Invalid JSON"),
    "no UTF-8": (b'{"\xff": 1}', "Invalid JSON"),
    "a list": (b"[]", "valid dictionary|object"),
    "deep": (b"[" * 100_000, "Invalid JSON"),
    "another form": (b'{"schema": "onepiece.shotgrid-schema.9", "entities": {}}', "onepiece.shotgrid-schema.1"),
    "nothing": (text_of({}), "at least 1 item"),
    "an unknown key": (text_of({"Shot": {**entity(), "sql": "x"}}), "Extra inputs"),
    "a quote in a type": (text_of({'Shot"; DROP TABLE x; --': entity()}), "no name of an entity type"),
    "a type of SQLite's": (text_of({"sqlite_master": entity()}), "no name of an entity type"),
    "a type of ours": (text_of({"__links": entity()}), "no name of an entity type"),
    "a quote in a field": (text_of({"Shot": entity(**{'a" TEXT); --': field()})}), "no name of a field"),
    "a semicolon": (text_of({"Shot": entity(**{"a;b": field()})}), "no name of a field"),
    "a field of ours": (text_of({"Shot": entity(__retired=field())}), "no name of a field"),
    "two cases of one type": (text_of({"Shot": entity(), "shot": entity()}), "differ in case alone"),
    "two cases of one field": (text_of({"Shot": entity(code=field(), Code=field())}), "share a column"),
    "a link's columns": (
        text_of({"Shot": entity(a=field("entity", valid_types=["Shot"]), a__id=field())}),
        "share a column",
    ),
    "an unknown data type": (text_of({"Shot": entity(a=field("blob"))}), "unknown data type 'blob'"),
    "an unknown type": (text_of({"Shot": entity(a=field("entity", valid_types=["X"]))}), "unknown type 'X'"),
    "no id": (text_of({"Shot": {"name": "S", "display": "code", "fields": {"code": field()}}}), "number id is missing"),
    "no display field": (text_of({"Shot": {**entity(), "display": 'x"--'}}), "display field"),
    "an object as default": (text_of({"Shot": entity(a=field(default_value={"x": 1}))}), "default_value"),
    "inverses in a circle": (
        text_of(
            {
                "A": entity(b=field("multi_entity", valid_types=["B"], inverse="B.a")),
                "B": entity(a=field("multi_entity", valid_types=["A"], inverse="A.b")),
            }
        ),
        "holds no data itself",
    ),
    "its own inverse": (
        text_of({"A": entity(a=field("multi_entity", valid_types=["A"], inverse="A.a"))}),
        "holds no data itself",
    ),
    "an inverse of nothing": (
        text_of({"A": entity(a=field("multi_entity", valid_types=["A"], inverse="A.b.c'--"))}),
        "is no link of A",
    ),
    "through nothing": (
        text_of({"A": entity(a=field("multi_entity", valid_types=["A"], through="A.x"))}),
        "no link to A|here.there",
    ),
    "far too many fields": (b'{"data_type":""}' * 60_001, "more than 60,000 fields"),
    "too many fields": (text_of({"A": entity(**{f"f{n}": field() for n in range(2000)})}), "at most 900 items"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused(name: str, tmp_path: Path):
    content, words = HOSTILE[name]
    file = tmp_path / "site.json"
    file.write_bytes(content)
    with pytest.raises(SandboxSchemaInvalid, match=words) as caught:
        read_schema_file(file)
    assert len(caught.value.report.message) < 2500


def test_a_file_that_is_too_large_is_refused_without_being_read(tmp_path: Path):
    file = tmp_path / "site.json"
    with file.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    assert file.stat().st_size > MAX_BYTES
    with pytest.raises(SandboxSchemaInvalid, match="larger than 32 MB"):
        read_schema_file(file)


Serve = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """A server that is not expected to start."""
    (tmp_path / "key").write_text(KEY)

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "onepiece_server.sandbox.shotgrid", "--dir", str(tmp_path / "site")]
        command += ["--script", SCRIPT, "--key-file", str(tmp_path / "key"), *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_a_server_with_a_bad_schema_says_so_in_one_line(serve: Serve, tmp_path: Path):
    file = tmp_path / "site.json"
    file.write_bytes(HOSTILE["a quote in a field"][0])
    done = serve("--schema", str(file))
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith(f"error: {file} is no schema that a site can have: Shot:")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "site" / "site.sqlite").exists()


# The database's version


@pytest.fixture
def old(start_site: StartSite, tmp_path: Path) -> Path:
    """A site's database, stopped."""
    process = start_site(tmp_path)
    project = process.client().create("Project", {"name": "kept"})
    assert project["id"]
    assert process.stop() == 0
    return tmp_path / "site" / "site.sqlite"


def test_an_older_database_is_brought_up_to_date(old: Path, start_site: StartSite, tmp_path: Path):
    connection = sqlite3.connect(old)
    connection.executescript(
        'PRAGMA user_version=0; PRAGMA application_id=0; DROP TABLE "__fields"; DROP TABLE Release;'
        "ALTER TABLE Shot DROP COLUMN sg_turnover_date"
    )
    connection.close()
    sg = start_site(tmp_path).client()
    project = sg.find_one("Project", [["name", "is", "kept"]])
    shot = sg.create("Shot", {"project": project, "code": "s", "sg_turnover_date": "2024-02-29"})
    assert shot["sg_turnover_date"] == "2024-02-29"
    assert sg.create("Release", {"project": project, "code": "r"})["id"] == 1


def refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_newer_database_is_left_alone(old: Path, serve: Serve):
    connection = sqlite3.connect(old)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    before = old.read_bytes()
    refused(serve(), "was written by a newer OnePiece: its version is 99, this one knows 1")
    assert old.read_bytes() == before


@pytest.mark.parametrize(("place", "length"), [(0, 100), (4096 * 3, 4096 * 4)], ids=["its head", "its middle"])
def test_a_damaged_database_is_told(old: Path, serve: Serve, place: int, length: int):
    with old.open("r+b") as stream:
        stream.seek(place)
        stream.write(b"\xa5" * length)
    refused(serve(), f"{old} is damaged")


def test_a_database_that_was_cut_short_is_told(old: Path, serve: Serve):
    with old.open("r+b") as stream:
        stream.truncate(old.stat().st_size // 2)
    refused(serve(), f"{old} is damaged")


def test_somebody_elses_database_is_left_alone(serve: Serve, tmp_path: Path):
    (tmp_path / "site").mkdir()
    connection = sqlite3.connect(tmp_path / "site" / "site.sqlite")
    connection.execute("CREATE TABLE Shot (x)")
    connection.close()
    refused(serve(), "is no database of a sandbox's site")


def test_data_of_another_type_is_told(old: Path, serve: Serve, tmp_path: Path):
    raw = stock_raw()
    raw["Shot"]["fields"]["sg_cut_in"]["data_type"] = "text"
    file = tmp_path / "site.json"
    file.write_text(schema_text(raw))
    refused(serve("--schema", str(file)), "has Shot.sg_cut_in as INTEGER, its schema as TEXT")
