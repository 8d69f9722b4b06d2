"""From settings to a connected store: whose keys, which region, which server.

Explicit keys beat a profile, a profile beats what botocore finds by itself (environment, SSO, instance roles).
botocore is only loaded where something has to be looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

from onepiece_core.errors import ConfigError, ConfigMissing
from onepiece_core.storage.s3.signing import Keys
from onepiece_core.storage.s3.wire import Address

if TYPE_CHECKING:
    from ssl import SSLContext

    from onepiece_core.storage.s3.store import S3Store

_DEFAULT_REGION = "us-east-1"


class AwsAccess(Protocol):
    """The part of the settings that this package reads (``AwsSettings`` in the configuration)."""

    @property
    def profile(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...
    @property
    def endpoint_url(self) -> str | None: ...
    @property
    def access_key_id(self) -> str | None: ...
    @property
    def secret_access_key(self) -> SecretStr | None: ...
    @property
    def session_token(self) -> SecretStr | None: ...


@dataclass(frozen=True)
class Target:
    """One bucket on one server, ready to be signed for.

    Attributes:
        base_path: ``/bucket`` where the bucket is not part of the host's name.
        keys: gives the credentials as they are now; temporary ones are renewed by it.
        is_custom: the endpoint was given, so it may not be AWS.
        profile: the AWS profile that the keys are from; None: they were given, or found without one.
    """

    bucket: str
    region: str
    address: Address
    base_path: str
    keys: Callable[[], Keys]
    is_custom: bool
    tls: SSLContext | None = None
    profile: str | None = None

    def in_region(self, region: str) -> Target:
        """The same bucket where AWS says that it lives."""
        if self.is_custom:
            return replace(self, region=region)
        address, base_path = _aws_address(region, self.bucket)
        return replace(self, region=region, address=replace(address, proxy=self.address.proxy), base_path=base_path)


def connect(aws: AwsAccess, bucket: str) -> S3Store:
    """A store for ``bucket``. Nothing is asked of the server yet.

    Raises:
        ConfigError: the AWS profile does not exist, or the endpoint is no URL.
        ConfigMissing: there are no credentials.
    """
    from onepiece_core.storage.s3.store import S3Store

    return S3Store(resolve_target(aws, bucket))


def resolve_target(aws: AwsAccess, bucket: str) -> Target:
    """Where requests for ``bucket`` go and how they are signed; ``bucket`` may be "" for the server itself."""
    region, endpoint_url, ca_bundle = aws.region, aws.endpoint_url, None
    if aws.access_key_id and aws.secret_access_key:
        keys = _fixed_keys(aws.access_key_id, aws.secret_access_key, aws.session_token)
    else:
        found = _look_up(aws)
        keys, ca_bundle = found.keys, found.ca_bundle
        region, endpoint_url = region or found.region, endpoint_url or found.endpoint_url
    region = region or _DEFAULT_REGION
    if endpoint_url:
        address, base_path = _custom_address(endpoint_url)
        base_path = f"{base_path}/{bucket}" if bucket else base_path
    else:
        address, base_path = _aws_address(region, bucket)
    if address.scheme == "https":
        address = replace(address, proxy=_find_proxy(address))
    return Target(
        bucket=bucket,
        region=region,
        address=address,
        base_path=base_path,
        keys=keys,
        is_custom=bool(endpoint_url),
        tls=_tls(ca_bundle) if address.scheme == "https" else None,
        profile=None if aws.access_key_id and aws.secret_access_key else aws.profile,
    )


@dataclass(frozen=True)
class _Found:
    keys: Callable[[], Keys]
    region: str | None
    endpoint_url: str | None
    ca_bundle: str | None


def _fixed_keys(access_key_id: str, secret: SecretStr, token: SecretStr | None) -> Callable[[], Keys]:
    keys = Keys(access_key_id, secret.get_secret_value(), token.get_secret_value() if token else None)
    return lambda: keys


def _look_up(aws: AwsAccess) -> _Found:
    import botocore.session
    from botocore.exceptions import BotoCoreError, ProfileNotFound

    session = botocore.session.Session(profile=aws.profile)
    try:
        credentials = session.get_credentials()
        scoped = session.get_scoped_config()
        found = _Found(
            keys=lambda: _freeze(credentials),
            region=session.get_config_variable("region"),
            endpoint_url=_profile_endpoint(scoped, session.full_config),
            ca_bundle=session.get_config_variable("ca_bundle"),
        )
    except ProfileNotFound as missing:
        raise ConfigError(
            f"there is no AWS profile {aws.profile or session.profile!r}",
            hint="`aws configure list-profiles` names the profiles that exist.",
            profile=aws.profile or session.profile,
        ) from missing
    except BotoCoreError as broken:
        raise ConfigError(f"the AWS configuration cannot be used: {broken}", profile=aws.profile) from broken
    if credentials is None:
        raise ConfigMissing(
            "there are no AWS credentials",
            hint="Name an AWS profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            profile=aws.profile,
        )
    return found


def _freeze(credentials: object) -> Keys:
    """The keys as they are now; an expired session is an error of its own, not a refused request."""
    from botocore.exceptions import BotoCoreError

    from onepiece_core.errors import AccessDenied

    try:
        frozen = credentials.get_frozen_credentials()  # type: ignore[attr-defined]
    except BotoCoreError as expired:
        raise AccessDenied(
            f"the AWS credentials could not be renewed: {expired}",
            hint="Log in again (`aws sso login`) and run the same command again.",
        ) from expired
    return Keys(frozen.access_key, frozen.secret_key, frozen.token)


def _profile_endpoint(scoped: dict[str, object], full: dict[str, object]) -> str | None:
    """``endpoint_url`` of a profile: that of its ``services`` section for S3 first, then its own."""
    services = full.get("services")
    section = services.get(scoped.get("services")) if isinstance(services, dict) else None
    s3 = section.get("s3") if isinstance(section, dict) else None
    for place in (s3, scoped):
        if isinstance(place, dict) and isinstance(url := place.get("endpoint_url"), str):
            return url
    return None


def _custom_address(endpoint_url: str) -> tuple[Address, str]:
    try:
        parts = urlsplit(endpoint_url)
        port = parts.port
    except ValueError as bad:
        raise ConfigError(f"the S3 endpoint {endpoint_url!r} is no URL: {bad}", endpoint_url=endpoint_url) from bad
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"the S3 endpoint {endpoint_url!r} is no URL",
            hint="Write it like http://127.0.0.1:8333 or https://s3.example.com.",
            endpoint_url=endpoint_url,
        )
    address = Address(parts.scheme, parts.hostname, port or {"http": 80, "https": 443}[parts.scheme])
    return address, parts.path.rstrip("/")


def _aws_address(region: str, bucket: str) -> tuple[Address, str]:
    """Virtual-hosted style, but for names with dots, which no wildcard certificate covers."""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    host = f"s3.{region}.{domain}"
    if not bucket or "." in bucket:
        return Address("https", host, 443), f"/{bucket}" if bucket else ""
    return Address("https", f"{bucket}.{host}", 443), ""


def _find_proxy(address: Address) -> tuple[str, int] | None:
    """The proxy that the system's settings name for this host."""
    from urllib.request import getproxies, proxy_bypass

    url = getproxies().get("https")
    if not url or proxy_bypass(f"{address.host}:{address.port}"):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return (parts.hostname, parts.port or 80) if parts.hostname else None


def _tls(ca_bundle: str | None) -> SSLContext:
    """Trusts ``ca_bundle``, else what the system trusts, else (a Python without a system store) botocore's list."""
    import ssl

    context = ssl.create_default_context(cafile=ca_bundle)
    if not ca_bundle and not context.cert_store_stats()["x509"] and ssl.get_default_verify_paths().capath is None:
        from botocore.httpsession import get_cert_path

        context.load_verify_locations(get_cert_path(True))
    return context
