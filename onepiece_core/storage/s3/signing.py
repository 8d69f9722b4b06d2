"""AWS Signature Version 4 in the Authorization header, for S3 alone.

Follows "Authenticating Requests (AWS Signature Version 4)" of the S3 API reference. S3 encodes a path once
and never normalises it, unlike the other services.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Keys:
    """One set of credentials, as it stands now."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def encode_path(path: str) -> str:
    """Percent-encoded in UTF-8, slashes kept."""
    return quote(path, safe="/-_.~")


def encode_query(query: Mapping[str, str]) -> str:
    """Sorted and percent-encoded, as it is both sent and signed."""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


class Signer:
    """Signs requests for one region. Safe to use from several threads."""

    def __init__(self, region: str) -> None:
        self.region = region
        self._derived: tuple[tuple[str, str], bytes] = (("", ""), b"")

    def sign(
        self,
        keys: Keys,
        *,
        method: str,
        path: str,
        query: str,
        headers: dict[str, str],
        payload_hash: str,
        now: float,
    ) -> None:
        """Add x-amz-date, x-amz-content-sha256 and authorization to ``headers``.

        Args:
            path: as sent (:func:`encode_path`).
            query: as sent (:func:`encode_query`).
            headers: lower-case names, ``host`` among them; all of them are signed.
            payload_hash: hex SHA-256 of the body, or UNSIGNED-PAYLOAD.
            now: seconds since the epoch.
        """
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        day = stamp[:8]
        headers["x-amz-date"] = stamp
        headers["x-amz-content-sha256"] = payload_hash
        if keys.session_token:
            headers["x-amz-security-token"] = keys.session_token
        names = sorted(headers)
        signed = ";".join(names)
        lines = "".join([f"{name}:{headers[name]}\n" for name in names])
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{payload_hash}"
        scope = f"{day}/{self.region}/s3/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        signature = hmac.digest(self._key(keys.secret_access_key, day), text.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={keys.access_key_id}/{scope}, SignedHeaders={signed}, Signature={signature}"
        )

    def _key(self, secret: str, day: str) -> bytes:
        made_for, key = self._derived
        if made_for != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self.region, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._derived = ((secret, day), key)
        return key
