"""Find what the rules ask to be told, and send it: done by whoever runs next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

from onepiece_core.config.models import NotifyEvent, Settings
from onepiece_core.errors import OnePieceError
from onepiece_core.journal import Journal
from onepiece_core.log import get_logger
from onepiece_core.notify.channels import ways
from onepiece_core.notify.events import find_failed_publishes, find_failed_renders, find_refused_ingests
from onepiece_core.notify.memory import Mark, NotifyMemory
from onepiece_core.notify.outbox import Message, queue_by_rule, send_messages
from onepiece_core.progress import Warned
from onepiece_core.render.store import JobStore

log = get_logger(__name__)


def note_rules(settings: Settings, state_dir: Path) -> None:
    """Say that the rules exist: only what happens from now on is told. Raises JournalError, RenderStoreFailed."""
    memory = NotifyMemory(state_dir)
    for event in settings.notify.rules:
        if memory.find(event) is None:
            memory.note(event, _last_of_renders(settings, state_dir) if event == "render_failed" else None)


def notify_pending(settings: Settings, state_dir: Path) -> list[Warned]:
    """Queue what happened, send what waits; a warning for each message that still waits.

    What was queued already is not queued again, and each message has one sender: any number of processes may do this.
    Raises JournalError, RenderStoreFailed.
    """
    note_rules(settings, state_dir)
    memory = NotifyMemory(state_dir)
    with closing(Journal(state_dir)) as journal:
        for event, rule in settings.notify.rules.items():
            seen = memory.find(event)
            if seen is None:
                continue
            messages, mark = _find(event, seen, journal, settings, state_dir)
            for message in messages:
                queue_by_rule(journal, settings.notify, rule, message)
            memory.advance(event, mark)
        return send_waiting(journal, settings)


def send_waiting(journal: Journal, settings: Settings) -> list[Warned]:
    """Send what waits, but nothing that its recipient has muted."""
    return send_messages(journal, settings.notify, is_muted=NotifyMemory(journal.folder).is_muted)


@contextmanager
def notifying(settings: Settings, state_dir: Path, *, seconds: float = 5.0) -> Iterator[None]:
    """Look again and again in a thread of its own; only where there is something to tell by."""
    if not settings.notify.rules and not any(ways(settings.notify)):
        yield
        return
    ended = Event()
    try:
        # Now, and not when the thread comes to it: what happens from here on counts.
        note_rules(settings, state_dir)
    except OnePieceError as error:
        log.warning("notify.failed", reason=error.report.code)

    def run() -> None:
        while True:
            try:
                for warning in notify_pending(settings, state_dir):
                    log.warning("notify.waiting", reason=warning.message)
            except OnePieceError as error:
                log.warning("notify.failed", reason=error.report.code)
            if ended.wait(seconds):
                return

    thread = Thread(target=run, name="notify", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=1)


def _find(
    event: NotifyEvent, seen: Mark, journal: Journal, settings: Settings, state_dir: Path
) -> tuple[list[Message], float]:
    if event == "publish_failed":
        return find_failed_publishes(journal, seen)
    if event == "ingest_refused":
        return find_refused_ingests(journal, seen)
    if event == "render_failed":
        with _renders(settings, state_dir) as store:
            return ([], seen.mark) if store is None else find_failed_renders(store, seen)
    # A delivery tells of itself before it ends: the same command goes on with one that was killed.
    return [], seen.mark


def _last_of_renders(settings: Settings, state_dir: Path) -> float:
    with _renders(settings, state_dir) as store:
        return 0.0 if store is None else float(store.last_event())


@contextmanager
def _renders(settings: Settings, state_dir: Path) -> Iterator[JobStore | None]:
    """The record of render jobs; None where nothing was rendered yet."""
    from onepiece_core.render.opening import open_store, store_path

    if settings.render.database_url is None and not store_path(settings, state_dir).exists():
        yield None
        return
    store = open_store(settings, state_dir)
    with closing(store):
        yield store
