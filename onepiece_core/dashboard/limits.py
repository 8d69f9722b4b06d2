"""How fresh and how much: the settings' limits, or those that an operator set since."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from onepiece_core.config.models import DashboardSettings
from onepiece_core.dashboard.mirror import Mirror
from onepiece_core.dashboard.model import CacheChange
from onepiece_core.errors import DashboardInvalid


@dataclass(frozen=True, slots=True)
class Limits:
    """``ttl_seconds``: 1 to 86,400; ``max_records``: Versions of one show; ``max_projects``: shows kept fresh."""

    ttl_seconds: float
    max_records: int
    max_projects: int


def limits_of(mirror: Mirror, settings: DashboardSettings) -> Limits:
    """What is in force now, in every process: the operator's word until the settings say something new."""
    base = Limits(settings.cache_ttl, settings.max_records, settings.max_projects)
    told: dict[str, Any] | None = mirror.fact("limits")
    return Limits(**told["now"]) if told and told["base"] == asdict(base) else base


def change_limits(mirror: Mirror, settings: DashboardSettings, change: CacheChange) -> None:
    """Raises DashboardInvalid."""
    now = limits_of(mirror, settings)
    wanted = Limits(
        change.ttl_seconds if change.ttl_seconds is not None else now.ttl_seconds,
        change.max_records if change.max_records is not None else now.max_records,
        change.max_projects if change.max_projects is not None else now.max_projects,
    )
    _check(wanted)
    base = Limits(settings.cache_ttl, settings.max_records, settings.max_projects)
    with mirror.write() as db:
        mirror.note(db, limits={"now": asdict(wanted), "base": asdict(base)})
        if change.flush or wanted != now:
            # Whoever refreshes reads everything again; what is shown stays until then.
            db.execute("update projects set full_at = null")
            mirror.note(db, flushed=mirror.fact("flushed", 0) + 1)
        mirror.tell(db, "cache")


def _check(limits: Limits) -> None:
    if not 1 <= limits.ttl_seconds <= 86_400:
        raise DashboardInvalid("ttl_seconds is 1 to 86400", ttl_seconds=limits.ttl_seconds)
    if not 100 <= limits.max_records <= 100_000_000:
        raise DashboardInvalid("max_records is 100 to 100000000", max_records=limits.max_records)
    if not 1 <= limits.max_projects <= 10_000:
        raise DashboardInvalid("max_projects is 1 to 10000", max_projects=limits.max_projects)
