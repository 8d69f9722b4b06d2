"""Signed requests over pooled connections, repeated as long as that is safe and of use."""

from __future__ import annotations

import functools
import hashlib
import random
import socket
import time
from calendar import timegm
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from onepiece_core.errors import StorageError
from onepiece_core.log import get_logger
from onepiece_core.storage.s3.client import Target
from onepiece_core.storage.s3.errors import error_for, find_element, unreachable
from onepiece_core.storage.s3.signing import UNSIGNED_PAYLOAD, Signer, encode_path, encode_query
from onepiece_core.storage.s3.wire import Address, Connection, Reply, Throttle, WireError, open_socket

_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_BUSY = frozenset({429, 500, 502, 503, 504})
# An idle connection older than this may have been dropped by something between us and the server.
_IDLE_SECONDS = 15.0
# BadDigest: the bytes were damaged on their way.
_RETRY_CODES = frozenset({"BadDigest", "RequestTimeout", "ConditionalRequestConflict", "OperationAborted"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on. A server that cannot even be connected to is given up within a few seconds."""

    connect_seconds: float = 5.0
    read_seconds: float = 60.0
    connect_attempts: int = 3
    attempts: int = 8
    base_seconds: float = 0.2
    cap_seconds: float = 10.0

    def pause(self, attempt: int) -> float:
        """Exponential with full jitter."""
        return random.uniform(0, min(self.cap_seconds, self.base_seconds * 2**attempt))  # noqa: S311  # no secret


DEFAULT_PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Request:
    """One S3 call.

    Attributes:
        action: for people: "write", "read", "list".
        key: the object's, or "" for the bucket itself.
        headers: lower-case names, without those that signing adds.
    """

    action: str
    method: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | memoryview = b""
    stream: bool = False


@dataclass(slots=True)
class Outcome:
    """A reply, and whether an earlier attempt of the same request may have been carried out unseen."""

    reply: Reply
    was_unanswered: bool
    connection: Connection | None = None  # a stream's; whoever reads it gives it back with Pool.release


@dataclass(slots=True)
class _Tries:
    attempt: int = 0
    refused: int = 0
    unanswered: bool = False
    region: str = ""  # that the last attempt was signed for


class _ConnectFailed(Exception):
    """Nothing was sent."""


# A reply, or the error that came instead.
First = Outcome | OSError | WireError


class Pool:
    """All connections to one bucket's server. Safe to use from several threads."""

    def __init__(
        self,
        target: Target,
        patience: Patience = DEFAULT_PATIENCE,
        *,
        sleep: Callable[[float], None] = time.sleep,
        throttle: Throttle | None = None,
    ) -> None:
        # Replaced as a whole when the bucket turns out to live in another region.
        self._route = (target, Signer(target.region))
        self._patience = patience
        self._sleep = sleep
        self._throttle = throttle
        self._idle: deque[Connection] = deque()
        self._clock_offset = 0.0

    @property
    def target(self) -> Target:
        return self._route[0]

    def send(self, request: Request, *, expect: tuple[int, ...] = (200, 204, 206)) -> Outcome:
        """The outcome of ``request``; any status that is not expected raises a StorageError."""
        outcome = self.ask(request)
        if outcome.reply.status in expect:
            return outcome
        self.drop(outcome)
        raise self.error(request, outcome.reply)

    def ask(self, request: Request, first: First | None = None) -> Outcome:
        """The last reply to ``request``, whatever its status. Raises StorageUnavailable when there is none.

        Args:
            first: what came of a first attempt that was made elsewhere.
        """
        tries = _Tries(region=self.target.region)
        while True:
            try:
                tried, first = first, None
                if isinstance(tried, Exception):
                    raise tried
                outcome = tried or self._once(request, tries)
            except _ConnectFailed as failed:
                tries.refused += 1
                cause = failed.__cause__
                if tries.refused >= self._patience.connect_attempts or _is_about_tls(cause):
                    raise self._unreachable(request, failed) from cause
                self._wait(request, tries.refused, str(failed))
                continue
            except (OSError, WireError) as failed:
                tries.unanswered = True
                tries.attempt += 1
                enough = 2 if isinstance(failed, TimeoutError) else self._patience.attempts
                if tries.attempt >= enough:
                    raise self._unreachable(request, failed) from failed
                self._wait(request, tries.attempt, str(failed) or type(failed).__name__)
                continue
            tries.attempt += 1
            if tries.attempt >= self._patience.attempts or not self._is_worth_repeating(request, outcome, tries):
                outcome.was_unanswered = tries.unanswered
                return outcome

    def error(self, request: Request, reply: Reply) -> StorageError:
        target = self.target
        return error_for(
            reply.status,
            reply.body,
            action=request.action,
            bucket=target.bucket,
            key=request.key,
            endpoint=target.address.url,
        )

    def head_of(self, request: Request) -> bytes:
        """What is to be sent before the body, signed now."""
        return self._head(request, *self._route)

    @property
    def is_plain(self) -> bool:
        """Whether bytes go as they are, and as fast as they can."""
        return self.target.tls is None and self._throttle is None

    def open_socket(self) -> socket.socket:
        """A connection of the caller's own. Raises OSError."""
        target = self.target
        return open_socket(target.address, target.tls, self._patience.connect_seconds)

    @property
    def read_seconds(self) -> float:
        """How long a server may say nothing."""
        return self._patience.read_seconds

    def iter_body(self, outcome: Outcome) -> Iterator[bytes]:
        """The pieces of a streamed reply. Raises OSError or WireError when it ends early."""
        connection = outcome.connection
        if connection is None:
            yield outcome.reply.body
            return
        try:
            yield from connection.iter_body()
        finally:
            self.release(connection)

    def drop(self, outcome: Outcome) -> None:
        """Give up a streamed reply."""
        if outcome.connection is not None:
            self.release(outcome.connection)

    def release(self, connection: Connection) -> None:
        """Keep the connection for the next request, if it still serves."""
        if not connection.is_usable or connection.address != self.target.address:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        self._idle.append(connection)

    def pause(self, attempt: int) -> None:
        """Wait before the repetition number ``attempt``, which counts from 0."""
        self._sleep(self._patience.pause(attempt))

    def close(self) -> None:
        """Close the idle connections; the pool may still be used."""
        while self._idle:
            self._idle.pop().close()

    def _is_worth_repeating(self, request: Request, outcome: Outcome, tries: _Tries) -> bool:
        """Wait or mend what the reply names; False: it is final."""
        reply = outcome.reply
        if reply.status < 300:
            return False
        code = find_element(reply.body, "Code") or ""
        if reply.status in _BUSY or code in _RETRY_CODES:
            after = reply.headers.get("retry-after", "")
            seconds = min(float(after), self._patience.cap_seconds) if after.isdecimal() else None
            # A gateway's 5xx says nothing about what became of the request behind it.
            tries.unanswered = tries.unanswered or reply.status in (500, 502, 504)
            self._wait(request, tries.attempt, f"HTTP {reply.status} {code}".strip(), seconds)
            return True
        if tries.attempt > 2:
            return False
        if code == "RequestTimeTooSkewed" and (date := server_time(reply)) is not None:
            self._clock_offset = date - time.time()
            return True
        return self._follow_region(reply, code, tries.region)

    def _follow_region(self, reply: Reply, code: str, asked: str) -> bool:
        """AWS names the right region when a bucket lives elsewhere."""
        region = reply.headers.get("x-amz-bucket-region") or (
            find_element(reply.body, "Region") if code == "AuthorizationHeaderMalformed" else None
        )
        if not region or region == asked:
            return False
        # Another thread may have been told the same a moment ago.
        if region != self.target.region:
            self._route = (self.target.in_region(region), Signer(region))
            self.close()
        return True

    def _once(self, request: Request, tries: _Tries) -> Outcome:
        """One exchange. A kept connection that turns out to be dead is replaced at once, without counting."""
        target, signer = self._route
        tries.region = target.region
        head = self._head(request, target, signer)
        connection = self._take_idle()
        if connection is not None:
            try:
                return self._exchange(connection, head, request)
            except TimeoutError:
                raise
            except (OSError, WireError):
                # Most often the server closed it a moment ago, but the request may have been carried out.
                tries.unanswered = True
        return self._exchange(self._connect(target), head, request)

    def _exchange(self, connection: Connection, head: bytes, request: Request) -> Outcome:
        try:
            reply = connection.exchange(head, request.body, bodiless=request.method == "HEAD", stream=request.stream)
        except BaseException:
            connection.close()
            raise
        if request.stream and reply.status < 300:
            return Outcome(reply, False, connection)
        self.release(connection)
        return Outcome(reply, False)

    def _connect(self, target: Target) -> Connection:
        patience = self._patience
        try:
            return Connection(
                target.address,
                target.tls,
                connect_seconds=patience.connect_seconds,
                read_seconds=patience.read_seconds,
                throttle=self._throttle,
            )
        except OSError as failed:
            raise _ConnectFailed(str(failed)) from failed

    def _take_idle(self) -> Connection | None:
        oldest = time.monotonic() - _IDLE_SECONDS
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.idle_since > oldest and not connection.is_stale():
                return connection
            connection.close()

    def _head(self, request: Request, target: Target, signer: Signer) -> bytes:
        path = encode_path(f"{target.base_path}/{request.key}" if request.key else target.base_path or "/")
        query = encode_query(request.query)
        headers = {"host": target.address.host_header, **request.headers}
        signer.sign(
            target.keys(),
            method=request.method,
            path=path,
            query=query,
            headers=headers,
            payload_hash=_payload_hash(request.body, target.address),
            now=time.time() + self._clock_offset,
        )
        if request.body or request.method in ("PUT", "POST"):
            headers["content-length"] = str(len(request.body))
        headers["accept-encoding"] = "identity"
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        return f"{request.method} {path}{'?' if query else ''}{query} HTTP/1.1\r\n{lines}\r\n".encode()

    def _wait(self, request: Request, attempt: int, reason: str, seconds: float | None = None) -> None:
        pause = self._patience.pause(attempt) if seconds is None else seconds
        get_logger(__name__).warning(
            "s3.retry",
            action=request.action,
            key=request.key,
            attempt=attempt,
            reason=reason,
            next_in_seconds=round(pause, 3),
        )
        self._sleep(pause)

    def _unreachable(self, request: Request, cause: BaseException) -> StorageError:
        target = self.target
        return unreachable(
            cause, action=request.action, bucket=target.bucket, key=request.key, endpoint=target.address.url
        )


def _is_about_tls(cause: BaseException | None) -> bool:
    from ssl import SSLError

    return isinstance(cause, SSLError)


def _payload_hash(body: bytes | memoryview, address: Address) -> str:
    """Where TLS or the loopback guards the body, its CRC is enough; elsewhere the signature covers it."""
    if not body:
        return _EMPTY_SHA256
    if address.scheme == "https" or address.host in _LOOPBACK:
        return UNSIGNED_PAYLOAD
    return hashlib.sha256(body).hexdigest()


def server_time(reply: Reply) -> float | None:
    """The reply's Date header in seconds since the epoch."""
    return http_time(reply.headers.get("date", ""))


@functools.lru_cache(maxsize=1024)
def http_time(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date."""
    # "Sun, 06 Nov 1994 08:49:37 GMT", the only form that is sent nowadays, without a general parser.
    month = _MONTHS.find(text[8:11])
    if len(text) == 29 and text.endswith(" GMT") and month % 3 == 0:
        numbers = text[12:16], text[5:7], text[17:19], text[20:22], text[23:25]
        if all(number.isdecimal() for number in numbers):
            year, day, hours, minutes, seconds = map(int, numbers)
            return float(timegm((year, month // 3 + 1, day, hours, minutes, seconds)))
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
