"""Deliveries that the tracker has, for those that this machine's record does not know."""

from __future__ import annotations

import json

from onepiece_core.dashboard.deliveries import TrackedDelivery
from onepiece_core.dashboard.mirror import Mirror

_MOST = 2_000


def tracked_deliveries(mirror: Mirror) -> list[TrackedDelivery]:
    """The newest first."""
    rows = mirror.rows(
        "select d.*, p.code as show from deliveries d join projects p on p.key = d.project"
        " order by d.created_at desc, d.id desc limit ?",
        _MOST,
    )
    return [
        TrackedDelivery(
            id=row["id"],
            title=row["title"],
            project=row["show"],
            recipient=row["recipient"],
            status=row["status"],
            created_at=row["created_at"] or 0.0,
            versions=tuple(name for _, name in json.loads(row["versions"])),
            place=row["place"],
        )
        for row in rows
    ]
