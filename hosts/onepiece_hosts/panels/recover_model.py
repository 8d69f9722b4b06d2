"""The recover panel without its widgets: what was interrupted on this machine, and finishing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onepiece_hosts.errors import HostError
from onepiece_hosts.worker import Worker


def _nothing() -> None:
    pass


class RecoverModel:
    """One recover panel.

    Attributes:
        items: publishes that were interrupted, None before the answer.
        is_running: they are being finished.
        recovered: what became of each, None before the end.
    """

    def __init__(self, worker: Worker, on_change: Callable[[], None] = _nothing) -> None:
        self._worker = worker
        self.on_change = on_change
        self.items: list[dict[str, Any]] | None = None
        self.is_running = False
        self.progress: dict[str, Any] | None = None
        self.recovered: list[dict[str, Any]] | None = None
        self.error: HostError | None = None

    def open(self) -> None:
        """The panel appears."""
        self._worker.request(
            "recover.list",
            on_result=lambda told: self._change(items=told["items"], error=None),
            on_error=lambda error: self._change(error=error),
        )

    def run(self) -> None:
        """Finish all of them."""
        if self.is_running:
            return
        self._change(is_running=True, progress=None, recovered=None, error=None)
        self._worker.request(
            "recover.run",
            on_event=lambda event, data: self._change(progress=data) if event == "progress" else None,
            on_result=self._ended,
            on_error=lambda error: self._change(is_running=False, error=error),
        )

    def _ended(self, told: dict[str, Any]) -> None:
        self._change(is_running=False, recovered=told["recovered"])
        self.open()

    def _change(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self.on_change()
