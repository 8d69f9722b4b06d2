"""The render service over HTTP, on a real server."""

from __future__ import annotations

import json

import httpx
import pytest
from websockets.sync.client import connect

from tests.server.conftest import SECRET
from tests.support.memory_jobs import LOG, MemoryJobs

JOB = {"template": "command", "name": "first"}


def _as(address: str, role: str) -> httpx.Client:
    headers = {"X-API-Key": role.replace(":", "-"), "X-API-Secret": SECRET}
    return httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=20)


def _error(answer: httpx.Response) -> str:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "hint", "context"}
    return str(body["error"]["code"])


@pytest.mark.parametrize("prefix", ["/render/v1", ""])
def test_a_job_is_submitted_read_held_cancelled_and_retried(client: httpx.Client, prefix: str) -> None:
    made = client.post(f"{prefix}/jobs", json=JOB)
    assert made.status_code == 201
    at = f"{prefix}/jobs/{made.json()['job_id']}"
    assert client.get(at).json() == made.json()
    assert client.get(f"{prefix}/jobs").json() == {"items": [made.json()], "next_cursor": None}
    assert client.get(f"{at}/tasks").json()["items"][0]["index"] == 0
    changes = [("hold", None), ("release", None), ("priority", {"priority": 80})]
    assert [client.post(f"{at}/{name}", json=body).status_code for name, body in changes] == [202] * 3
    assert client.delete(at).json()["status"] == "cancelled"
    assert client.post(f"{at}/retry").json()["priority"] == 80
    assert client.get(f"{prefix}/farms").json()["farms"][0]["name"] == "memory"
    assert client.get(f"{prefix}/jobs/metrics").json()["total"] == 1
    assert client.post(f"{prefix}/jobs/check", json=JOB).json()["task_count"] == 1


def test_a_log_is_read_as_text_in_parts_and_from_its_end(client: httpx.Client) -> None:
    log = f"/jobs/{client.post('/jobs', json=JOB).json()['job_id']}/tasks/0/log"
    whole = client.get(log)
    assert (whole.text, whole.headers["x-complete"]) == (LOG, "true")
    first = client.get(log, params={"limit": 5})
    assert first.text + client.get(log, params={"offset": first.headers["x-next-offset"]}).text == LOG
    assert client.get(log, params={"tail": 4}).text == "exr\n"
    assert client.get(log, headers={"Accept": "application/json"}).json()["text"] == LOG


def test_an_idempotency_key_is_its_callers_own(address: str) -> None:
    key = {"Idempotency-Key": "k1"}
    with _as(address, "render:submit") as one, _as(address, "dashboard:manage") as other:
        ids = [each.post("/jobs", json=JOB, headers=key).json()["job_id"] for each in (one, one, other)]
        again = one.post("/jobs", json={**JOB, "name": "second"}, headers=key)
    assert ids[0] == ids[1] != ids[2]
    assert (again.status_code, _error(again)) == (409, "render.conflict")


def test_a_key_that_came_before_is_answered_200_whatever_the_clocks_say(client: httpx.Client, jobs: MemoryJobs) -> None:
    key = {"Idempotency-Key": "k1"}
    first = client.post("/jobs", json=JOB, headers=key)
    ahead = first.json()["created_at"] + 3600
    jobs.jobs["j1"] = jobs.jobs["j1"].model_copy(update={"created_at": ahead})
    again = client.post("/jobs", json=JOB, headers=key)
    assert (first.status_code, again.status_code, again.json()["job_id"]) == (201, 200, "j1")


@pytest.mark.parametrize("tasks", ["", "1,", "-1", "1-", "5-3", "a", "1-2-3", "100000", "1x2", "1," * 5000 + "1"])
def test_tasks_that_cannot_be_are_refused(client: httpx.Client, tasks: str) -> None:
    client.post("/jobs", json=JOB)
    answer = client.delete("/jobs/j1", params={"tasks": tasks})
    assert answer.status_code == 422
    assert client.get("/jobs/j1").json()["status"] == "queued"


