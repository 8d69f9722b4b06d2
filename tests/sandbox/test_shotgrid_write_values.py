"""Values: what each data type takes and how it reads back; and whatever else a client may send."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shotgun_api3 import Fault

from onepiece_server.sandbox.shotgrid.model import load_schema, stock_raw
from onepiece_server.sandbox.shotgrid.schema_file import schema_text
from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

Link = dict[str, Any]
SCHEMA = load_schema()
STATUSES = sorted(e.name for e in SCHEMA.entities.values() if "sg_status_list" in e.fields and "project" in e.fields)


@pytest.mark.wire("create", "every data type takes its values to the ends of their ranges")
@pytest.mark.parametrize(
    ("kind", "field", "values"),
    [
        ("Version", "description", ["", " ", "é ü 漢 🎬", "a < b > c & d", "'; DROP TABLE Shot;--", "x" * 100_000]),
        ("Version", "sg_first_frame", [0, -1, -(2**31), 2**31 - 1, None]),
        ("Version", "sg_movie_aspect_ratio", [0.0, 2, -1.5, 999_999_999.999999, None]),
        ("Version", "client_approved", [True, False]),
        ("Version", "sg_status_list", ["apr", None]),
        ("Version", "media_center_import_time", [datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]),
        ("Task", "start_date", ["1970-01-01", "2024-02-29", "9999-12-31", None]),
        ("Task", "duration", [0, 600, None]),
        ("Task", "color", ["255,0,0", "pipeline_step", None]),
        ("PipelineConfiguration", "projects", [[]]),
    ],
)
def test_values_read_back(sg: Any, project: Link, kind: str, field: str, values: list[Any]):
    entity = SCHEMA.entities[kind]
    made = sg.create(kind, {"project": project, entity.display: "v"})
    for value in values:
        assert sg.update(kind, made["id"], {field: value})[field] == value
        assert sg.find_one(kind, [["id", "is", made["id"]]], [field])[field] == value


@pytest.mark.wire("update", "a status list takes the statuses of its own type and no others")
@pytest.mark.parametrize("kind", STATUSES)
def test_a_status_list_takes_its_own_statuses(sg: Any, project: Link, kind: str):
    entity = SCHEMA.entities[kind]
    made = sg.create(kind, {"project": project, entity.display: "s"})
    own = entity.fields["sg_status_list"].valid_values
    for status in own:
        assert sg.update(kind, made["id"], {"sg_status_list": status})["sg_status_list"] == status
    others = {status for name in STATUSES for status in SCHEMA.entities[name].fields["sg_status_list"].valid_values}
    for status in [*sorted(others - set(own)), ""]:
        with pytest.raises(Fault, match="Value is not legal"):
            sg.update(kind, made["id"], {"sg_status_list": status})


@pytest.mark.wire("create", "a value that must be unique is, in each project by itself, whatever its case")
def test_where_rows_have_a_project_a_name_is_unique_in_it(start_site: StartSite, tmp_path: Path):
    raw = stock_raw()
    raw["Shot"]["fields"]["code"]["unique"] = True
    (tmp_path / "schema.json").write_text(schema_text(raw))
    sg = start_site(tmp_path / "site", "--schema", str(tmp_path / "schema.json"), "--empty").client()
    one, two = (sg.create("Project", {"name": name}) for name in ("one", "two"))
    first = sg.create("Shot", {"project": one, "code": "s010"})
    second = sg.create("Shot", {"project": two, "code": "S010"})
    with pytest.raises(Fault, match=r"^API create\(\) CRUD ERROR #61: Create failed for \[Shot\]"):
        sg.create("Shot", {"project": one, "code": "S010"})
    with pytest.raises(Fault, match=r"^API update\(\) CRUD ERROR #51: Update failed for \[Shot.code\]"):
        sg.update("Shot", second["id"], {"project": one})
    sg.delete("Shot", first["id"])
    assert sg.update("Shot", second["id"], {"project": one})["project"]["id"] == one["id"]


ROUND_TRIP = """
import datetime, json, sys, shotgun_api3
url, script, key, version = sys.argv[1:]
sg = shotgun_api3.Shotgun(url, script_name=script, api_key=key)
local = datetime.datetime(2026, 7, 1, 12, 30)
sg.update("Version", int(version), {"media_center_import_time": local})
found = sg.find_one("Version", [["id", "is", int(version)]], ["media_center_import_time"])["media_center_import_time"]
print(json.dumps([found.replace(tzinfo=None) == local, found.tzinfo is not None]))
"""


@pytest.mark.wire("update", "a naive time is the client's local time, kept as UTC")
@pytest.mark.parametrize(("zone", "hour"), [("America/Los_Angeles", 19), ("Asia/Kolkata", 7), ("UTC", 12)])
def test_local_times_are_the_clients_business(site: SiteProcess, sg: Any, project: Link, zone: str, hour: int):
    version = sg.create("Version", {"project": project, "code": "v"})
    arguments = [site.url, SCRIPT, KEY, str(version["id"])]
    done = subprocess.run(
        [sys.executable, "-c", ROUND_TRIP, *arguments],
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == [True, True]
    body = {"type": "Version", "return_fields": ["media_center_import_time"], "filters": by_id(version["id"])}
    reply = post(site, "read", body)["results"]["entities"][0]["media_center_import_time"]
    assert datetime.fromisoformat(reply).hour == hour
    assert reply.endswith("Z")


def by_id(row_id: int) -> Link:
    return {"logical_operator": "and", "conditions": [{"path": "id", "relation": "is", "values": [row_id]}]}


def post(site: SiteProcess, method: str, args: Any, session: requests.Session | None = None) -> Link:
    auth = {"script_name": SCRIPT, "script_key": KEY}
    body = json.dumps({"method_name": method, "params": [auth, args]}).encode("utf-8", "replace")
    reply = (session or requests).post(f"{site.url}/api3/json", data=body)
    assert reply.status_code == 200
    found: Link = reply.json()
    return found


KINDS = sorted(SCHEMA.entities)
LINKS = st.fixed_dictionaries(
    {"type": st.sampled_from([*KINDS, "Nope", "__links", ""]), "id": st.integers(-1, 40) | st.just(10**30)}
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2026-01-01", "2026-01-01T00:00:00Z", "wtg", "\0", "{}", "-1", "file:///x", "/projects/a.exr"])
    | LINKS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def writes(draw: st.DrawFn) -> Link:
    """A create, update, delete or revive of a type that exists; its fields mostly do, its values may be anything."""
    kind = draw(st.sampled_from(KINDS))
    names = st.sampled_from([*SCHEMA.entities[kind].fields, "nope", "type", "__retired", 'a"b'])
    one = st.fixed_dictionaries(
        {"field_name": names | VALUES, "value": VALUES | st.just({"type": "Project", "id": 1})},
        optional={"multi_entity_update_mode": st.sampled_from(["set", "add", "remove", "nope", None])},
    )
    return {
        "request_type": draw(st.sampled_from(["create", "update", "delete", "revive"])),
        "type": kind,
        "id": draw(st.integers(1, 60) | VALUES),
        "fields": draw(st.lists(one, max_size=4) | VALUES),
        "return_fields": draw(st.none() | st.lists(names, max_size=3) | VALUES),
    }


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteProcess]:
    """Anything may be deleted in it."""
    process = SiteProcess(tmp_path_factory.mktemp("fuzzed")).start()
    yield process
    assert process.stop() == 0
    assert "Traceback" not in process.log()


@pytest.fixture(scope="module")
def session() -> requests.Session:
    return requests.Session()


def check_answer(reply: Link) -> None:
    """Results or a fault of the site's own: none that comes from an error in it, or from its database."""
    if "results" in reply:
        return
    assert reply["exception"] is True
    assert "internal error" not in reply["message"]
    assert "database said" not in reply["message"]


@pytest.mark.wire("create", "whatever is sent, the answer is a result or a fault")
@pytest.mark.wire("update", "whatever is sent, the answer is a result or a fault")
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=writes())
def test_any_write_is_answered(own_site: SiteProcess, session: requests.Session, call: Link):
    check_answer(post(own_site, call["request_type"], call, session))


@pytest.mark.wire("batch", "whatever is sent, the answer is results or a fault that names the request")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(writes(), max_size=5) | VALUES)
def test_any_batch_is_answered(own_site: SiteProcess, session: requests.Session, calls: Any):
    reply = post(own_site, "batch", calls, session)
    check_answer(reply)
    if isinstance(calls, list) and "results" not in reply:
        assert "request with index" in reply["message"]


def test_all_can_be_read_after_that(own_site: SiteProcess, session: requests.Session):
    for kind, entity in SCHEMA.entities.items():
        for which in ("active", "retired"):
            args = {"type": kind, "return_fields": list(entity.fields), "filters": None, "return_only": which}
            assert "results" in post(own_site, "read", args, session), kind
