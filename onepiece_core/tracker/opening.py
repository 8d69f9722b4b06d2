"""The tracker that the settings name."""

from __future__ import annotations

from onepiece_core.config.models import ShotgridSettings, TrackerSettings
from onepiece_core.errors import TrackerNotConfigured
from onepiece_core.tracker.personal import PersonalSession, find_session
from onepiece_core.tracker.retry import Clock, RetryPolicy
from onepiece_core.tracker.tracker import Tracker


def open_tracker(site: ShotgridSettings, settings: TrackerSettings, clock: Clock | None = None) -> Tracker | None:
    """None when no site is configured. Asks nobody yet.

    With a URL alone it is the site as whoever has signed in there sees it.

    Raises:
        TrackerNotConfigured: only a part of URL, script and key is set, or nobody has signed in.
    """
    if not (site.url or site.script or site.key):
        return None
    from onepiece_core.tracker.shotgrid import ShotgridTracker

    personal = find_personal(site)
    if site.url and not (site.script or site.key or personal):
        raise TrackerNotConfigured(
            f"Nobody is signed in at {site.url}.",
            hint="Sign in with `onepiece login`, or configure a script's name and key.",
            url=site.url,
        )
    return ShotgridTracker(
        site.url or "",
        site.script or "",
        site.key.get_secret_value() if site.key else "",
        identity={"session_token": personal.token.get_secret_value()} if personal else None,
        timeout_seconds=settings.timeout_seconds,
        # A second try must fit in after a time-out.
        policy=RetryPolicy(attempts=settings.attempts, budget_seconds=settings.timeout_seconds + 10.0),
        clock=clock,
    )


def get_tracker(site: ShotgridSettings, settings: TrackerSettings) -> Tracker:
    """As :func:`open_tracker`, for what cannot do without. Raises TrackerNotConfigured."""
    tracker = open_tracker(site, settings)
    if tracker is None:
        raise TrackerNotConfigured("No ShotGrid site is configured.")
    return tracker


def find_personal(site: ShotgridSettings) -> PersonalSession | None:
    """The personal session that counts: at the configured site, where no script is configured."""
    return find_session(site.url) if site.url and not (site.script or site.key) else None
