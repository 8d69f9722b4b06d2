"""Buckets themselves: for the sandbox, and to ask whether a server answers with these keys."""

from __future__ import annotations

import re
from html import unescape

from onepiece_core.storage.s3.client import AwsAccess, resolve_target
from onepiece_core.storage.s3.errors import find_element
from onepiece_core.storage.s3.pool import Patience, Pool, Request

_BUCKET = re.compile(rb"<Bucket>.*?<Name>(.*?)</Name>.*?</Bucket>", re.DOTALL)
# For questions that a person waits for.
QUICK = Patience(connect_seconds=3.0, read_seconds=5.0, connect_attempts=1, attempts=2)


def create_bucket(aws: AwsAccess, bucket: str) -> None:
    """Make ``bucket``; nothing happens when it is ours already."""
    target = resolve_target(aws, bucket)
    body = b""
    if not target.is_custom and target.region != "us-east-1":
        where = f"<LocationConstraint>{target.region}</LocationConstraint>"
        body = f"<CreateBucketConfiguration>{where}</CreateBucketConfiguration>".encode()
    request = Request("create", "PUT", "", {}, {}, body)
    pool = Pool(target)
    reply = pool.ask(request).reply
    pool.close()
    if reply.status != 200 and find_element(reply.body, "Code") != "BucketAlreadyOwnedByYou":
        raise pool.error(request, reply)


def list_buckets(aws: AwsAccess, *, patience: Patience = QUICK) -> tuple[str, ...]:
    """The buckets that these keys may list. Raises AccessDenied, StorageUnavailable, ConfigMissing, ..."""
    pool = Pool(resolve_target(aws, ""), patience)
    try:
        reply = pool.send(Request("list", "GET", "", {}, {})).reply
    finally:
        pool.close()
    return tuple(unescape(name.decode()) for name in _BUCKET.findall(reply.body))


def describe_endpoint(aws: AwsAccess) -> str:
    """The server's address that these settings lead to."""
    return resolve_target(aws, "").address.url
