"""How far an operation is, beside the journal, for whoever looks on from another process. Lost is no harm."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from pydantic import ValidationError

from onepiece_core.progress import Progress, Reporter

# Written at most so often; a panel draws no faster.
_EVERY_SECONDS = 0.2


class ProgressFile:
    """``progress/OPERATION.json`` in the state folder."""

    def __init__(self, folder: Path, operation: str) -> None:
        self._path = folder / "progress" / f"{operation}.json"
        self._written_at = 0.0
        self._lock = threading.Lock()

    def write(self, progress: Progress) -> None:
        with self._lock:
            now = time.monotonic()
            if now - self._written_at < _EVERY_SECONDS and progress.done != progress.total:
                return
            self._written_at = now
            partial = self._path.with_suffix(".part")
            try:
                self._path.parent.mkdir(exist_ok=True)
                partial.write_text(progress.model_dump_json(), encoding="utf-8")
                partial.replace(self._path)
            except OSError:
                pass  # nobody will see how far it is; the publish itself goes on

    def read(self) -> Progress | None:
        try:
            return Progress.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


class RecordedReporter(Reporter):
    """Passes everything on to another reporter, and keeps a progress file once it is told where."""

    def __init__(self, inner: Reporter) -> None:
        super().__init__()
        self._inner = inner
        self.file: ProgressFile | None = None

    def cancel(self) -> None:
        self._inner.cancel()

    def check(self, operation: str, phase: str) -> None:
        self._inner.check(operation, phase)

    def step(self, event: Progress) -> None:
        if self.file is not None:
            self.file.write(event)
        self._inner.step(event)
