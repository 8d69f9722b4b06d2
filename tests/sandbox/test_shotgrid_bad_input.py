"""Whatever is sent: a fault in the right shape or a clean HTTP error, and the site goes on."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

AUTH = {"script_name": SCRIPT, "script_key": KEY}
METHODS = (
    "read",
    "create",
    "update",
    "delete",
    "revive",
    "batch",
    "summarize",
    "schema_field_read",
    "get_session_token",
)


@pytest.fixture(scope="module")
def session() -> requests.Session:
    return requests.Session()


def send(site: SiteProcess, body: bytes, session: requests.Session | None = None) -> requests.Response:
    return (session or requests).post(f"{site.url}/api3/json", data=body, headers={"Content-Type": "application/json"})


def is_fault(reply: requests.Response) -> bool:
    body = reply.json()
    return (
        reply.status_code == 200
        and reply.headers["content-type"].startswith("application/json")
        and body["exception"] is True
        and isinstance(body["error_code"], int)
        and isinstance(body["message"], str)
        and "Traceback" not in body["message"]
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"{}",
        b'{"method_name": 3, "params": []}',
        b'{"method_name": "read"}',
        b'{"method_name": "nope", "params": [{}]}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"method_name": "read", "params": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"method_name": "read", "params": [NaN]}',
        b'{"method_name": "info\\u0000", "params": []}',
        b'{"method_name": "\\ud800", "params": []}',
    ],
    ids=lambda body: repr(body[:40]),
)
def test_what_is_no_call_is_a_fault(site: SiteProcess, body: bytes):
    assert is_fault(send(site, body))


@pytest.mark.parametrize("args", [None, 3, "x", [], [1], True])
@pytest.mark.parametrize("method", [method for method in METHODS if method != "get_session_token"])
def test_arguments_of_the_wrong_shape_are_a_fault(site: SiteProcess, method: str, args: Any):
    if method == "batch" and args == []:
        return  # nothing to do is no mistake
    assert is_fault(send(site, json.dumps({"method_name": method, "params": [AUTH, args]}).encode()))


def test_filters_nested_deeply_are_a_fault(site: SiteProcess):
    filters: Any = {"path": "code", "relation": "is", "values": ["x"]}
    for _ in range(400):
        filters = {"logical_operator": "and", "conditions": [filters]}
    call = {"method_name": "read", "params": [AUTH, {"type": "Shot", "filters": filters}]}
    assert is_fault(send(site, json.dumps(call).encode()))


def test_a_path_without_end_is_a_fault(site: SiteProcess):
    path = "sg_sequence.Sequence.shots.Shot." * 500 + "code"
    call = {"type": "Shot", "filters": {"path": path, "relation": "is", "values": ["x"]}}
    assert is_fault(send(site, json.dumps({"method_name": "read", "params": [AUTH, call]}).encode()))


def test_a_large_call_is_taken_and_a_larger_one_refused(site: SiteProcess, project: dict[str, Any]):
    text = "x" * 50_000_000
    values = {"project": project, "code": "big", "description": text}
    data = [{"field_name": name, "value": value} for name, value in values.items()]
    call = {"method_name": "create", "params": [AUTH, {"type": "Version", "fields": data}]}
    assert send(site, json.dumps(call).encode()).json()["results"]["description"] == text
    assert send(site, b" " * (65 * 1024 * 1024)).status_code == 413


def test_half_surrogates_are_a_fault(site: SiteProcess, project: dict[str, Any]):
    fields = [{"field_name": "project", "value": project}, {"field_name": "code", "value": "\ud800"}]
    call = {"method_name": "create", "params": [AUTH, {"type": "Shot", "fields": fields}]}
    assert is_fault(send(site, json.dumps(call).encode()))
    filters = {"path": "code", "relation": "is", "values": ["\udfff"]}
    call = {"method_name": "read", "params": [AUTH, {"type": "Shot", "filters": filters}]}
    assert is_fault(send(site, json.dumps(call).encode()))


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"POST /api3/json HTTP/1.1\r\nHost: x\r\nContent-Length: nope\r\n\r\n",
        b"GET /api3/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_request_is_an_http_error(site: SiteProcess, raw: bytes):
    host, port = site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.settimeout(10)
        line.sendall(raw)
        assert line.recv(64).startswith(b"HTTP/1.1 4")


def test_a_body_that_is_cut_short_harms_nobody(site: SiteProcess, sg: Any):
    host, port = site.url.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as line:
            line.sendall(b"POST /api3/json HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    assert sg.find_one("Project", []) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["Shot", "Version", "code", "project", "entity", "is", "in", "and", "id", "read", "create"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
FIELD = st.fixed_dictionaries({"field_name": st.sampled_from(["code", "project", "tasks", "path"]), "value": JSON})
CONDITION = st.fixed_dictionaries(
    {
        "path": st.sampled_from(["code", "id", "project", "tasks", "created_at", "tasks.Task.content"]),
        "relation": st.sampled_from(["is", "is_not", "in", "contains", "between", "in_last", "type_is"]),
        "values": st.lists(JSON, max_size=3),
    }
)
TYPES = st.sampled_from(["Shot", "Version", "HumanUser", "EventLogEntry"])
# Nearly right: the keys that a method looks for, with nearly anything as their values.
ARGS = st.fixed_dictionaries(
    {"type": TYPES | JSON},
    optional={
        "id": JSON,
        "fields": st.lists(FIELD) | JSON,
        "filters": CONDITION | JSON,
        "return_fields": JSON,
        "paging": JSON,
        "sorts": JSON,
        "summaries": JSON,
        "grouping": JSON,
    },
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(METHODS), args=ARGS | JSON)
def test_any_call_is_answered(site: SiteProcess, session: requests.Session, method: str, args: Any):
    reply = send(site, json.dumps({"method_name": method, "params": [AUTH, args]}).encode(), session)
    assert "results" in reply.json() or is_fault(reply)
    assert "internal error" not in reply.text
    assert "database said" not in reply.text
