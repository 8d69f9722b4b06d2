"""Planted shows on real servers, and the comparison run on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onepiece_core.config import ConfigSources, load_settings
from onepiece_core.progress import Reporter
from onepiece_core.reconcile.build import build_reconcile
from onepiece_core.reconcile.model import ReconcileReport
from onepiece_core.reconcile.parts import ReconcileParts, ReconcileRequest
from onepiece_core.reconcile.run import reconcile
from onepiece_core.storage.s3.admin import create_bucket
from tests.reconcile.plant import Show
from tests.support.shotgrid import KEY, SCRIPT, RunningSite
from tests.support.weed import Weed


def make_show(root: Path, weed: Weed, site: RunningSite, name: str) -> Show:
    """An empty show with buckets and a root of its own."""
    root.mkdir(parents=True, exist_ok=True)
    shows = root / "shows"
    shows.mkdir()
    slug = name.lower().replace(" ", "-")
    for bucket in (f"{slug}-publishes", f"{slug}-vendor"):
        create_bucket(weed.aws, bucket)
    return Show(
        url=site.url,
        script=SCRIPT,
        key=KEY,
        endpoint=weed.endpoint_url,
        access_key=weed.access_key,
        secret_key=weed.secret_key,
        shows=shows,
        publishes=f"{slug}-publishes",
        vendor=f"{slug}-vendor",
        project_name=name,
    )


def environ_of(show: Show, root: Path) -> dict[str, str]:
    """What a shell would export."""
    return {
        "ONEPIECE_SHOTGRID_URL": show.url,
        "ONEPIECE_SHOTGRID_SCRIPT": show.script,
        "ONEPIECE_SHOTGRID_KEY": show.key,
        "AWS_ENDPOINT_URL": show.endpoint,
        "AWS_ACCESS_KEY_ID": show.access_key,
        "AWS_SECRET_ACCESS_KEY": show.secret_key,
        "AWS_REGION": "us-east-1",
        "ONEPIECE_STATE_DIR": str(root / "state"),
    }


def write_settings(show: Show, folder: Path) -> None:
    """``onepiece.toml`` with the show's root, on two systems, and where vendors deliver to."""
    folder.mkdir(parents=True, exist_ok=True)
    windows = "P:\\\\shows"
    (folder / "onepiece.toml").write_text(
        f'[roots.shows]\nlinux = "{show.shows}"\nwindows = "{windows}"\n\n'
        f'[contexts.vendor_in]\nbucket = "{show.vendor}"\n\n[tracker]\nsettle_seconds = 1.0\n'
    )


def parts_of(show: Show, root: Path) -> ReconcileParts:
    write_settings(show, root / "settings")
    sources = ConfigSources(environ_of(show, root), home=root, workspace=root / "settings")
    return build_reconcile(load_settings(sources), root / "state", Reporter())


def compare(show: Show, parts: ReconcileParts, **asked: Any) -> ReconcileReport:
    asked = {"checksum": True, "buckets": (show.publishes,), **asked}
    return reconcile(ReconcileRequest(show.project_name, **asked), parts)


def found_in(report: ReconcileReport) -> set[tuple[str, str]]:
    return {(each.code, each.subject) for each in report.findings}


@contextmanager
def planted(root: Path, weed: Weed, site: RunningSite, name: str) -> Iterator[tuple[Show, ReconcileParts]]:
    show = make_show(root, weed, site, name)
    parts = parts_of(show, root)
    try:
        yield show, parts
    finally:
        parts.journal.close()
