"""A question to a running server of the studio, with the owner's key."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 20.0


class NoAnswer(Exception):
    """Nobody is there, or somebody else."""


@dataclass(frozen=True)
class Told:
    status: int
    document: dict[str, Any]


def ask(url: str, key: str, method: str, path: str, body: bytes | None = None) -> Told:
    """Ask the server at ``url``.

    Raises:
        NoAnswer: none came that could be understood.
    """
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {key}"})
        response = connection.getresponse()
        document = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as cause:
        raise NoAnswer(str(cause) or type(cause).__name__) from cause
    finally:
        connection.close()
    if not isinstance(document, dict):
        raise NoAnswer("the answer is no object")
    return Told(response.status, document)
