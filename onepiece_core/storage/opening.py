"""From an address to a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from onepiece_core.errors import UsageError
from onepiece_core.storage.places import checked_bucket, is_s3_uri, parse_s3_uri

if TYPE_CHECKING:
    from onepiece_core.storage.s3.client import AwsAccess
    from onepiece_core.storage.store import Store


def open_store(address: str, aws: AwsAccess | None = None) -> Store:
    """The store for a bucket's name, ``s3://bucket``, ``file:///folder`` or an absolute folder.

    An S3 address with a path stands for its bucket: keys are always the whole ones. Nothing is asked of
    the server yet.

    Raises:
        UsageError: no such address.
        ConfigError, ConfigMissing: the AWS profile or credentials are missing.
    """
    if address.startswith("file://"):
        from urllib.request import url2pathname

        from onepiece_core.storage.local import LocalStore

        return LocalStore(Path(url2pathname(address[len("file://") :])))
    if Path(address).is_absolute():
        from onepiece_core.storage.local import LocalStore

        return LocalStore(Path(address))
    if aws is None:
        raise UsageError(f"{address!r} needs AWS settings", address=address)
    from onepiece_core.storage.s3.client import connect

    return connect(aws, parse_s3_uri(address).bucket if is_s3_uri(address) else checked_bucket(address))
