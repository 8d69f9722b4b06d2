"""Progress on the terminal, or as JSON lines."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import TYPE_CHECKING

from onepiece_core.progress import Progress, Reporter, Sink

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

# At most this often per phase: a publish of 100,000 files must not spend its time on drawing.
_EVERY_SECONDS = 0.05


@contextmanager
def reporter(*, bars: bool, events: bool, quiet: bool = False) -> Iterator[Reporter]:
    """A Reporter for one command. The first Ctrl-C (or SIGTERM) cancels it, the second interrupts at once."""
    sinks: AbstractContextManager[Sink | None] = nullcontext(_lines if events else None)
    if bars and not events:
        sinks = _bars()
    with sinks as sink:
        made = Reporter(_Thinned(sink)) if sink else Reporter()
        with _cancelled_by_signals(made, quiet=quiet):
            yield made


class _Thinned:
    """Passes on the first and last event of a phase, and not more than some in between. Any thread may call it."""

    def __init__(self, sink: Sink, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink, self._clock, self._lock = sink, clock, threading.Lock()
        self._last: dict[str, float] = {}

    def __call__(self, event: Progress) -> None:
        with self._lock:
            now, phase = self._clock(), f"{event.operation} {event.phase}"
            ends = event.total is not None and event.done >= event.total
            if not ends and now - self._last.get(phase, float("-inf")) < _EVERY_SECONDS:
                return
            self._last[phase] = now
            self._sink(event)


def _lines(event: Progress) -> None:
    sys.stderr.write(json.dumps({"event": "progress", **event.model_dump()}) + "\n")
    sys.stderr.flush()


@contextmanager
def _bars() -> Iterator[Sink]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    left = TimeRemainingColumn(compact=True)
    columns = (TextColumn("{task.description:>10}"), BarColumn(), left, TextColumn("{task.fields[told]}"))
    with Bars(*columns, console=Console(stderr=True)) as drawn:
        tasks = {}

        def draw(event: Progress) -> None:
            if event.phase not in tasks:
                tasks[event.phase] = drawn.add_task(event.phase, total=event.total, told="")
            told = f"{_amount(event)}  [dim]{escape(_short(event.item))}"
            drawn.update(tasks[event.phase], completed=event.done, total=event.total, told=told)

        yield draw


def _short(item: str) -> str:
    item = "".join(c if c.isprintable() else "?" for c in item)
    return item if len(item) <= 48 else f"...{item[-45:]}"


def _amount(event: Progress) -> str:
    if event.unit == "bytes":
        from rich.filesize import decimal

        return decimal(event.done) if event.total is None else f"{decimal(event.done)} of {decimal(event.total)}"
    of = "" if event.total is None else f" of {event.total}"
    return f"{event.done}{of} {event.unit}"


@contextmanager
def _cancelled_by_signals(made: Reporter, *, quiet: bool) -> Iterator[None]:
    """Ctrl-C asks the operation to stop at its next step, so that its journal is in order."""
    asked = threading.Event()

    def cancel(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        made.cancel()
        if not quiet:
            sys.stderr.write("\nstopping at the next step; press Ctrl-C again to stop at once\n")

    before = {number: signal.signal(number, cancel) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