ROUTES = [
    ("GET", "/render/v1/farms", "render:read"),
    ("GET", "/render/v1/jobs", "render:read"),
    ("GET", "/render/v1/jobs/metrics", "render:read"),
    ("GET", "/render/v1/jobs/j1", "render:read"),
    ("GET", "/render/v1/jobs/j1/tasks", "render:read"),
    ("GET", "/render/v1/jobs/j1/tasks/0/log", "render:read"),
    ("POST", "/render/v1/jobs", "render:submit"),
    ("POST", "/render/v1/jobs/check", "render:submit"),
    ("POST", "/render/v1/jobs/j1/hold", "render:manage"),
    ("POST", "/render/v1/jobs/j1/release", "render:manage"),
    ("POST", "/render/v1/jobs/j1/priority", "render:manage"),
    ("DELETE", "/render/v1/jobs/j1", "render:manage"),
    ("POST", "/render/v1/jobs/j1/retry", "render:manage"),
]


@pytest.mark.parametrize("alias", [False, True])
def test_each_route_lets_in_its_role_alone(client: httpx.Client, address: str, alias: bool) -> None:
    client.post("/jobs", json=JOB)
    roles = ["render:read", "render:submit", "render:manage", "ingest:read", "review:read", "dashboard:read"]
    bodies = {"jobs": JOB, "check": JOB, "priority": {"priority": 1}}
    for role in roles:
        with _as(address, role) as caller:
            for method, path, needed in ROUTES:
                at = path.removeprefix("/render/v1") if alias else path
                answer = caller.request(method, at, json=bodies.get(path.rsplit("/", 1)[1]))
                if role == needed:
                    assert answer.status_code < 300, (role, method, at, answer.text)
                else:
                    assert (answer.status_code, _error(answer)) == (403, "auth.forbidden"), (role, method, at)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "render-read"},
        {"X-API-Key": "render-read", "X-API-Secret": "wrong"},
        {"X-API-Key": "nobody", "X-API-Secret": SECRET},
        {"X-API-Key": "old", "X-API-Secret": SECRET},
        {"X-API-Key": b"render-read", "X-API-Secret": "pässwört é".encode()},
        {"X-API-Key": b"\xff\xfe", "X-API-Secret": b"\xff"},
        {"Authorization": "Bearer render-read.wrong"},
        {"Authorization": b"Bearer \xff"},
    ],
)
def test_nobody_else_gets_in(address: str, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=address, trust_env=False) as caller:
        for method, path, _ in [*ROUTES, ("GET", "/", ""), ("GET", "/metrics", ""), ("GET", "/jobs/stream", "")]:
            answer = caller.request(method, path, headers=headers, content=b"{no json")
            assert answer.status_code == 401, (method, path)
            assert _error(answer) in {"auth.missing", "auth.invalid"}
            assert SECRET not in answer.text


def test_a_token_is_the_key_and_its_secret(address: str) -> None:
    token = {"Authorization": f"Bearer render-read.{SECRET}"}
    assert httpx.get(f"{address}/jobs", headers=token, trust_env=False).status_code == 200


