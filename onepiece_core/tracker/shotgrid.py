"""ShotGrid (Flow Production Tracking) through the official client. The only module that imports api.

The client's own re-sends are switched off (httplib2's silent second POST, three tries on 502 and 504 and for
uploads): a request goes out once, over our transport, and what may be repeated is decided here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from json import JSONDecodeError
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urlsplit

from shotgun_api3 import shotgun as api

from onepiece_core.errors import (
    TrackerDenied,
    TrackerError,
    TrackerNotConfigured,
    TrackerRefused,
    TrackerUnanswered,
    TrackerUnavailable,
)
from onepiece_core.tracker.filters import is_never
from onepiece_core.tracker.retry import Clock, Retrier, RetryPolicy, SystemClock
from onepiece_core.tracker.shotgrid_data import check_readable, encode_form, flat, plain
from onepiece_core.tracker.tracker import BatchRequest, Entity, Filter, Order
from onepiece_core.tracker.transport import (
    Body,
    NoAnswer,
    NotSent,
    Reply,
    Transport,
    retry_after_seconds,
)

T = TypeVar("T")

_SIGN_IN = "The session may have ended: sign in again with `onepiece login`."
_NOT_SHOTGRID = "Check the site's address: it answers, but not as ShotGrid does."
# The site made the request wait or was too busy to look at it: it surely was not carried out.
NOT_TAKEN = (429, 503)
# Somebody on the way gave up, or the site broke in the middle: it may have been carried out.
UNCERTAIN = (408, 500, 502, 504)
# The upload calls that make a row; the others only prepare it and may be repeated.
ROW_MAKING = ("/upload/upload_file", "/upload/publish_thumbnail", "/upload/share_thumbnail", "/upload/api_link_file")


class HttpStatus(Exception):
    """An answer with a status that is not 2xx."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"HTTP {reply.status} {reply.reason}")
        self.reply = reply


class _Client(api.Shotgun):
    """The official client over our transport. One thread's own."""

    # The client's loops run "while attempt <= MAX_ATTEMPTS".
    MAX_ATTEMPTS = 1

    def __init__(self, url: str, auth: dict[str, str], *, timeout_seconds: float, repeat: Repeat) -> None:
        super().__init__(
            url,
            script_name=auth.get("script_name"),
            api_key=auth.get("api_key"),
            login=auth.get("login"),
            password=auth.get("password"),
            session_token=auth.get("session_token"),
            connect=False,
        )
        self.config.timeout_secs = timeout_seconds
        self.config.max_rpc_attempts = 1
        self.is_write = False
        self._repeat = repeat
        self._transport = Transport(timeout_seconds=timeout_seconds, ca_file=str(self._get_certs_file(None)))  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self._transport.close()

    def _http_request(
        self, verb: str, path: str, body: Any, headers: dict[str, Any]
    ) -> tuple[tuple[int, str], dict[str, Any], str]:
        url = f"{self.config.scheme}://{self.config.server}{path}"
        reply = self._send(verb, url, headers, body or b"")
        # The client takes nothing for an answer: a delete would be one that was not needed.
        if not reply.body:
            raise NoAnswer("the answer is empty")
        return (reply.status, reply.reason), reply.headers, reply.body.decode("utf-8", "replace")

    def _send(self, verb: str, url: str, headers: dict[str, Any], body: bytes | Body) -> Reply:
        # A write takes a fresh connection rather than one that the site may be closing right now.
        reply = self._transport.send(verb, url, headers, body, idle_seconds=1.0 if self.is_write else 10.0)
        if not 200 <= reply.status < 300:
            raise HttpStatus(reply)
        return reply

    def _send_form(self, url: str, params: dict[str, Any]) -> str:
        """Streams files from disk; repeats only what makes no row."""
        files: dict[str, Path] = {}
        fields = {**params, **self._auth_params()}
        for name, value in params.items():
            if hasattr(value, "read"):
                files[name] = Path(value.name)
                value.close()
                del fields[name]

        def send() -> str:
            kind, body = encode_form(fields, files)
            headers = {"Content-Type": kind, "User-Agent": "; ".join(self._user_agents)}
            answer = self._send("POST", url, headers, body).body.decode("utf-8", "replace")
            # 1: done, 0: refused, 2: not yet. The client takes everything else for a refusal, a portal's page too.
            if answer[:1] not in ("0", "1", "2"):
                raise ValueError(answer[:100])
            return answer

        path = urlsplit(url).path
        return send() if path in ROW_MAKING else self._aside(path, send)

    def _upload_data_to_storage(self, data: BinaryIO, content_type: str, size: int, storage_url: str) -> str:
        """PUT one file or part. It makes no row, so it may be repeated."""
        start = data.tell()

        def send() -> str:
            data.seek(start)
            body = Body(iter(lambda: data.read(1 << 20), b""), size)
            return self._send("PUT", storage_url, {"Content-Type": content_type}, body).headers.get("etag", "")

        return self._aside("upload", send)

    def _aside(self, what: str, send: Callable[[], T]) -> T:
        """A call within a write that changes nothing by itself."""
        was = self.is_write
        self.is_write = False
        try:
            result: T = self._repeat(what, send)
            return result
        finally:
            self.is_write = was


