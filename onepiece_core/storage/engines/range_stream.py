"""The bytes of one range of an object, read over as many connections as it takes."""

from __future__ import annotations

from onepiece_core.errors import PreconditionFailed, SourceChanged, StorageUnavailable
from onepiece_core.storage.engine import Download
from onepiece_core.storage.s3.pool import Outcome, Request
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.storage.s3.wire import Reply, WireError

_ATTEMPTS = 6
# A checksum over the whole object is told with the whole object.
CHECKSUMS = {"x-amz-checksum-mode": "ENABLED"}


def ask(store: S3Store, item: Download, method: str, headers: dict[str, str], *, stream: bool = False) -> Outcome:
    """A request about exactly the object that was planned. Raises SourceChanged when it is another one."""
    request = request_about(item, method, headers, stream=stream)
    return judged(store, item, request, store.pool.ask(request))


def request_about(item: Download, method: str, headers: dict[str, str], *, stream: bool = False) -> Request:
    """Refused by the server when the object is another one."""
    return Request("read", method, item.key, {}, {"if-match": f'"{item.etag}"', **headers}, stream=stream)


def judged(store: S3Store, item: Download, request: Request, outcome: Outcome) -> Outcome:
    """A success. Raises SourceChanged, StorageError."""
    if outcome.reply.status == (206 if "range" in request.headers else 200):
        return outcome
    store.pool.drop(outcome)
    error = store.pool.error(request, outcome.reply)
    if isinstance(error, PreconditionFailed):
        raise object_changed(store, item) from error
    raise error


def object_changed(store: S3Store, item: Download) -> SourceChanged:
    uri = f"{store.uri}/{item.key}"
    words = f"{uri} is not the object any more that was planned to be fetched"
    return SourceChanged(words, hint="Run the same command again.", uri=uri)


class RangeStream:
    """Goes on behind what was read when a connection breaks, as long as the object is the same.

    Attributes:
        reply: the head of the first answer.
    """

    def __init__(self, store: S3Store, item: Download, start: int, count: int) -> None:
        self._store = store
        self._item = item
        self._next = start
        self._end = start + count
        self._broken = 0
        self._outcome = self._open()
        self.reply: Reply = self._outcome.reply

    def read_into(self, buffer: memoryview) -> int:
        """How many bytes are in ``buffer`` now; 0 at the end of the range. Raises StorageUnavailable."""
        while self._next < self._end:
            connection = self._outcome.connection
            try:
                count = connection.read_into(buffer[: self._end - self._next]) if connection else 0
            except (OSError, WireError):
                count = 0
            if count:
                self._next += count
                return count
            self._store.pool.drop(self._outcome)
            self._broken += 1
            if self._broken >= _ATTEMPTS:
                raise StorageUnavailable(
                    f"{self._store.uri}/{self._item.key} ended early {_ATTEMPTS} times, after {self._next} bytes",
                    key=self._item.key,
                )
            self._store.pool.pause(self._broken)
            self._outcome = self._open()
        return 0

    def close(self) -> None:
        self._store.pool.drop(self._outcome)

    def _open(self) -> Outcome:
        is_whole = self._next == 0 and self._end == self._item.size_bytes
        headers = CHECKSUMS if is_whole else {"range": f"bytes={self._next}-{self._end - 1}"}
        return ask(self._store, self._item, "GET", headers, stream=True)
