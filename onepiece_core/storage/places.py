"""Which bucket and prefix things go to.

A *context* is an alias that configuration maps to a bucket and a prefix (``vendor_in`` is no legal bucket
name). Wherever a bucket is asked for, a context's name is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from onepiece_core.errors import UsageError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
# S3's limit for a key.
_MAX_KEY_BYTES = 1024


class ContextPlace(Protocol):
    """The part of a configured context that this module reads."""

    @property
    def bucket(self) -> str: ...
    @property
    def prefix(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket and a prefix in it, the prefix without slashes at its ends; "" is the whole bucket."""

    bucket: str
    prefix: str = ""

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}" if self.prefix else f"s3://{self.bucket}"

    def key(self, relative: str) -> str:
        """The key of ``relative`` (a POSIX path) under this place."""
        return f"{self.prefix}/{relative}" if self.prefix else relative

    def under(self, *parts: str) -> Place:
        """A place further down. Each part may be a path; an empty one is left out."""
        joined = "/".join(part.strip("/") for part in (self.prefix, *parts) if part.strip("/"))
        return Place(self.bucket, checked_prefix(joined))

    def __str__(self) -> str:
        return self.uri


def publish_place(show_type: str, show_code: str, scene_name: str, base: Place) -> Place:
    """``s3://BUCKET/SHOW_TYPE/SHOW_CODE/SCENE_NAME``, under the context's own prefix if it has one."""
    return base.under(show_type, show_code, scene_name)


def resolve_bucket(name: str, contexts: Mapping[str, ContextPlace]) -> Place:
    """The place that a bucket's or a context's name stands for. Raises UsageError."""
    if name in contexts:
        context = contexts[name]
        return Place(checked_bucket(context.bucket), checked_prefix(context.prefix))
    return Place(checked_bucket(name))


def is_s3_uri(text: str) -> bool:
    return text[:5].lower() == "s3://"


def parse_s3_uri(text: str, contexts: Mapping[str, ContextPlace] | None = None) -> Place:
    """``s3://BUCKET/PREFIX``; the bucket may be a context's name. Raises UsageError."""
    if not is_s3_uri(text):
        raise UsageError(f"{text!r} is no S3 address", hint="Write it like s3://bucket/folder.", value=text)
    bucket, _, prefix = text[5:].partition("/")
    return resolve_bucket(bucket, contexts or {}).under(checked_prefix(prefix))


def checked_bucket(name: str) -> str:
    """``name``, if S3 takes it as a bucket's name. Raises UsageError."""
    if not _BUCKET.fullmatch(name) or ".." in name or _IP_ADDRESS.fullmatch(name):
        raise UsageError(
            f"{name!r} is neither a bucket's name nor a context's",
            hint="A bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens.",
            bucket=name,
        )
    return name


def checked_prefix(prefix: str) -> str:
    """``prefix`` without slashes at its ends. Raises UsageError where it could not be a folder on every side."""
    trimmed = prefix.strip("/")
    bad = any(part in ("", ".", "..") for part in trimmed.split("/")) if trimmed else False
    if bad or "\\" in trimmed or not trimmed.isprintable() or len(trimmed.encode()) > _MAX_KEY_BYTES:
        raise UsageError(
            f"{prefix!r} is no usable S3 prefix",
            hint="Use a plain path like shows/FG: no '.', '..', empty parts, backslashes or control characters.",
            prefix=prefix,
        )
    return trimmed
