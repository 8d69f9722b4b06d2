"""Whatever arguments the methods beside reading and writing get: an answer or a fault, never an error of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

AUTH = {"script_name": SCRIPT, "script_key": KEY}

# Days that no other test looks at: the site is shared.
WORDS = [
    "Shot",
    "Version",
    "Project",
    "HumanUser",
    "code",
    "entity",
    "id",
    "csv",
    "2031-03-03",
    "/Project/1",
    "\0",
    "é",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
ID = st.integers(min_value=-1, max_value=9) | st.just(2**70)
TYPE = st.sampled_from(["Shot", "Version", "Project", "HumanUser", "Note", "Asset", "Task", "EventLogEntry", "Nope"])
LINK = st.fixed_dictionaries({"type": TYPE, "id": ID})
PERSON = st.fixed_dictionaries({"type": st.just("HumanUser"), "id": ID})
TEXT = st.text(max_size=12)
FIELDS = st.dictionaries(TYPE, st.lists(st.sampled_from(["code", "image", "entity.Shot.code", "nope", ""]), max_size=3))
CONDITION = st.fixed_dictionaries({"path": st.sampled_from(["code", "id", "nope"]), "relation": st.just("is")})
DAY = st.sampled_from(["2031-03-03", "2031-02-30", "0001-01-01", "9999-12-31", "", "٢٠٣١-٠٣-٠٣"])
PATH = st.lists(
    st.sampled_from(
        ["Project", "1", "Shot", "Asset", "sg_sequence", "Sequence", "__none__", "id", "Task", "%00", "%ff", "..", "é"]
    ),
    max_size=9,
).map(lambda parts: "/" + "/".join(parts))  # fmt: skip
# What each method looks for, with values that are nearly right.
METHODS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "query_display_name_cache": {
        "text": st.text(max_size=12) | st.sampled_from(["frost", "giant sc01", "%_ *"]),
        "entity_types": st.dictionaries(TYPE, CONDITION | JSON, max_size=3),
        "project_ids": st.lists(ID, max_size=3),
        "max_results": ID,
    },
    "activity_stream": {
        "type": TYPE, "id": ID, "max_id": ID, "min_id": ID, "limit": ID, "entity_fields": FIELDS,
    },
    "note_thread_contents": {"note_id": ID, "entity_fields": FIELDS},
    "follow": {"user": PERSON | LINK, "entity": LINK},
    "unfollow": {"user": PERSON | LINK, "entity": LINK},
    "followers": {"entity": LINK},
    "following": {"user": PERSON | LINK, "project": LINK, "entity_type": TYPE},
    "preferences_read": {"prefs": st.lists(st.sampled_from(WORDS), max_size=2)},
    "update_project_last_accessed_by_current_user": {"project_id": ID, "user_id": ID},
    "work_schedule_read": {"start_date": DAY, "end_date": DAY, "project": LINK, "user": PERSON},
    "work_schedule_update": {
        "date": DAY, "working": st.booleans(), "description": st.text(max_size=5), "project": LINK, "user": PERSON,
        "recalculate_field": st.sampled_from(["due_date", "duration", "code", None]),
    },
    "export_page": {"page_id": ID, "format": st.just("csv"), "layout_name": st.text(max_size=5)},
    "nav_expand": {
        "path": PATH, "seed_entity_field": st.sampled_from(["Version.entity", "a.b"]), "entity_fields": FIELDS,
    },
    "nav_search": {
        "root_path": PATH,
        "search_criteria": st.fixed_dictionaries({"entity": LINK}) | st.fixed_dictionaries({"search_string": TEXT}),
    },
    "user_subscriptions_read": {},
    "user_subscriptions_create": {
        "users": st.lists(st.fixed_dictionaries({"humanUserId": ID | st.just("1"), "subscription": JSON}), max_size=2),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def session() -> requests.Session:
    return requests.Session()


def check(site: SiteProcess, session: requests.Session, method: str, args: Any) -> bool:
    """Send it; True when the answer is a fault."""
    body = json.dumps({"method_name": method, "params": [AUTH, args]})
    reply = session.post(f"{site.url}/api3/json", data=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 200
    for words in ("internal error", "database said", "Traceback"):
        assert words not in reply.text
    if reply.headers["content-type"].startswith("text/csv"):
        return False
    answer = reply.json()
    if "results" in answer:
        return False
    assert answer["exception"] is True
    assert isinstance(answer["error_code"], int)
    assert isinstance(answer["message"], str)
    return True


@pytest.mark.wire("every method", "arguments of the wrong shape are a Fault")
@pytest.mark.parametrize("args", [None, 3, "x", [], [1], True], ids=repr)
@pytest.mark.parametrize("method", METHODS)
def test_arguments_that_are_no_hash_are_a_fault(site: SiteProcess, session: requests.Session, method: str, args: Any):
    assert check(site, session, method, args)


@pytest.mark.parametrize(
    "method", [method for method, names in METHODS.items() if names and method != "preferences_read"]
)
def test_missing_arguments_are_a_fault(site: SiteProcess, session: requests.Session, method: str):
    assert check(site, session, method, {})


@pytest.mark.wire("every method", "any arguments are answered")
@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_arguments_are_answered(site: SiteProcess, session: requests.Session, method: str, data: st.DataObject):
    names = METHODS[method]
    spoilt = data.draw(st.sampled_from([None, *names]))
    args = {name: data.draw(JSON if name == spoilt else values) for name, values in names.items()}
    check(site, session, method, args)


def bare(entity_type: str, **links: str) -> dict[str, Any]:
    """A type with a name and some links only."""
    fields: dict[str, Any] = {
        "id": {"data_type": "number", "name": "Id"},
        "code": {"data_type": "text", "name": "Code"},
    }
    for name, other in links.items():
        fields[name] = {"data_type": "entity", "name": name, "valid_types": [other]}
    return {"name": entity_type, "display": "code", "fields": fields}


LINK_VALUES = [{"type": name, "id": 1} for name in ("Shot", "Task", "Note", "HumanUser", "Project", "Page")]
PATHS = ["/", "/Project/1", "/Project/1/Shot", "/Project/1/Shot/id/1", "/Project/1/Shot/id/1/Task", "/Project/1/Asset"]
CALLS: list[tuple[str, dict[str, Any]]] = [
    *[("query_display_name_cache", {"text": "one", "entity_types": {link["type"]: []}}) for link in LINK_VALUES],
    *[("activity_stream", link) for link in LINK_VALUES],
    ("note_thread_contents", {"note_id": 1}),
    *[("follow", {"user": {"type": "HumanUser", "id": 1}, "entity": link}) for link in LINK_VALUES],
    ("following", {"user": {"type": "HumanUser", "id": 1}, "project": {"type": "Project", "id": 1}}),
    ("followers", {"entity": {"type": "Shot", "id": 1}}),
    ("export_page", {"page_id": 1, "format": "csv"}),
    *[("nav_expand", {"path": path, "seed_entity_field": "Shot.code"}) for path in PATHS],
    *[
        ("nav_search", {"root_path": "/", "search_criteria": {"entity": link}, "seed_entity_field": "Shot.code"})
        for link in LINK_VALUES
    ],
    ("nav_search", {"root_path": "/", "search_criteria": {"search_string": "one"}, "seed_entity_field": "Shot.code"}),
    ("work_schedule_read", {"start_date": "2026-03-02", "end_date": "2026-03-02"}),
    ("user_subscriptions_read", {}),
]


@pytest.mark.wire("every method", "a site whose schema has few types and fields answers too")
def test_a_site_with_few_types_answers_too(start_site: StartSite, tmp_path: Path, session: requests.Session):
    entities = {
        "Project": bare("Project"),
        "Shot": bare("Shot", project="Project"),
        "Task": bare("Task", project="Project"),
        "Note": bare("Note", project="Project"),
        "Reply": bare("Reply", entity="Note"),
        "Page": bare("Page"),
    }
    schema = {"schema": "onepiece.shotgrid-schema.1", "entities": entities}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    site = start_site(tmp_path, "--schema", str(tmp_path / "schema.json"))
    sg = site.client()
    project = sg.create("Project", {"name": "one"})
    sg.create("HumanUser", {"login": "one"})
    for name in ("Shot", "Note"):
        sg.create(name, {"code": "one", "project": project})
    sg.create("Task", {"content": "one", "project": project})
    sg.create("Reply", {"code": "one", "entity": {"type": "Note", "id": 1}})
    sg.create("Page", {"code": "one"})
    faults = {method for method, args in CALLS if check(site, session, method, args)}
    assert faults == {"export_page", "nav_expand"}
    path = f"/Project/{project['id']}/Shot"
    assert [child["label"] for child in sg.nav_expand(path, "Shot.code")["children"]] == ["one"]
