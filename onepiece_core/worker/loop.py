"""The worker's loop: each request runs in a thread of its own and is answered exactly once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from onepiece_core import __version__
from onepiece_core.errors import OnePieceError, UsageError
from onepiece_core.log import get_logger
from onepiece_core.progress import Progress, Reporter, Warned
from onepiece_core.worker.protocol import PROTOCOL, Replies, Request, parse_request

log = get_logger(__name__)

# A panel asks a handful of things at once; publishes stay for minutes.
_THREADS = 16

Session = TypeVar("Session")


@dataclass(frozen=True)
class Call:
    """One request, as its method sees it.

    Attributes:
        reporter: what is reported there goes to the host; asks there whether to go on.
    """

    request: Request
    reporter: Reporter
    replies: Replies

    @property
    def params(self) -> dict[str, Any]:
        return self.request.params

    def step(self, data: Mapping[str, Any]) -> None:
        """Tell the host something before the result."""
        self.replies.send(self.request.id, "step", dict(data))

    def warn(self, warning: Warned) -> None:
        self.replies.send(self.request.id, "warning", warning.model_dump())


Method = Callable[[Session, Call], Any]


class Loop(Generic[Session]):
    """Serves one host.

    Args:
        session: handed to every method.
        methods: by their names in ``protocol.json``; they answer JSON values and raise OnePieceErrors.
    """

    def __init__(self, session: Session, methods: Mapping[str, Method[Session]], replies: Replies) -> None:
        self._session = session
        self._methods = methods
        self._replies = replies
        self._running: dict[int, Reporter] = {}
        self._lock = threading.Lock()

    def serve(self, lines: Iterable[bytes]) -> None:
        """Until the input ends: then what runs is finished, and nothing new starts."""
        self._replies.send(None, "hello", {"protocol": PROTOCOL, "version": __version__, "pid": os.getpid()})
        pool = ThreadPoolExecutor(_THREADS, "onepiece-worker")
        try:
            for line in lines:
                if line.strip():
                    self._take(line, pool)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _take(self, line: bytes, pool: ThreadPoolExecutor) -> None:
        try:
            request = parse_request(line)
            if request.method == "cancel":
                self._cancel(request)
                return
            method = self._methods.get(request.method)
            if method is None:
                raise UsageError(f"The worker knows no {request.method!r}.", id=request.id)
            reporter = Reporter(lambda progress: self._report(request.id, progress))
            with self._lock:
                if request.id in self._running:
                    raise UsageError(f"Request {request.id} is under way already.")
                self._running[request.id] = reporter
        except OnePieceError as error:
            self._replies.send(error.report.context.get("id"), "error", error.report.model_dump(mode="json"))
            return
        pool.submit(self._run, method, Call(request, reporter, self._replies))

    def _run(self, method: Method[Session], call: Call) -> None:
        number = call.request.id
        try:
            result = method(self._session, call)
        except OnePieceError as error:
            self._end(number, "error", error.report.model_dump(mode="json"))
        except Exception as error:  # a fault of ours: the artist gets one sentence, the log the rest
            log.error("worker.call_failed", method=call.request.method, error=repr(error), exc_info=True)
            told = {"code": "internal", "message": f"OnePiece failed: {type(error).__name__}.", "hint": None}
            self._end(number, "error", {**told, "context": {"method": call.request.method}})
        else:
            self._end(number, "result", result)

    def _end(self, number: int, event: Any, data: Any) -> None:
        with self._lock:
            self._running.pop(number, None)
        self._replies.send(number, event, data)

    def _report(self, number: int, progress: Progress) -> None:
        self._replies.send(number, "progress", progress.model_dump())

    def _cancel(self, request: Request) -> None:
        with self._lock:
            reporter = self._running.get(request.params.get("id", 0))
        if reporter is not None:
            reporter.cancel()
        self._replies.send(request.id, "result", {"cancelled": reporter is not None})