_DENIED = (
    api.AuthenticationFault,
    api.UserCredentialsNotAllowedForSSOAuthenticationFault,
    api.UserCredentialsNotAllowedForOxygenAuthenticationFault,
)
# What of an identity is never told.
_SECRETS = ("api_key", "session_token", "password")
Repeat = Callable[[str, Callable[[], Any]], Any]


class ShotgridTracker:
    """A site and an identity there: a script's, or a person's session. Safe for several threads, each with a client.

    ``create`` and ``update`` take no ``image``: :meth:`upload_thumbnail` is a write of its own.
    """

    def __init__(
        self,
        url: str,
        script: str,
        key: str,
        *,
        identity: dict[str, str] | None = None,
        timeout_seconds: float = 20.0,
        policy: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Asks nobody yet.

        Args:
            identity: in place of script and key: a ``session_token``, or ``login`` and ``password``.

        Raises:
            TrackerNotConfigured: the URL is none, or script or key is empty.
        """
        auth = identity or {"script_name": script, "api_key": key}
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TrackerNotConfigured(f"The tracker's address is no http(s) URL: {url!r}", url=url)
        if not all(auth.values()):
            raise TrackerNotConfigured("The tracker's script name or key is missing", url=url)
        self._url, self._auth = url.rstrip("/"), auth
        self._timeout, self._clock = timeout_seconds, clock or SystemClock()
        chosen = policy or RetryPolicy(budget_seconds=timeout_seconds + 10.0)
        self._retrier = Retrier(chosen, self._clock, site=self.url)
        self._local = threading.local()
        self._caps: Any = None

    def __repr__(self) -> str:
        return f"ShotgridTracker({self.url!r})"

    @property
    def url(self) -> str:
        return self._url

    def close(self) -> None:
        """Close this thread's connection."""
        client = getattr(self._local, "client", None)
        if client is not None:
            client.close()

    # Reads

    def server_info(self) -> dict[str, Any]:
        return self._read("info", lambda client: dict(client.info()))

    def check_credentials(self) -> None:
        self._read("authentication", lambda client: client.find_one("Project", [["id", "is", 0]]))

    def find(
        self,
        entity_type: str,
        filters: Sequence[Filter],
        fields: Sequence[str] = (),
        *,
        order: Sequence[Order] = (),
        limit: int = 0,
        retired_only: bool = False,
    ) -> list[Entity]:
        if is_never(filters):
            return []
        asked: list[Any] = [dict(each) for each in order] or [{"field_name": "id", "direction": "asc"}]
        return self._read(
            f"find {entity_type}",
            lambda client: plain(
                client.find(
                    entity_type, list(filters), list(fields), order=asked, limit=limit, retired_only=retired_only
                )
            ),
        )

    def find_one(self, entity_type: str, filters: Sequence[Filter], fields: Sequence[str] = ()) -> Entity | None:
        found = self.find(entity_type, filters, fields, limit=1)
        return found[0] if found else None

    def schema_fields(self, entity_type: str) -> dict[str, dict[str, Any]]:
        schema = self._read(f"schema {entity_type}", lambda client: client.schema_field_read(entity_type))
        return {name: flat(field) for name, field in schema.items()}

    def read_schema(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What ``schema_entity_read`` and ``schema_read`` answer, as they answer it: several MB on a real site."""
        return self._read("schema", lambda client: (dict(client.schema_entity_read()), dict(client.schema_read())))

    # Writes

    def create(self, entity_type: str, data: dict[str, Any], return_fields: Sequence[str] = ()) -> Entity:
        return self._write(
            f"create {entity_type}", lambda client: dict(client.create(entity_type, data, list(return_fields) or None))
        )

    def update(self, entity_type: str, entity_id: int, data: dict[str, Any]) -> Entity:
        return self._write(f"update {entity_type}", lambda client: dict(client.update(entity_type, entity_id, data)))

    def delete(self, entity_type: str, entity_id: int) -> bool:
        return bool(self._write(f"delete {entity_type}", lambda client: client.delete(entity_type, entity_id)))

    def revive(self, entity_type: str, entity_id: int) -> bool:
        return bool(self._write(f"revive {entity_type}", lambda client: client.revive(entity_type, entity_id)))

    def batch(self, requests: Sequence[BatchRequest]) -> list[Entity | bool]:
        """One request and one transaction, however many there are: keep it to some hundreds."""
        if not requests:
            return []
        return self._write(
            f"batch of {len(requests)}", lambda client: list(client.batch([dict(each) for each in requests]))
        )

    def upload(
        self, entity_type: str, entity_id: int, path: Path, *, field_name: str, display_name: str | None = None
    ) -> int:
        check_readable(path)
        return self._write(
            f"upload {entity_type}.{field_name}",
            lambda client: client.upload(entity_type, entity_id, str(path), field_name, display_name),
        )

    def upload_thumbnail(self, entity_type: str, entity_id: int, path: Path) -> int:
        check_readable(path)
        return self._write(
            f"thumbnail of {entity_type}", lambda client: client.upload_thumbnail(entity_type, entity_id, str(path))
        )

    def new_session(self, one_time_code: str | None = None) -> str:
        """The token of a new session of this identity, which is a person's."""

        def ask(client: _Client) -> str:
            client.config.auth_token = one_time_code
            return str(client.get_session_token())

        return self._write("sign in", ask)

    # How

    def _client(self) -> _Client:
        client: _Client | None = getattr(self._local, "client", None)
        if client is None:
            try:
                client = _Client(self._url, self._auth, timeout_seconds=self._timeout, repeat=self._repeat_aside)
            except (ValueError, api.ShotgunError) as error:  # it reads environment variables of its own
                raise TrackerNotConfigured(f"The ShotGrid client does not start: {error}", url=self.url) from error
            self._local.client = client
        return client

    def _read(self, what: str, action: Callable[[_Client], T]) -> T:
        return self._retrier.call(what, lambda: self._once(what, action, is_write=False))

    def _write(self, what: str, action: Callable[[_Client], T]) -> T:
        """Once: whoever asked knows what to look up before it is sent again."""
        self._greet()
        return self._once(what, action, is_write=True)

    def _repeat_aside(self, what: str, send: Callable[[], T]) -> T:
        return self._retrier.call(what, lambda: self._once(what, lambda _: send(), is_write=False))

    def _greet(self) -> None:
        """Learn what the site can do before a write: the client would ask in the middle of it."""
        client = self._client()
        if self._caps is None:
            self._caps = self._read("info", lambda each: each.server_caps)
        if client._server_caps is None:
            client._server_caps = self._caps

    def _once(self, what: str, action: Callable[[_Client], T], *, is_write: bool) -> T:
        client = self._client()
        client.is_write = is_write
        try:
            return action(client)
        except TrackerError:
            raise  # from a call aside
        except NotSent as error:
            happened = "refused" if error.refused else "not sent"
            raise self._unavailable(what, str(error), happened=happened) from error
        except NoAnswer as error:
            raise self._lost(what, str(error), is_write=is_write) from error
        except HttpStatus as error:
            raise self._by_status(what, error.reply, is_write=is_write) from error
        except api.Fault as error:
            raise self._by_fault(what, error) from error
        except api.ShotgunError as error:
            raise TrackerRefused(f"{what}: {self._clean(str(error))}", url=self.url) from error
        except JSONDecodeError as error:
            raise self._lost(what, "the answer was cut short", is_write=is_write) from error
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise self._by_nonsense(what, is_write=is_write) from error
        finally:
            client.is_write = False

    def _unavailable(self, what: str, why: str, **context: Any) -> TrackerUnavailable:
        return TrackerUnavailable(f"{self.url} cannot be reached ({what}): {why}", url=self.url, **context)

    def _lost(self, what: str, why: str, *, is_write: bool) -> TrackerUnavailable:
        if not is_write:
            return self._unavailable(what, why, happened="unanswered")
        return TrackerUnanswered(f"{self.url} did not answer ({what}): {why}", url=self.url, happened="unanswered")

    def _by_nonsense(self, what: str, *, is_write: bool) -> TrackerError:
        """The client tripped over an answer of another shape: a portal's page, some other service."""
        if is_write:
            return self._lost(what, "the answer makes no sense", is_write=True)
        return TrackerRefused(f"{self.url} gave no sensible answer ({what})", hint=_NOT_SHOTGRID, url=self.url)

    def _by_status(self, what: str, reply: Reply, *, is_write: bool) -> TrackerError:
        status, why = reply.status, f"HTTP {reply.status} {reply.reason}".rstrip()
        if status in NOT_TAKEN:
            after = retry_after_seconds(reply.headers, self._clock.now())
            return self._unavailable(what, why, happened="busy", status=status, retry_after_seconds=after)
        if status in UNCERTAIN:
            return self._lost(what, why, is_write=is_write)
        if status in (401, 403):
            return self._denied(what, why, status=status)
        hint = _NOT_SHOTGRID if status in (301, 302, 404) else None
        return TrackerRefused(f"{self.url} refused {what}: {why}", hint=hint, url=self.url, status=status)

    def _by_fault(self, what: str, fault: api.Fault) -> TrackerError:
        text = self._clean(str(fault))
        if isinstance(fault, api.MissingTwoFactorAuthenticationFault):
            return self._denied(what, text, reason="one_time_code")
        if isinstance(fault, _DENIED):
            return self._denied(what, text)
        return TrackerRefused(f"{self.url} refused {what}: {text}", url=self.url)

    def _denied(self, what: str, why: str, **context: Any) -> TrackerDenied:
        if script := self._auth.get("script_name"):
            context["script"] = script
        hint = _SIGN_IN if "session_token" in self._auth else None
        return TrackerDenied(f"{self.url} denied {what}: {why}", hint=hint, url=self.url, **context)

    def _clean(self, text: str) -> str:
        for name in _SECRETS:
            if secret := self._auth.get(name):
                text = text.replace(secret, "***")
        return " ".join(text.replace("<br>", " ").split())
