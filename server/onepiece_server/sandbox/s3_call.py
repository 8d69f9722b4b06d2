"""One signed call to an S3 server: what making buckets and asking "do you really answer?" needs.

Signature Version 4 in headers:
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class S3Access:
    """Where a server listens on 127.0.0.1 and the keys it knows."""

    port: int
    region: str
    access_key_id: str
    secret_access_key: str


def _signature(access: S3Access, scope: str, text: str) -> str:
    key = b"AWS4" + access.secret_access_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _signed_headers(access: S3Access, method: str, path: str, body: bytes) -> dict[str, str]:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": f"127.0.0.1:{access.port}", "x-amz-content-sha256": digest, "x-amz-date": stamp}
    names = ";".join(headers)
    canonical = "\n".join((method, path, "", *(f"{k}:{v}" for k, v in headers.items()), "", names, digest))
    scope = f"{stamp[:8]}/{access.region}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    credential = f"Credential={access.access_key_id}/{scope}"
    signature = f"Signature={_signature(access, scope, text)}"
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, {signature}"}


def call(access: S3Access, method: str, path: str, body: bytes = b"") -> int | None:
    """The status of the answer; None where nobody answers. ``path`` needs no escaping and has no query."""
    connection = http.client.HTTPConnection("127.0.0.1", access.port, timeout=10)
    try:
        connection.request(method, path, body=body or None, headers=_signed_headers(access, method, path, body))
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