def test_a_submitter_cancels_and_retries_what_is_its_own(client: httpx.Client, address: str) -> None:
    others = client.post("/jobs", json=JOB).json()["job_id"]
    with _as(address, "render:submit") as caller:
        own = caller.post("/jobs", json={**JOB, "user": "somebody else"}).json()
        assert own["user"] == "render-submit"
        assert caller.delete(f"/jobs/{own['job_id']}").status_code == 202
        assert caller.post(f"/jobs/{own['job_id']}/retry").status_code == 202
        assert caller.delete(f"/jobs/{others}").status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("GET", "/no/such", b"", 404, "server.not_found"),
        ("PUT", "/jobs", b"", 405, "server.method_not_allowed"),
        ("POST", "/jobs", b"{", 422, "server.request_invalid"),
        ("POST", "/jobs", b"\xff\xfe", 422, "server.request_invalid"),
        ("POST", "/jobs", b"{}", 422, "server.request_invalid"),
        ("POST", "/jobs", b"[" * 1000, 422, "server.request_invalid"),
        ("POST", "/jobs", b'{"template":"command","surprise":1}', 422, "server.request_invalid"),
        ("POST", "/jobs", b'"' + b"x" * 3000 + b'"', 413, "server.body_too_large"),
        ("GET", "/jobs?limit=501", b"", 422, "server.request_invalid"),
        ("GET", "/jobs?since=nan", b"", 422, "server.request_invalid"),
        ("GET", "/jobs?status=nice", b"", 422, "server.request_invalid"),
        ("GET", "/jobs/j9", b"", 404, "render.job_not_found"),
        ("GET", "/jobs/j1/tasks/7/log", b"", 404, "render.task_not_found"),
        ("POST", "/jobs/j1/retry", b"", 409, "render.conflict"),
        ("POST", "/jobs/j1/priority", b'{"priority":101}', 422, "server.request_invalid"),
    ],
)
def test_every_failure_has_the_envelope(
    client: httpx.Client, method: str, path: str, content: bytes, status: int, code: str
) -> None:
    client.post("/jobs", json=JOB)
    answer = client.request(method, path, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, _error(answer)) == (status, code)


def test_who_sends_far_too_much_is_told_so(client: httpx.Client) -> None:
    answer = client.post("/jobs", content=b"x" * 50_000_000)
    assert (answer.status_code, _error(answer)) == (413, "server.body_too_large")


def test_a_body_without_a_length_is_cut_off_too(client: httpx.Client) -> None:
    answer = client.post("/jobs", content=(b"x" * 1024 for _ in range(50)))
    assert (answer.status_code, _error(answer)) == (413, "server.body_too_large")


def test_a_stream_begins_with_a_snapshot_and_goes_on_where_it_was_left(client: httpx.Client, jobs: MemoryJobs) -> None:
    client.post("/jobs", json=JOB)
    with client.stream("GET", "/jobs/stream") as stream:
        lines = stream.iter_lines()
        assert [next(lines), next(lines)] == ["event: snapshot", "id: 1"]
        client.post("/jobs", json=JOB)
        # What the snapshot holds is not told again.
        assert next(line for line in lines if line.startswith("id:")) == "id: 2"
        assert next(line for line in lines if line.startswith(":")) == ": here"
    client.delete("/jobs/j1")
    with client.stream("GET", "/jobs/stream", headers={"Last-Event-ID": "1"}) as stream:
        data = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert [(event["seq"], event["kind"]) for event in (next(data), next(data))] == [(2, "created"), (3, "updated")]


def test_a_websocket_tells_the_same(client: httpx.Client, address: str) -> None:
    client.post("/jobs", json=JOB)
    headers = {"X-API-Key": "render-read", "X-API-Secret": SECRET}
    at = f"{address.replace('http', 'ws')}/render/v1/jobs/ws"
    with connect(at, additional_headers=headers, proxy=None) as socket:
        assert json.loads(socket.recv(10))["event"] == "snapshot"
        client.delete("/jobs/j1")
        found = next(each for each in (json.loads(socket.recv(10)) for _ in range(50)) if each["event"] == "updated")
    assert found["data"]["job"]["status"] == "cancelled"


def test_a_websocket_without_the_role_is_refused(address: str) -> None:
    from websockets.exceptions import InvalidStatus

    at = f"{address.replace('http', 'ws')}/jobs/ws"
    for headers in ({}, {"X-API-Key": "ingest-read", "X-API-Secret": SECRET}):
        with pytest.raises(InvalidStatus) as refused:
            connect(at, additional_headers=headers, proxy=None).close()
        assert refused.value.response.status_code in {401, 403}
