"""A whole worker: from settings to a session, until the host ends it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from onepiece_core.config import Settings
from onepiece_core.filesystems import refuse_network_filesystem
from onepiece_core.tracker.cache import TrackerCache
from onepiece_core.tracker.opening import find_personal, open_tracker
from onepiece_core.tracker.tracker import Tracker
from onepiece_core.worker.loop import Loop
from onepiece_core.worker.methods import METHODS
from onepiece_core.worker.protocol import Replies
from onepiece_core.worker.session import Session


def open_session(settings: Settings, state_dir: Path, user: str, environ: Mapping[str, str]) -> Session:
    """Asks nobody yet. ``user`` counts where nobody has signed in with a login of the site.

    ``environ`` is what a DCC inherits that is started from here.

    Raises:
        StateNotLocal: the state folder lies on a network filesystem.
        TrackerNotConfigured: only a part of the site's URL, script and key is set.
    """
    folder = settings.state_dir or state_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    refuse_network_filesystem(folder)
    signed_in = _sign_in(settings, folder, user)
    if signed_in is None:
        later = partial(_sign_in, settings, folder, user)
        return Session(settings, folder, user, None, None, environ, sign_in=later)
    return Session(settings, folder, *signed_in, environ)


def _sign_in(settings: Settings, folder: Path, user: str) -> tuple[str, Tracker, TrackerCache] | None:
    """None where no site is configured, or nobody has signed in so far: panels open all the same."""
    site = settings.shotgrid
    personal = find_personal(site)
    if site.url and not (site.script or site.key or personal):
        return None
    tracker = open_tracker(site, settings.tracker)
    if tracker is None:
        return None
    login = personal.login if personal else user
    return login, tracker, TrackerCache(folder, tracker, login)


def serve(session: Session, lines: Iterable[bytes], replies: Replies) -> None:
    """Answer ``lines`` until they end; then what runs is finished. Meanwhile those whom the rules name are told."""
    threading.Thread(target=session.follow, name="onepiece-follow", daemon=True).start()
    try:
        with _telling(session):
            Loop(session, METHODS, replies).serve(lines)
    finally:
        session.end()


def _telling(session: Session) -> AbstractContextManager[None]:
    if not session.settings.notify.rules:
        return nullcontext()
    from onepiece_core.notify.pending import notifying

    return notifying(session.settings, session.state_dir)
