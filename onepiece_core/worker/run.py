"""A whole worker: from settings to a session, until the host ends it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from onepiece_core.config import Settings
from onepiece_core.filesystems import refuse_network_filesystem
from onepiece_core.tracker.cache import TrackerCache
from onepiece_core.tracker.opening import open_tracker
from onepiece_core.worker.loop import Loop
from onepiece_core.worker.methods import METHODS
from onepiece_core.worker.protocol import Replies
from onepiece_core.worker.session import Session


def open_session(settings: Settings, state_dir: Path, user: str) -> Session:
    """Asks nobody yet.

    Raises:
        StateNotLocal: the state folder lies on a network filesystem.
        TrackerNotConfigured: only a part of the site's URL, script and key is set.
    """
    folder = settings.state_dir or state_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    refuse_network_filesystem(folder)
    tracker = open_tracker(settings.shotgrid, settings.tracker)
    cache = TrackerCache(folder, tracker, user) if tracker else None
    return Session(settings, folder, user, tracker, cache)


def serve(session: Session, lines: Iterable[bytes], replies: Replies) -> None:
    """Answer ``lines`` until they end; then what runs is finished."""
    threading.Thread(target=session.follow, name="onepiece-follow", daemon=True).start()
    try:
        Loop(session, METHODS, replies).serve(lines)
    finally:
        session.end()
