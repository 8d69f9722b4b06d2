"""Works on uploaded media beside the calls: one job after the other, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from onepiece_core.log import get_logger

if TYPE_CHECKING:
    from onepiece_server.sandbox.shotgrid.renditions import Job, Made
    from onepiece_server.sandbox.shotgrid.site import Site

log = get_logger(__name__)

_MODULE = "onepiece_server.sandbox.shotgrid.thumbnail"
_TIMEOUT_SECONDS = 120


class Transcoder:
    """One thread that works on the jobs that wait in the database."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start(self, site: Site) -> None:
        self._thread = threading.Thread(target=self._work, args=(site,), name="media", daemon=True)
        self._thread.start()
        self.wake()

    def wake(self) -> None:
        """There may be a new job."""
        self._wanted.set()

    def close(self) -> None:
        """Stop at once: a job that is under way starts over with the next start of the site."""
        self._closed.set()
        self._wanted.set()
        with self._lock:
            if self._process is not None:
                self._process.kill()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _work(self, site: Site) -> None:
        from onepiece_server.sandbox.shotgrid.renditions import finish, next_job

        while self._wanted.wait() and not self._closed.is_set():
            self._wanted.clear()
            try:
                while not self._closed.is_set() and (job := next_job(site)) is not None:
                    made = self._made(site, job)
                    if not self._closed.is_set():
                        finish(site, job, made)
            except Exception as error:  # a full disk, perhaps: the next upload tries again
                log.error("shotgrid.media_failed", error=repr(error))

    def _made(self, site: Site, job: Job) -> Made | None:
        try:
            return self._make(site, job)
        except Exception as error:  # one thumbnail less, never a dead queue
            log.error("shotgrid.media_failed", file=job.filename, error=repr(error))
            return None

    def _make(self, site: Site, job: Job) -> Made | None:
        from onepiece_server.sandbox.shotgrid.renditions import Made

        source = site.files.path(job.file)
        with site.files.workspace() as folder:
            kind = "movie" if job.is_movie else "picture"
            code, out, errors = self._run([str(source), job.filename, str(folder), kind])
            if self._closed.is_set():
                return None
            if code != 0:
                log.warning("shotgrid.media_failed", file=job.filename, error=errors[-300:])
                return None
            rate = json.loads(out).get("frame_rate")
            names = {
                stem: site.files.adopt(folder / file)
                for stem, file in (("picture", "picture.jpg"), ("strip", "strip.jpg"), ("mp4", "movie.mp4"))
                if (folder / file).is_file()
            }
        return Made(frame_rate=rate, **names)

    def _run(self, arguments: list[str]) -> tuple[int, str, str]:
        with self._lock:
            if self._closed.is_set():
                return 1, "", "the site was stopped"
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _MODULE, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        try:
            out, errors = self._process.communicate(timeout=_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            out, errors = self._process.communicate()
        code = self._process.returncode
        with self._lock:
            self._process = None
        return code, out.decode("utf-8", "replace"), errors.decode("utf-8", "replace")
