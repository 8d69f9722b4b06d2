"""read and summarize, asked for nearly anything: results or a fault in the right shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onepiece_server.sandbox.shotgrid.groupings import GROUPINGS
from onepiece_server.sandbox.shotgrid.model import load_schema
from onepiece_server.sandbox.shotgrid.summaries import FITS
from tests.sandbox.operator_cases import ALL_RELATIONS
from tests.sandbox.test_shotgrid_bad_input import AUTH, is_fault, send
from tests.support.shotgrid_site import SiteProcess

SCHEMA = load_schema()


@pytest.fixture(scope="module")
def session() -> requests.Session:
    return requests.Session()


def answered(site: SiteProcess, method: str, args: Any, session: requests.Session | None = None) -> requests.Response:
    """The reply, which is no fault of ours. Python's JSON also spells what is none: NaN and half surrogates."""
    reply = send(site, json.dumps({"method_name": method, "params": [AUTH, args]}).encode(), session)
    assert "results" in reply.json() or is_fault(reply)
    assert "internal error" not in reply.text
    assert "database said" not in reply.text
    return reply


def paths() -> st.SearchStrategy[str]:
    """Paths of real fields and types, most of which lead somewhere."""
    names = {
        name: sorted(SCHEMA.entities[name].fields) for name in ("Version", "Shot", "Task", "Playlist", "HumanUser")
    }
    step = st.sampled_from(sorted({field for fields in names.values() for field in fields}))
    linked = st.sampled_from(
        ["entity.Shot.", "playlists.Playlist.", "sg_task.Task.", "project.Project.", "user.HumanUser."]
    )
    deep = st.lists(linked, max_size=3).map("".join)
    return st.one_of(
        st.sampled_from(names["Version"]), st.tuples(deep, step).map("".join), st.text(max_size=6), st.just("a.b.c")
    )


VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**30, -(10**30), 2**63, 0, -1])
    | st.floats()
    | st.text(alphabet=st.characters(codec=None), max_size=4)
    | st.sampled_from(["\0", "\ud800", "", "DAY", "YEAR", "2026-01-01", "2026-01-01T00:00:00Z", "0001-01-01", "Shot"])
    | st.fixed_dictionaries({"type": st.sampled_from(["Shot", "Version", "Nope", 3]), "id": st.integers() | st.none()}),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
CONDITION = st.fixed_dictionaries(
    {
        "path": paths() | VALUE,
        "relation": st.sampled_from([*ALL_RELATIONS, "nonsense", ""]) | VALUE,
        "values": st.lists(VALUE, max_size=3) | VALUE,
    }
)
FILTERS = st.recursive(
    CONDITION,
    lambda inner: st.fixed_dictionaries(
        {"logical_operator": st.sampled_from(["and", "or", "AND", None]), "conditions": st.lists(inner, max_size=3)}
    ),
    max_leaves=6,
)
PRESETS = st.lists(
    st.fixed_dictionaries(
        {"preset_name": st.sampled_from(["LATEST", "CUT_SHOT_VERSIONS", None])},
        optional={
            "latest_by": st.sampled_from(["ENTITIES_CREATED_AT", "VERSION_NUMBER", "REVISION_NUMBER"]) | VALUE,
            "cut_id": VALUE,
        },
    ),
    max_size=2,
)
DIRECTION = st.sampled_from(["asc", "desc", "up", None])
READ = st.fixed_dictionaries(
    {"type": st.sampled_from(["Version", "PublishedFile", "Cut"])},
    optional={
        "filters": FILTERS | VALUE,
        "return_fields": st.lists(paths() | VALUE, max_size=4) | VALUE,
        "sorts": st.lists(st.fixed_dictionaries({"field_name": paths() | VALUE, "direction": DIRECTION}), max_size=3)
        | VALUE,
        "paging": st.fixed_dictionaries({"entities_per_page": VALUE, "current_page": VALUE}) | VALUE,
        "additional_filter_presets": PRESETS | VALUE,
        "return_only": st.sampled_from(["active", "retired", "all"]) | VALUE,
        "include_archived_projects": VALUE,
        "return_paging_info_without_counts": VALUE,
        "api_return_image_urls": VALUE,
    },
)
SUMMARIZE = st.fixed_dictionaries(
    {
        "type": st.just("Version"),
        "summaries": st.lists(
            st.fixed_dictionaries(
                {"field": paths() | VALUE, "type": st.sampled_from([*FITS, "nonsense"]) | VALUE},
                optional={"value": VALUE},
            ),
            max_size=3,
        )
        | VALUE,
    },
    optional={
        "filters": FILTERS,
        "grouping": st.lists(
            st.fixed_dictionaries(
                {"field": paths() | VALUE, "type": st.sampled_from([*GROUPINGS, "nonsense"]), "direction": DIRECTION}
            ),
            max_size=3,
        )
        | VALUE,
        "include_archived_projects": VALUE,
    },
)
_SETTINGS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.wire("read", "anything that is sent gets an answer")
@_SETTINGS
@given(args=READ)
def test_any_read_is_answered(site: SiteProcess, session: requests.Session, args: Any):
    answered(site, "read", args, session)


@pytest.mark.wire("summarize", "anything that is sent gets an answer")
@_SETTINGS
@given(args=SUMMARIZE)
def test_any_summary_is_answered(site: SiteProcess, session: requests.Session, args: Any):
    answered(site, "summarize", args, session)


@pytest.mark.wire("read", "every field of every type can be asked for, sorted by and filtered")
@pytest.mark.parametrize("entity_type", sorted(SCHEMA.entities))
def test_every_field_is_read_and_sorted_by(site: SiteProcess, session: requests.Session, entity_type: str):
    fields = sorted(SCHEMA.entities[entity_type].fields)
    sorts = [{"field_name": name, "direction": "desc"} for name in fields]
    args = {"type": entity_type, "return_fields": fields, "sorts": sorts, "paging": {"entities_per_page": 3}}
    found = answered(site, "read", args, session).json()["results"]["entities"]
    assert all(set(row) == {"type", *fields} for row in found)
    for name in fields:
        filters = {"path": name, "relation": "is_not", "values": [None]}
        answered(site, "read", {"type": entity_type, "filters": filters}, session)
        asked = {"type": entity_type, "summaries": [{"field": name, "type": "count"}]}
        answered(site, "summarize", asked | {"grouping": [{"field": name, "type": "exact"}]}, session)


@pytest.mark.wire("read", "too much in one call is a fault")
@pytest.mark.parametrize(
    "args",
    [
        {"return_fields": [f"{'sg_task.Task.template_task.Task.' * depth}content" for depth in range(14)]},
        {
            "filters": {
                "logical_operator": "or",
                "conditions": [{"path": "id", "relation": "is", "values": [1]}] * 120_000,
            }
        },
        {"filters": {"path": "sg_task.Task.template_task." * 40 + "Task.id", "relation": "is", "values": [1]}},
        {"paging": {"entities_per_page": 10**30, "current_page": 1}},
        {"paging": {"entities_per_page": 10, "current_page": 2**31}},
        {"sorts": [{"field_name": "entity", "direction": "asc"}] * 400},
    ],
    ids=["joins", "conditions", "steps", "a page", "pages", "sorts"],
)
def test_too_much_is_answered(site: SiteProcess, args: Any):
    answered(site, "read", {"type": "Version", **args})
