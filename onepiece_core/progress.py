"""One progress event for the terminal, the panels and the API."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Literal

from pydantic import BaseModel, NonNegativeInt

from onepiece_core.errors import OperationCancelled


class Progress(BaseModel, frozen=True):
    """How far one operation has come. ``done`` and ``total`` count ``unit``."""

    operation: str  # "publish", "verify", "recover"
    phase: str  # "stage", "upload", "register"
    done: NonNegativeInt
    total: NonNegativeInt | None = None  # None: not known yet
    unit: Literal["files", "bytes", "rows", "steps", "tasks"] = "files"
    item: str = ""  # what is being worked on, for people


class Warned(BaseModel, frozen=True):
    """Something a person should know that stops nothing. ``code`` is stable, ``message`` may change."""

    code: str
    message: str
    hint: str | None = None


Sink = Callable[[Progress], None]


def ignore(_event: Progress) -> None:
    """The default sink."""


class Reporter:
    """Handed to a long operation: it reports here and asks here whether to go on. Any thread may use it."""

    def __init__(self, sink: Sink = ignore) -> None:
        self._sink = sink
        self._cancelled = Event()

    def cancel(self) -> None:
        """Ask the operation to stop at its next step."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether someone asked to stop."""
        return self._cancelled.is_set()

    def check(self, operation: str, phase: str) -> None:
        """Raise OperationCancelled when someone asked to stop."""
        if self._cancelled.is_set():
            raise OperationCancelled(f"{operation} was cancelled", phase=phase)

    def step(self, event: Progress) -> None:
        """Report ``event``; raise OperationCancelled when someone asked to stop."""
        self.check(event.operation, event.phase)
        self._sink(event)
