"""Render jobs over HTTP, against a real server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from onepiece_core.errors import (
    ConfigError,
    CredentialsInvalid,
    CredentialsMissing,
    JobConflict,
    JobMissing,
    RoleMissing,
    ServerAnswerInvalid,
    ServerUnreachable,
    TaskUnknown,
)
from onepiece_core.render.http_calls import Access
from onepiece_core.render.http_events import Message, read_messages
from onepiece_core.render.http_jobs import HttpJobs
from onepiece_core.render.model import JobFilter
from onepiece_core.render.request import RenderRequest
from tests.server.conftest import SECRET, address, jobs
from tests.support.memory_jobs import LOG, MemoryJobs

__all__ = ["address", "jobs"]  # fixtures

REQUEST = RenderRequest(template="command", parameters={"Command": "true"})


@pytest.fixture
def remote(address: str) -> HttpJobs:
    return HttpJobs(address, Access("dashboard-manage", SECRET))


def test_the_life_of_a_job(remote: HttpJobs, jobs: MemoryJobs) -> None:
    job = remote.submit(REQUEST)
    assert remote.get(job.job_id) == jobs.get(job.job_id) == job
    assert remote.list_jobs(JobFilter(status="queued")).items == [job]
    assert [task.index for task in remote.list_tasks(job.job_id).items] == [0]
    assert remote.hold(job.job_id).status == "held"
    assert remote.release(job.job_id).status == "queued"
    assert remote.set_priority(job.job_id, 7).priority == 7
    assert remote.cancel(job.job_id).status == "cancelled"
    assert remote.retry(job.job_id, [0]).status == "queued"
    assert remote.metrics().total == 1
    assert [farm.name for farm in remote.list_farms()] == ["memory"]
    assert remote.check(REQUEST).task_count == 1


def test_a_key_that_comes_again_makes_no_second_job(remote: HttpJobs, jobs: MemoryJobs) -> None:
    first = remote.submit(REQUEST, idempotency_key="k")
    assert remote.submit(REQUEST, idempotency_key="k").job_id == first.job_id
    assert len(jobs.jobs) == 1
    with pytest.raises(JobConflict):
        remote.submit(RenderRequest(template="other"), idempotency_key="k")


def test_a_log_is_read_in_parts_and_from_its_end(remote: HttpJobs) -> None:
    job = remote.submit(REQUEST).job_id
    first = remote.read_log(job, 0, limit=5)
    rest = remote.read_log(job, 0, offset=first.next_offset)
    assert first.text + rest.text == LOG
    assert rest.is_complete
    assert remote.read_log(job, 0, offset=-4).text == LOG[-4:]


def test_errors_are_those_of_the_other_side(remote: HttpJobs) -> None:
    with pytest.raises(JobMissing, match="no job nope"):
        remote.get("nope")
    with pytest.raises(JobMissing):
        remote.cancel("nope")
    job = remote.submit(REQUEST).job_id
    with pytest.raises(TaskUnknown):
        remote.read_log(job, 5)
    with pytest.raises(JobConflict):
        remote.retry(job)


def test_some_tasks_are_cancelled_by_their_numbers(remote: HttpJobs, jobs: MemoryJobs) -> None:
    job = remote.submit(REQUEST).job_id
    for tasks in ([0], [2, 0, 1, 7, 2], list(range(100_000))):
        remote.cancel(job, tasks)
        assert jobs.cancelled == (job, tuple(sorted(set(tasks))))
    remote.cancel(job)
    assert jobs.cancelled == (job, None)


@pytest.mark.parametrize("name", ["..", "a/b", "a?b", "../../health", "\N{SNOWMAN}", "a\nb"])
def test_an_id_stays_within_its_part_of_the_address(name: str, remote: HttpJobs) -> None:
    with pytest.raises(Exception) as caught:
        remote.get(name)
    assert getattr(caught.value, "code", "").startswith(("server.", "render."))


def test_who_asks_is_known_by_a_key_or_a_token(address: str) -> None:
    assert HttpJobs(address, Access(token=f"render-read.{SECRET}")).list_jobs(JobFilter()).items == []
    assert HttpJobs(f"{address}/render/v1/", Access("render-read", SECRET)).list_farms()
    with pytest.raises(CredentialsMissing) as caught:
        HttpJobs(address, Access()).list_farms()
    assert "TRAFALGAR_API_KEY" in (caught.value.report.hint or "")
    for wrong in (Access("render-read", "wrong"), Access("nobody", SECRET), Access("old", SECRET), Access("é", "ü☃")):
        with pytest.raises(CredentialsInvalid):
            HttpJobs(address, wrong).list_farms()
    with pytest.raises(RoleMissing):
        HttpJobs(address, Access("render-read", SECRET)).submit(REQUEST)


def test_a_secret_that_no_header_holds_is_not_told() -> None:
    with pytest.raises(ConfigError) as caught:
        HttpJobs("http://127.0.0.1:1", Access("k", "canary\r\nX-Other: 1"))
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(Access("k", "canary", "canary"))


def test_events_come_as_they_happen(remote: HttpJobs) -> None:
    events = remote.follow()
    assert next(events) is None  # the stream is open: its snapshot came
    job = remote.submit(REQUEST).job_id
    created = next(event for event in events if event is not None)
    assert (created.kind, created.job_id) == ("created", job)
    remote.cancel(job)
    missed = next(event for event in remote.follow(created.seq) if event is not None)
    assert (missed.kind, missed.seq) == ("updated", created.seq + 1)
    events.close()


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ServerUnreachable, match="nobody listens"):
        HttpJobs(f"http://127.0.0.1:{port}", Access("k", SECRET)).list_farms()


class Script:
    """A server that answers as it is told, one answer a request; None closes the connection without one."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes, dict[str, str]] | None] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                script.seen.append((f"{self.command} {self.path}", {k.lower(): v for k, v in self.headers.items()}))
                told = script.answers.pop(0)
                if told is None:
                    self.close_connection = True
                    return
                status, body, headers = told
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def script() -> Iterator[Script]:
    made = Script()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def told_job() -> bytes:
    memory = MemoryJobs()
    return memory.submit(REQUEST).model_dump_json().encode()


