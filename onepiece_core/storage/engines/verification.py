"""What proves that a downloaded object is what was stored."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from onepiece_core.checksums import LENGTHS, is_digest
from onepiece_core.errors import VerifyMismatch
from onepiece_core.storage.engine import XXH128
from onepiece_core.storage.s3.wire import Reply
from onepiece_core.storage.store import ObjectInfo

_CHECKSUM = "x-amz-checksum-"
# In the order of what they cost beside the xxh128 that is taken anyway.
_HEADERS = ("crc32", "sha1", "sha256")
# Servers that encrypt with keys of their own give etags that are no MD5.
_ENCRYPTION = "x-amz-server-side-encryption"


@dataclass(frozen=True, slots=True)
class Proof:
    """The digest that the content must have; ``algorithm`` "" where the server tells none that we can check."""

    algorithm: str
    digest: str

    def check(self, digests: dict[str, str], uri: str) -> None:
        if self.algorithm and digests[self.algorithm] != self.digest:
            raise VerifyMismatch(
                f"{uri} is not what was stored: its {self.algorithm} is another one",
                uri=uri,
                algorithm=self.algorithm,
                expected=self.digest,
                found=digests[self.algorithm],
            )


def proof_of(info: ObjectInfo, reply: Reply) -> Proof:
    """The best that an object's headers offer: our own hash, a checksum over the whole, an etag that is its MD5."""
    ours = info.metadata.get(XXH128, "")
    if is_digest("xxh128", ours):
        return Proof("xxh128", ours)
    for algorithm in _HEADERS:
        digest = _whole_digest(reply.headers.get(_CHECKSUM + algorithm, ""), algorithm)
        if digest:
            return Proof(algorithm, digest)
    encryption = reply.headers.get(_ENCRYPTION, "AES256")
    customer_key = f"{_ENCRYPTION}-customer-algorithm" in reply.headers
    if is_digest("md5", info.etag) and encryption == "AES256" and not customer_key:
        return Proof("md5", info.etag)
    return Proof("", "")


def _whole_digest(text: str, algorithm: str) -> str:
    """Hex of a checksum in base64; "" for one over the checksums of parts, which ends in ``-N``."""
    try:
        digest = base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""
    return digest if len(digest) == LENGTHS[algorithm] else ""
