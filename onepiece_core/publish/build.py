"""Build the parts of a publish from the settings in force: what every front end does."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path

from onepiece_core.config import Settings
from onepiece_core.config.sandbox_use import refuse_mixed
from onepiece_core.journal import Journal
from onepiece_core.paths import Roots
from onepiece_core.progress import Reporter
from onepiece_core.publish.parts import PublishOptions, PublishParts
from onepiece_core.storage.opening import open_store
from onepiece_core.storage.store import Store
from onepiece_core.system import this_system
from onepiece_core.tracker.opening import find_personal, open_tracker


def build_parts(
    settings: Settings, state_dir: Path, reporter: Reporter, *, show_code: str | None = None
) -> PublishParts:
    """The parts that talk to the configured store and tracker.

    ``state_dir`` is used when the settings name none; ``show_code`` chooses the naming convention.

    Raises:
        SandboxMixed: a part of the settings is a sandbox's and the rest is not.
        StateNotLocal, JournalError: the state folder cannot be used.
        TrackerNotConfigured: only a part of the site's URL, script and key is set.
    """
    refuse_mixed(settings)
    stores: dict[str, Store] = {}

    def opened(bucket: str) -> Store:
        return stores.setdefault(bucket, open_store(bucket, settings.aws))

    publish, personal = settings.publish, find_personal(settings.shotgrid)
    return PublishParts(
        journal=Journal(settings.state_dir or state_dir),
        open_store=opened,
        roots=build_roots(settings),
        tracker=open_tracker(settings.shotgrid, settings.tracker),
        contexts=settings.contexts,
        convention=settings.naming.convention(show_code),
        options=PublishOptions(
            jobs=publish.jobs,
            lease_seconds=publish.lease_seconds,
            renew_seconds=publish.renew_seconds,
            settle_seconds=settings.tracker.settle_seconds,
            timeout_seconds=settings.tracker.timeout_seconds,
            hashes=tuple(publish.hashes),
        ),
        reporter=reporter,
        user=personal.login if personal else getpass.getuser(),
    )


def build_roots(settings: Settings) -> Roots:
    """The roots as this machine sees them."""
    return Roots(settings.roots_for(this_system()), socket.gethostname())
