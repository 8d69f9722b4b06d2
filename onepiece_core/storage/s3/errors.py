"""What S3 and botocore say, in the words of our error tree."""

from __future__ import annotations

import html
import re

from onepiece_core.errors import (
    AccessDenied,
    BucketMissing,
    ObjectMissing,
    PreconditionFailed,
    StorageError,
    StorageUnavailable,
)

_BY_CODE: dict[str, type[StorageError]] = {
    "AccessDenied": AccessDenied,
    "AccountProblem": AccessDenied,
    "AllAccessDisabled": AccessDenied,
    "ExpiredToken": AccessDenied,
    "InvalidAccessKeyId": AccessDenied,
    "InvalidToken": AccessDenied,
    "RequestTimeTooSkewed": AccessDenied,
    "SignatureDoesNotMatch": AccessDenied,
    "TokenRefreshRequired": AccessDenied,
    "NoSuchBucket": BucketMissing,
    "InvalidBucketName": BucketMissing,
    "NoSuchKey": ObjectMissing,
    "NoSuchVersion": ObjectMissing,
    "ConditionalRequestConflict": PreconditionFailed,
    "PreconditionFailed": PreconditionFailed,
    "InternalError": StorageUnavailable,
    "RequestTimeout": StorageUnavailable,
    "ServiceUnavailable": StorageUnavailable,
    "SlowDown": StorageUnavailable,
}

_BY_STATUS: dict[int, type[StorageError]] = {
    401: AccessDenied,
    403: AccessDenied,
    404: ObjectMissing,
    412: PreconditionFailed,
    429: StorageUnavailable,
    500: StorageUnavailable,
    502: StorageUnavailable,
    503: StorageUnavailable,
    504: StorageUnavailable,
}

# For replies without a body (HEAD).
_WORDS = {401: "access was denied", 403: "access was denied", 412: "it is not as expected", 503: "the server is busy"}

_HINTS = {
    "InvalidAccessKeyId": "The server does not know this access key: `onepiece info` shows which one is in force.",
    "SignatureDoesNotMatch": "The secret does not fit the access key: `onepiece info` shows which one is in force.",
    "ExpiredToken": "The session has ended: log in again (`aws sso login`) and run the same command again.",
    "RequestTimeTooSkewed": "Set this machine's clock.",
}


def find_element(document: bytes, name: str) -> str | None:
    """The text of the first ``<name>`` of a small XML reply."""
    match = re.search(rf"<{name}>(.*?)</{name}>".encode(), document, re.DOTALL)
    return html.unescape(match.group(1).decode("utf-8", "replace")) if match else None


def error_for(status: int, body: bytes, *, action: str, bucket: str, key: str = "", endpoint: str = "") -> StorageError:
    """The error that a reply stands for.

    Args:
        action: what was tried, for people: "write", "read", "list".
    """
    code = find_element(body, "Code") or ""
    words = find_element(body, "Message") or _WORDS.get(status, f"HTTP {status}")
    made = _BY_CODE.get(code) or _BY_STATUS.get(status) or StorageError
    where = f"s3://{bucket}/{key}" if key else f"s3://{bucket}"
    if made is BucketMissing:
        message = f"there is no bucket {bucket!r}"
    elif made is ObjectMissing:
        message = f"there is no object {where}"
    else:
        message = f"could not {action} {where}: {words}"
    return made(
        message, hint=_HINTS.get(code), bucket=bucket, key=key, endpoint=endpoint, status=status, s3_code=code or None
    )


def unreachable(cause: BaseException, *, action: str, bucket: str, key: str = "", endpoint: str = "") -> StorageError:
    """The error for a server that cannot be reached or stopped answering."""
    where = f"s3://{bucket}/{key}" if key else f"s3://{bucket}"
    reason = str(cause) or type(cause).__name__
    return StorageUnavailable(
        f"could not {action} {where}: {endpoint} does not answer ({reason})", bucket=bucket, key=key, endpoint=endpoint
    )
