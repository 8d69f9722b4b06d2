"""Build the parts of a comparison from the settings in force."""

from __future__ import annotations

from pathlib import Path

from onepiece_core.config import Settings
from onepiece_core.errors import TrackerNotConfigured
from onepiece_core.progress import Reporter
from onepiece_core.publish.build import build_parts
from onepiece_core.reconcile.parts import ReconcileParts
from onepiece_core.storage.s3.client import connect
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.system import this_system


def build_reconcile(
    settings: Settings, state_dir: Path, reporter: Reporter, *, show_code: str | None = None
) -> ReconcileParts:
    """The parts that talk to the configured servers. Raises what :func:`build_parts` raises."""
    publish = build_parts(settings, state_dir, reporter, show_code=show_code)
    if publish.tracker is None:
        raise TrackerNotConfigured("No ShotGrid site is configured: there is nothing to compare with.")
    stores: dict[str, S3Store] = {}

    def opened(bucket: str) -> S3Store:
        if bucket not in stores:
            stores[bucket] = connect(settings.aws, bucket)
        return stores[bucket]

    return ReconcileParts(
        tracker=publish.tracker,
        journal=publish.journal,
        open_store=opened,
        roots=publish.roots,
        contexts=settings.contexts,
        root_settings=settings.roots,
        convention=publish.convention,
        settings=settings.reconcile,
        publish=publish,
        system=this_system(),
        publish_bucket=settings.publish.bucket,
        built_in_contexts=frozenset(
            name
            for name in settings.contexts
            if settings.sources.get(f"contexts.{name}.bucket", "default") == "default"
        ),
        reporter=reporter,
    )
