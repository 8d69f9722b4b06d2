"""The servers of a running sandbox, spoken to with the studio's own keys."""

from __future__ import annotations

from typing import Any

from onepiece_core.config import AwsSettings
from onepiece_core.storage.opening import open_store
from onepiece_core.storage.store import Store
from onepiece_server.sandbox.report import SandboxReport


def shotgrid_of(studio: SandboxReport) -> Any:
    """The unmodified client."""
    import shotgun_api3

    names = ("ONEPIECE_SHOTGRID_URL", "ONEPIECE_SHOTGRID_SCRIPT", "ONEPIECE_SHOTGRID_KEY")
    url, script, key = (studio.env[name] for name in names)
    return shotgun_api3.Shotgun(url, script_name=script, api_key=key)


def store_of(studio: SandboxReport, bucket: str) -> Store:
    """One of its buckets."""
    env = studio.env
    aws = AwsSettings(
        endpoint_url=env["AWS_ENDPOINT_URL"],
        access_key_id=env["AWS_ACCESS_KEY_ID"],
        secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        region=env["AWS_REGION"],
    )
    return open_store(bucket, aws)
