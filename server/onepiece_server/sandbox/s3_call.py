"""One signed call to an S3 server: what making buckets and asking "do you really answer?" needs."""

from __future__ import annotations

import hashlib
import http.client
import time
from dataclasses import dataclass

from onepiece_core.storage.s3.signing import Keys, Signer


@dataclass(frozen=True, slots=True)
class S3Access:
    """Where a server listens on 127.0.0.1 and the keys it knows."""

    port: int
    region: str
    keys: Keys


def call(access: S3Access, method: str, path: str, body: bytes = b"") -> int | None:
    """The status of the answer; None where nobody answers. ``path`` needs no escaping and has no query."""
    headers = {"host": f"127.0.0.1:{access.port}"}
    Signer(access.region).sign(
        access.keys,
        method=method,
        path=path,
        query="",
        headers=headers,
        payload_hash=hashlib.sha256(body).hexdigest(),
        now=time.time(),
    )
    connection = http.client.HTTPConnection("127.0.0.1", access.port, timeout=10)
    try:
        connection.request(method, path, body=body or None, headers=headers)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
