"""Whether settings lead to a sandbox, and whether all of them do: half a sandbox writes to half a production.

An address on this machine is no studio's: nobody runs the production's ShotGrid on a loopback. S3 is different,
since gateways and MinIO do listen there; it is the sandbox's when the settings name the sandbox that wrote them
(``sandbox.studio``, which its profile and its variables carry), or when the tracker is on this machine too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from onepiece_core.config.models import Settings
from onepiece_core.errors import SandboxMixed

PROFILE = "sandbox"
_KEYS = {
    "shotgrid.url": ("shotgrid.script", "shotgrid.key"),
    "aws.endpoint_url": ("aws.access_key_id", "aws.secret_access_key", "aws.session_token", "aws.profile"),
}


@dataclass(frozen=True)
class SandboxUse:
    """Settings that lead to a sandbox, at least in part.

    Attributes:
        servers: the addresses on this machine, by what answers there.
        studio: the sandbox's folder, where the settings name it.
        mixed: what does not belong to a sandbox, in words.
    """

    servers: dict[str, str]
    studio: Path | None
    mixed: tuple[str, ...]


def find_sandbox_use(settings: Settings) -> SandboxUse | None:
    """None where nothing of the settings belongs to a sandbox."""
    tracker, store = settings.shotgrid.url, settings.aws.endpoint_url
    is_named = settings.profile == PROFILE
    studio = settings.sandbox.studio
    servers = {name: url for name, url in (("ShotGrid", tracker), ("S3", store)) if url and _is_loopback(url)}
    if not is_named and ("ShotGrid" not in servers) and not ("S3" in servers and (studio or not tracker)):
        return None
    mixed: list[str] = []
    if tracker and "ShotGrid" not in servers:
        mixed.append(f"ShotGrid is {tracker}{_set_by(settings, 'shotgrid.url')}")
    if "S3" not in servers and (tracker or store or not is_named):
        mixed.append(f"S3 is {store or 'that of AWS'}{_set_by(settings, 'aws.endpoint_url')}")
    mixed += _foreign_keys(settings)
    return SandboxUse(servers, studio if servers else None, tuple(mixed))


def refuse_mixed(settings: Settings) -> None:
    """Raise SandboxMixed unless the settings are all of a sandbox, none of one, or ``allow_mixed`` says it is meant."""
    use = find_sandbox_use(settings)
    if use is None or not use.mixed or settings.sandbox.allow_mixed:
        return
    here = " and ".join(f"{name} is {url}" for name, url in use.servers.items())
    what = here or f"the profile {PROFILE} is in force"
    raise SandboxMixed(
        f"half of the settings are a sandbox's: {what}, and {'; '.join(use.mixed)}",
        mixed=list(use.mixed),
        servers=use.servers,
    )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _foreign_keys(settings: Settings) -> Iterator[str]:
    """Keys from elsewhere for the servers of the sandbox's profile: they would be shown to the wrong server."""
    for address, keys in _KEYS.items():
        source = settings.sources.get(address, "")
        if not source.endswith(f"(profile {PROFILE})"):
            continue
        for key in keys:
            other = settings.sources.get(key, "default")
            table, _, name = key.partition(".")
            if other not in (source, "default") and getattr(getattr(settings, table), name):
                yield f"{key} is set by {other}"


def _set_by(settings: Settings, key: str) -> str:
    source = settings.sources.get(key, "default")
    return "" if source == "default" else f" (set by {source})"
