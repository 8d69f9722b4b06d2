"""Makes thumbnails of uploaded movies, one after the other, beside the calls."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from dataclasses import dataclass

from onepiece_core.log import get_logger
from onepiece_server.sandbox.shotgrid.database import Database
from onepiece_server.sandbox.shotgrid.files import FileStore

log = get_logger(__name__)

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Job:
    attachment_id: int
    source: str  # a name in the file store
    filename: str


class Transcoder:
    """A queue and one thread that works on it; what is not made at the end is made after the next start."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._files = files
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def add(self, job: Job) -> None:
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._work, name="thumbnails", daemon=True)
                self._thread.start()
        self._jobs.put(job)

    def close(self) -> None:
        self._closed.set()
        self._jobs.put(None)
        with self._lock:
            if self._process is not None:
                self._process.kill()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closed.is_set():
            try:
                self._make(job)
            except Exception as error:  # one thumbnail less, never a dead queue
                log.error("shotgrid.thumbnail_failed", file=job.filename, error=repr(error))

    def _make(self, job: Job) -> None:
        name = self._files.new_name()
        module = "onepiece_server.sandbox.shotgrid.thumbnail"
        command = [sys.executable, "-m", module, str(self._files.path(job.source)), job.filename]
        command.append(str(self._files.path(name)))
        with self._lock:
            if self._closed.is_set():
                return
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        try:
            _, words = self._process.communicate(timeout=_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, words = self._process.communicate()
        code = self._process.returncode
        with self._lock:
            self._process = None
        if self._closed.is_set():
            return
        if code != 0:
            log.warning("shotgrid.thumbnail_failed", file=job.filename, error=words.decode("utf-8", "replace")[-300:])
            return
        with self._database.write() as connection:
            connection.execute('UPDATE "__thumbnails" SET file=? WHERE attachment_id=?', [name, job.attachment_id])
