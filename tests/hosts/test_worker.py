"""The worker's loop and its client in the host, as two processes."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.worker.methods import METHODS
from onepiece_hosts.errors import HostError
from onepiece_hosts.worker import Worker, worker_environment

ROOT = Path(__file__).parents[2]


class MainThread:
    """A host's event loop: what is put in is run by whoever waits."""

    def __init__(self) -> None:
        self.work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def run_until(self, is_over: Callable[[], object], seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not is_over():
            self.work.get(timeout=max(0.01, end - time.monotonic()))()


class Answers:
    """What came back for one request."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.results: list[Any] = []
        self.errors: list[HostError] = []

    @property
    def is_over(self) -> bool:
        return bool(self.results or self.errors)

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_event": lambda event, data: self.events.append((event, data)),
            "on_result": self.results.append,
            "on_error": self.errors.append,
        }


@pytest.fixture
def main_thread() -> MainThread:
    return MainThread()


Start = Callable[..., Worker]


@pytest.fixture
def start(main_thread: MainThread) -> Iterator[Start]:
    started: list[Worker] = []

    def make(kind: str = "plain", command: list[str] | None = None) -> Worker:
        environ = {**os.environ, "PYTHONHOME": "/nowhere"}
        asked = command or [sys.executable, "-c", _runner(kind)]
        started.append(Worker(asked, main_thread.work.put, environ))
        return started[-1]

    yield make
    for worker in started:
        worker.close()


def _runner(kind: str) -> str:
    """PYTHONPATH is stripped on the way, as it has to be."""
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['x', {kind!r}]"
    return f"{path}; from tests.hosts.workers import main; main()"


def ask(worker: Worker, main_thread: MainThread, method: str, **params: Any) -> Answers:
    answers = Answers()
    worker.request(method, params, **answers.callbacks())
    main_thread.run_until(lambda: answers.is_over)
    return answers


def test_a_request_is_answered_once(start: Start, main_thread: MainThread) -> None:
    worker = start()
    answers = ask(worker, main_thread, "echo", name="frost giant ❄")
    assert answers.results == [{"name": "frost giant ❄"}]
    assert worker.hello is not None
    assert worker.hello["protocol"] == "onepiece.worker.1"


def test_many_requests_are_each_answered(start: Start, main_thread: MainThread) -> None:
    worker = start()
    all_answers = [Answers() for _ in range(300)]
    for number, answers in enumerate(all_answers):
        worker.request("echo", {"number": number}, **answers.callbacks())
    main_thread.run_until(lambda: all(answers.is_over for answers in all_answers))
    assert [answers.results for answers in all_answers] == [[{"number": number}] for number in range(300)]


def test_progress_comes_before_the_result(start: Start, main_thread: MainThread) -> None:
    answers = ask(start(), main_thread, "count", to=3)
    assert [(event, data["done"]) for event, data in answers.events] == [
        ("progress", 1),
        ("progress", 2),
        ("progress", 3),
    ]
    assert answers.results == [{"counted": 3}]


def test_a_request_can_be_cancelled(start: Start, main_thread: MainThread) -> None:
    worker, answers = start(), Answers()
    number = worker.request("count", {"to": 1000, "pause": 0.05}, **answers.callbacks())
    main_thread.run_until(lambda: answers.events)
    worker.cancel(number)
    main_thread.run_until(lambda: answers.is_over)
    assert answers.errors[0].code == "operation.cancelled"
    assert len(answers.events) < 900


def test_an_error_has_its_four_parts(start: Start, main_thread: MainThread) -> None:
    answers = ask(start(), main_thread, "refuse", scene="/lost.ma")
    assert answers.events == [("warning", {"code": "test.warned", "message": "careful", "hint": None})]
    error = answers.errors[0]
    assert (error.code, error.hint, error.context) == ("dcc.scene_missing", "Look elsewhere.", {"scene": "/lost.ma"})


def test_a_fault_of_ours_is_one_sentence(start: Start, main_thread: MainThread) -> None:
    error = ask(start(), main_thread, "fail").errors[0]
    assert (error.code, error.message) == ("internal", "OnePiece failed: ZeroDivisionError.")


def test_an_unknown_method_is_refused_and_the_worker_goes_on(start: Start, main_thread: MainThread) -> None:
    worker = start()
    assert ask(worker, main_thread, "nonsense").errors[0].code == "onepiece.usage"
    assert ask(worker, main_thread, "echo", a=1).results == [{"a": 1}]


def test_what_libraries_print_does_no_harm(start: Start, main_thread: MainThread) -> None:
    assert ask(start("chatty"), main_thread, "say").results == [{}]


def test_a_worker_that_is_killed_is_told_and_the_next_request_starts_another(
    start: Start, main_thread: MainThread
) -> None:
    worker, answers = start(), Answers()
    ask(worker, main_thread, "echo")
    worker.request("count", {"to": 1000, "pause": 0.05}, **answers.callbacks())
    main_thread.run_until(lambda: answers.events)
    assert worker.hello is not None
    os.kill(worker.hello["pid"], signal.SIGKILL)
    main_thread.run_until(lambda: answers.is_over)
    assert answers.errors[0].code == "worker.died"
    assert ask(worker, main_thread, "echo", again=True).results == [{"again": True}]


def test_a_worker_that_cannot_start_tells_what_it_said(start: Start, main_thread: MainThread) -> None:
    error = ask(start("broken"), main_thread, "echo").errors[0]
    assert error.code == "worker.died"
    assert "no module named something" in error.context["output"]


def test_a_missing_worker_is_an_error_of_the_request(start: Start, main_thread: MainThread) -> None:
    error = ask(start(command=["/nowhere/onepiece", "worker"]), main_thread, "echo").errors[0]
    assert (error.code, error.context["program"]) == ("worker.missing", "/nowhere/onepiece")


def test_a_worker_of_another_version_is_refused(start: Start, main_thread: MainThread) -> None:
    error = ask(start("other"), main_thread, "echo").errors[0]
    assert (error.code, error.context["found"]) == ("worker.other_version", "onepiece.worker.99")


def test_what_runs_is_finished_when_the_panel_closes(start: Start, main_thread: MainThread, tmp_path: Path) -> None:
    worker, answers = start(), Answers()
    worker.request("write_later", {"path": str(tmp_path / "done")}, **answers.callbacks())
    main_thread.run_until(lambda: answers.events)
    worker.close()
    end = time.monotonic() + 10
    while not (tmp_path / "done").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert (tmp_path / "done").exists()
    assert not answers.is_over


def test_the_hosts_python_does_not_reach_the_worker() -> None:
    environ = {"PYTHONPATH": "/maya", "PYTHONHOME": "/maya", "LD_LIBRARY_PATH": "/maya", "QT_PLUGIN_PATH": "/maya"}
    assert worker_environment({**environ, "HOME": "/home/ada", "AWS_PROFILE": "studio"}) == {
        "HOME": "/home/ada",
        "AWS_PROFILE": "studio",
    }


@pytest.mark.parametrize(
    "line",
    [b"nonsense", b"[]", b'{"id": 0, "method": "echo"}', b'{"id": "x", "method": "echo"}', b"\xff\xfe", b'{"id": 4}',
     b'{"id": 4, "method": "echo", "more": 1}', b'{"id": 4, "method": "echo", "params": []}', b"[" * 100_000],
)  # fmt: skip
def test_any_line_gets_an_error_and_the_worker_goes_on(line: bytes) -> None:
    script = [sys.executable, "-m", "tests.hosts.workers", "plain"]
    told = subprocess.run(
        script, input=line + b'\n{"id": 9, "method": "echo"}\n', cwd=ROOT, capture_output=True, check=True
    )
    hello, error, result = sorted(map(json.loads, told.stdout.splitlines()), key=lambda reply: reply["id"] or 0)
    if error["event"] == "hello":
        hello, error = error, hello
    assert (hello["event"], error["event"], result["event"]) == ("hello", "error", "result")
    assert error["data"]["code"] == "onepiece.usage"


def test_the_worker_answers_every_request_of_the_protocol() -> None:
    protocol = json.loads((ROOT / "onepiece_core/worker/protocol.json").read_text())
    assert set(protocol["$defs"]["request"]["properties"]["method"]["enum"]) == {"cancel", *METHODS}


def test_both_sides_have_the_same_protocol() -> None:
    copies = [ROOT / "hosts/onepiece_hosts/protocol.json", ROOT / "onepiece_core/worker/protocol.json"]
    assert copies[0].read_bytes() == copies[1].read_bytes()
