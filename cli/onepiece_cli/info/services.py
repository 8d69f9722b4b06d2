"""Ask ShotGrid and S3 whether they know us, with the patience of somebody who waits for the answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from onepiece_cli.info.report import Check, ServiceInfo
from onepiece_core.config import AwsSettings, ShotgridSettings
from onepiece_core.errors import AccessDenied, ConfigMissing, OnePieceError, TrackerNotConfigured
from onepiece_core.tracker.opening import find_personal
from onepiece_core.tracker.personal import PersonalSession

# How long one call may take.
_SECONDS = 5.0
# The keys are good: they are just not allowed to list buckets, which no command of ours needs.
_MAY_NOT_LIST = "AccessDenied"


def without_password(url: str | None) -> str | None:
    """``url`` as it may be shown."""
    parts = urlsplit(url or "")
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username}:***@{host}").geturl()


def ask_shotgrid(site: ShotgridSettings) -> ServiceInfo:
    """Sign in and read the site's version."""
    personal = find_personal(site)
    settings = {"url": without_password(site.url), "script": site.script, "key": "set" if site.key else None}
    if not (site.url or site.script or site.key):
        missing = TrackerNotConfigured("not set up: publishes wait in the outbox")
        return ServiceInfo(settings=settings, check=Check.failed(missing, ok=None))
    try:
        found = _sign_in(site, personal)
    except OnePieceError as error:
        return ServiceInfo(settings=settings, check=Check.failed(error))
    version = ".".join(str(part) for part in found.get("version") or ()) or "of unknown version"
    who = f"the person {personal.login}" if personal else f"the script {site.script}"
    check = Check(ok=True, message=f"{settings['url']} ({version}) knows {who}")
    return ServiceInfo(settings=settings, found={"version": version}, check=check)


def _sign_in(site: ShotgridSettings, personal: PersonalSession | None) -> dict[str, Any]:
    from onepiece_core.tracker.retry import RetryPolicy
    from onepiece_core.tracker.shotgrid import ShotgridTracker

    tracker = ShotgridTracker(
        site.url or "",
        site.script or "",
        site.key.get_secret_value() if site.key else "",
        identity={"session_token": personal.token.get_secret_value()} if personal else None,
        timeout_seconds=_SECONDS,
        policy=RetryPolicy(attempts=1, refused_attempts=1),
    )
    try:
        found = tracker.server_info()
        tracker.check_credentials()
    finally:
        tracker.close()
    return found


def ask_aws(aws: AwsSettings) -> ServiceInfo:
    """List the buckets: an answer proves the address and the keys."""
    from onepiece_core.storage.s3.admin import describe_endpoint, list_buckets

    settings = {
        "profile": aws.profile,
        "region": aws.region,
        "endpoint_url": without_password(aws.endpoint_url),
        "access_key_id": aws.access_key_id,
    }
    try:
        endpoint = describe_endpoint(aws)
        buckets = list_buckets(aws)
    except AccessDenied as error:
        if error.report.context.get("s3_code") != _MAY_NOT_LIST:
            return ServiceInfo(settings=settings, check=Check.failed(error))
        check = Check(ok=True, message=f"{endpoint} knows the keys; they may not list buckets")
        return ServiceInfo(settings=settings, check=check)
    except ConfigMissing as error:
        return ServiceInfo(settings=settings, check=Check.failed(error, ok=None))
    except OnePieceError as error:
        return ServiceInfo(settings=settings, check=Check.failed(error))
    check = Check(ok=True, message=f"{endpoint} knows the keys and shows {len(buckets)} buckets")
    return ServiceInfo(settings=settings, found={"buckets": list(buckets)}, check=check)