def test_a_submit_whose_answer_is_lost_is_sent_again_with_the_same_key(script: Script) -> None:
    script.answers = [None, (503, b"<html>starting</html>", {}), (201, told_job(), {})]
    assert HttpJobs(script.url, Access("k", SECRET)).submit(REQUEST).job_id == "j1"
    assert len({headers["idempotency-key"] for _, headers in script.seen}) == 1
    assert len(script.seen) == 3


def test_a_retry_whose_answer_is_lost_is_not_sent_again(script: Script) -> None:
    script.answers = [None]
    with pytest.raises(ServerUnreachable):
        HttpJobs(script.url, Access("k", SECRET)).retry("j1")
    assert len(script.seen) == 1


def test_too_many_requests_are_waited_for(script: Script) -> None:
    limited = b'{"error": {"code": "server.rate_limited", "message": "m", "context": {"retry_after_seconds": 0}}}'
    script.answers = [(429, limited, {}), (200, told_job(), {})]
    assert HttpJobs(script.url, Access("k", SECRET)).get("j1").job_id == "j1"


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>hello</html>", {}),
        (200, b"{}", {}),
        (200, b"", {}),
        (404, b"not here", {}),
        (500, b'{"error": "x"}', {}),
        (302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}),
        (200, b"[" * 100_000, {}),
    ],
)
def test_an_answer_that_makes_no_sense(answer: tuple[int, bytes, dict[str, str]], script: Script) -> None:
    script.answers = [answer]
    with pytest.raises(ServerAnswerInvalid):
        HttpJobs(script.url, Access("k", SECRET)).get("j1")
    assert len(script.seen) == 1, "a redirect is not followed with a secret"


def test_a_code_of_a_later_release_is_kept(script: Script) -> None:
    script.answers = [(409, b'{"error": {"code": "render.new", "message": "m", "hint": null, "context": {}}}', {})]
    with pytest.raises(Exception, match="m") as caught:
        HttpJobs(script.url, Access("k", SECRET)).get("j1")
    assert caught.value.report.code == "render.new"  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_stream_is_read_however_it_is_cut(size: int) -> None:
    text = ": here\r\n\r\nid: 7\nevent: updated\ndata: {\ndata: é}\n\nevent: snapshot\ndata:x\n\nid: 9\n".encode()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert list(read_messages(pieces)) == [
        Message(),
        Message("updated", "{\né}", "7"),
        Message("snapshot", "x"),
    ]
