"""Registrations at a site that spoils every fifth write: exactly as many rows as there should be."""

from __future__ import annotations

from collections import Counter

from onepiece_core.tracker.shotgrid import ShotgridTracker
from tests.support.registrations import count_rows, expected_rows, register_many
from tests.support.site_admin import SiteAdmin
from tests.torture.world import World

TIMEOUT_SECONDS = 2.0
# After the sender has given up.
LATE_SECONDS = 5.0
SETTLE_SECONDS = 30.0


def register_through_faults(world: World, count: int, *, fault: str) -> Counter[str]:
    """``count`` publishes' registrations, 16 at once; how many calls were spoilt."""
    url, script, key = (world.env[f"ONEPIECE_SHOTGRID_{name}"] for name in ("URL", "SCRIPT", "KEY"))
    straight = world.tracker
    before = count_rows(straight)
    site = SiteAdmin(url, key)
    seconds = {"seconds": TIMEOUT_SECONDS + LATE_SECONDS} if fault == "commit_late" else {}
    with site.spoils(fault, every=5, **seconds):
        register_many(
            ShotgridTracker(url, script, key, timeout_seconds=TIMEOUT_SECONDS),
            world.root / "packages",
            count,
            settle_seconds=SETTLE_SECONDS,
            timeout_seconds=TIMEOUT_SECONDS,
            at_once=16,
        )
        spoilt = Counter({fault: site.spoilt()})
    rows = {name: there - before[name] for name, there in count_rows(straight).items()}
    assert rows == expected_rows(count), rows
    return spoilt
