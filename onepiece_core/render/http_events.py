"""The server's stream of events (Server-Sent Events, the WHATWG's HTML standard)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from onepiece_core.errors import ServerAnswerInvalid
from onepiece_core.render.http_calls import Caller
from onepiece_core.render.model import JobEvent

# The server gives a sign of life every 15 seconds, unless its settings say otherwise.
SILENCE_SECONDS = 60.0
_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    """One event of a stream; ``kind`` is empty for a comment, which is a sign of life."""

    kind: str = ""
    data: str = ""
    id: str | None = None


def follow_events(caller: Caller, after: int | None) -> Iterator[tuple[int | None, JobEvent | None]]:
    """Events with the number to go on after; (None, None) is a sign of life. Ends when the server ends the stream."""
    headers: Mapping[str, str] = {"Accept": "text/event-stream"}
    headers = headers if after is None else {**headers, "Last-Event-ID": str(after)}
    with caller.stream("jobs/stream", headers, SILENCE_SECONDS) as pieces:
        for message in read_messages(pieces):
            seq = int(message.id) if message.id is not None and message.id.isdecimal() else None
            if message.kind not in ("created", "updated", "removed"):
                yield seq, None
                continue
            try:
                yield seq, JobEvent.model_validate_json(message.data)
            except ValidationError as cause:
                raise ServerAnswerInvalid(f"An event of {caller.url} makes no sense", server=caller.url) from cause


def read_messages(pieces: Iterable[bytes]) -> Iterator[Message]:
    """The messages in a body that comes in pieces, however it is cut. Raises ServerAnswerInvalid for endless ones."""
    kind, data, identity = "", [], None
    size = 0
    for line in _lines(pieces):
        size += len(line)
        if size > _MOST_BYTES:
            raise ServerAnswerInvalid("An event of the server has no end")
        if line.startswith(":"):
            yield Message()
        elif line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            kind = value if name == "event" else kind
            identity = value if name == "id" else identity
            data += [value] if name == "data" else []
        elif kind or data:
            yield Message(kind, "\n".join(data), identity)
            kind, data, identity, size = "", [], None, 0


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > _MOST_BYTES:
            raise ServerAnswerInvalid("An event of the server has no end")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
