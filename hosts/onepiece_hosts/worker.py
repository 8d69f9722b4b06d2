"""The client of the worker process: requests out, events in, callbacks on the host's main thread.

Nothing here waits: a reader thread puts lines into a queue and asks the host once to deliver what is there.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onepiece_hosts.errors import HostError

PROTOCOL = "onepiece.worker.1"
# What a host sets for itself and a Python of another version must not see.
_STRIPPED = ("PYTHON", "QT_", "QML", "VIRTUAL_ENV", "CONDA_", "DYLD_", "LD_")
# How much of the worker's stderr is kept for the error box.
_TAIL_LINES = 30
_MAX_DELIVERIES = 200  # lines a turn: the host gets its thread back in between


def _ignore(*_: Any) -> None:
    pass


@dataclass
class Call:
    """One request that is under way.

    Attributes:
        on_event: ``(event, data)`` for step, progress, log and warning.
        on_result: the result's data.
        on_error: a HostError.
    """

    id: int
    method: str
    on_event: Callable[[str, Any], None] = _ignore
    on_result: Callable[[Any], None] = _ignore
    on_error: Callable[[HostError], None] = _ignore


def worker_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without what the host has set for its own Python, Qt and libraries."""
    return {key: value for key, value in environ.items() if not key.startswith(_STRIPPED)}


class Worker:
    """One worker process, started when it is first needed.

    Args:
        command: what starts it, e.g. ``["/opt/onepiece/bin/onepiece", "worker"]``.
        call_later: runs a function on the host's main thread (``Host.call_later``).
    """

    def __init__(
        self,
        command: Sequence[str],
        call_later: Callable[[Callable[[], None]], None],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._command = list(command)
        self._call_later = call_later
        self._environ = worker_environment(os.environ if environ is None else environ)
        self._numbers = itertools.count(1)
        self._calls: dict[int, Call] = {}
        self._pipe: _Pipe | None = None
        self.hello: dict[str, Any] | None = None

    @property
    def is_running(self) -> bool:
        return self._pipe is not None and self._pipe.is_alive

    def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        on_event: Callable[[str, Any], None] = _ignore,
        on_result: Callable[[Any], None] = _ignore,
        on_error: Callable[[HostError], None] = _ignore,
    ) -> int:
        """Ask for something; the callbacks come later, on the main thread. The id is for :meth:`cancel`."""
        call = Call(next(self._numbers), method, on_event, on_result, on_error)
        self._calls[call.id] = call
        try:
            pipe = self._pipe = self._pipe or _Pipe(self._command, self._environ, self._ask_for_delivery)
        except OSError as error:
            failure = _not_started(self._command[0], error)
            self._call_later(lambda: self._fail(failure))
            return call.id
        pipe.send({"id": call.id, "method": method, "params": dict(params or {})})
        return call.id

    def cancel(self, call_id: int) -> None:
        """Ask the worker to stop a request; it still answers it, with an error or a result."""
        if call_id in self._calls and self._pipe is not None:
            self._pipe.send({"id": next(self._numbers), "method": "cancel", "params": {"id": call_id}})

    def close(self) -> None:
        """The host goes away, or the panel does: what runs in the worker is finished there, unseen."""
        self._calls.clear()
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    # On the main thread

    def _ask_for_delivery(self, pipe: _Pipe) -> None:
        self._call_later(lambda: self._deliver(pipe))

    def _deliver(self, pipe: _Pipe) -> None:
        """Hand on what has arrived; of a worker that was closed, nothing."""
        for line in pipe.take(_MAX_DELIVERIES):
            if pipe is not self._pipe:
                return
            if line is None:
                self._died(pipe)
            else:
                self._take(pipe, line)

    def _take(self, pipe: _Pipe, line: str) -> None:
        try:
            reply = json.loads(line)
            call_id, event, data = reply["id"], reply["event"], reply["data"]
        except (ValueError, KeyError, TypeError):
            pipe.keep(line)  # somebody printed; it is kept for the error box
            return
        if event == "hello":
            self._greet(data)
            return
        call = self._calls.get(call_id)
        if call is None:
            return
        if event == "result":
            del self._calls[call_id]
            call.on_result(data)
        elif event == "error":
            del self._calls[call_id]
            call.on_error(HostError.from_report(data))
        else:
            call.on_event(event, data)

    def _greet(self, data: dict[str, Any]) -> None:
        self.hello = data
        if data.get("protocol") == PROTOCOL:
            return
        self._fail(
            HostError(
                "worker.other_version",
                "The OnePiece that this menu belongs to and the installed one do not fit together.",
                "Run `onepiece dcc install` again, or ask your TD.",
                expected=PROTOCOL,
                found=data.get("protocol"),
            )
        )
        self.close()

    def _died(self, pipe: _Pipe) -> None:
        self._pipe = None
        self._fail(
            HostError(
                "worker.died",
                "OnePiece's worker process has ended.",
                "Try again. A publish that was under way is not lost: OnePiece > Recover finishes it.",
                status=pipe.status(),
                output=pipe.tail,
            )
        )

    def _fail(self, error: HostError) -> None:
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.on_error(error)


class _Pipe:
    """One process and the three threads that speak with it; none of them ever holds the main thread up."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], on_arrival: Callable[[_Pipe], None]) -> None:
        self._on_arrival = on_arrival
        self._arrived: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._asked = threading.Event()
        self._lines: list[str] = []
        flags = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW", "CREATE_BREAKAWAY_FROM_JOB")
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
            creationflags=sum(getattr(subprocess, flag, 0) for flag in flags),
            start_new_session=sys.platform != "win32",
        )
        for work in (self._read, self._read_errors, self._write):
            threading.Thread(target=work, name="onepiece-worker", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def tail(self) -> str:
        """The last of what it printed beside the protocol."""
        return "\n".join(self._lines)

    def status(self) -> int | None:
        """Its exit status, None while it is still ending."""
        return self._process.poll()

    def keep(self, line: str) -> None:
        self._lines.append(line.rstrip())
        del self._lines[:-_TAIL_LINES]

    def send(self, message: Mapping[str, Any]) -> None:
        self._outgoing.put(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        self._outgoing.put(None)

    def take(self, most: int) -> Iterator[str | None]:
        """What has arrived, None for the end; asks for another turn when there is more."""
        self._asked.clear()
        for _ in range(most):
            try:
                yield self._arrived.get_nowait()
            except queue.Empty:
                return
        self._arrive()

    def _arrive(self) -> None:
        if not self._asked.is_set():
            self._asked.set()
            self._on_arrival(self)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self._arrived.put(line.decode("utf-8", "replace"))
                self._arrive()
        self._arrived.put(None)
        self._arrive()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self.keep(line.decode("utf-8", "replace"))

    def _write(self) -> None:
        assert self._process.stdin is not None
        try:
            with self._process.stdin as stream:
                while (line := self._outgoing.get()) is not None:
                    stream.write(line)
                    stream.flush()
        except OSError:
            pass  # the worker is gone: its reader tells


def _not_started(program: str, error: OSError) -> HostError:
    return HostError(
        "worker.missing",
        f"OnePiece's worker cannot be started: {error.strerror or error}.",
        "Run `onepiece dcc install` again, or ask your TD.",
        program=program,
    )
