"""The tracker that the settings name."""

from __future__ import annotations

from onepiece_core.config.models import ShotgridSettings, TrackerSettings
from onepiece_core.tracker.retry import Clock, RetryPolicy
from onepiece_core.tracker.tracker import Tracker


def open_tracker(site: ShotgridSettings, settings: TrackerSettings, clock: Clock | None = None) -> Tracker | None:
    """None when no site is configured. Asks nobody yet.

    Raises:
        TrackerNotConfigured: only a part of URL, script and key is set.
    """
    if not (site.url or site.script or site.key):
        return None
    from onepiece_core.tracker.shotgrid import ShotgridTracker

    return ShotgridTracker(
        site.url or "",
        site.script or "",
        site.key.get_secret_value() if site.key else "",
        timeout_seconds=settings.timeout_seconds,
        # A second try must fit in after a time-out.
        policy=RetryPolicy(attempts=settings.attempts, budget_seconds=settings.timeout_seconds + 10.0),
        clock=clock,
    )
