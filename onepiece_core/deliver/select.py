"""Ask the tracker which Versions are approved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from onepiece_core.deliver.model import DeliverRequest, PlannedVersion
from onepiece_core.errors import EntityMissing, UsageError
from onepiece_core.tracker.tracker import Entity, Filter, Tracker

SEQUENCE = "entity.Shot.sg_sequence.Sequence.code"
EPISODE = "entity.Shot.sg_sequence.Sequence.episode.Episode.code"
VERSION_FIELDS = (
    "code",
    "entity",
    "sg_status_list",
    "created_at",
    "sg_path_to_frames",
    "sg_path_to_movie",
    "sg_first_frame",
    "sg_last_frame",
    SEQUENCE,
    EPISODE,
)


def find_approved(
    tracker: Tracker, project: Entity, request: DeliverRequest, statuses: Sequence[str]
) -> list[dict[str, Any]]:
    """The Versions in the order in which they are delivered.

    Raises:
        UsageError: the site has no such status.
        EntityMissing: the project has no such episode.
    """
    check_statuses(tracker, statuses)
    filters: list[Filter] = [["project", "is", project], ["sg_status_list", "in", list(statuses)]]
    if request.episodes:
        filters.append([EPISODE, "in", find_episodes(tracker, project, request.episodes)])
    if request.since is not None:
        filters.append(
            {
                "filter_operator": "any",
                "filters": [["updated_at", "greater_than", request.since], ["updated_at", "is", request.since]],
            }
        )
    found = tracker.find("Version", filters, VERSION_FIELDS)
    return sorted(found, key=lambda row: (_name(row.get("entity")), str(row.get("code")).casefold(), row["id"]))


def planned(row: dict[str, Any]) -> PlannedVersion:
    return PlannedVersion(
        id=row["id"],
        code=str(row.get("code") or f"version_{row['id']}"),
        entity=_name(row.get("entity")) or None,
        episode=row.get(EPISODE),
        sequence=row.get(SEQUENCE),
        status=str(row.get("sg_status_list")),
        created_at=_time(row.get("created_at")),
    )


def _name(entity: dict[str, Any] | None) -> str:
    return str((entity or {}).get("name") or "")


def _time(value: object) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return datetime(1980, 1, 1, tzinfo=UTC)
    return value.astimezone(UTC).replace(microsecond=0)


def check_statuses(tracker: Tracker, statuses: Sequence[str]) -> None:
    valid = (tracker.schema_fields("Version").get("sg_status_list") or {}).get("valid_values") or []
    unknown = [status for status in statuses if valid and status not in valid]
    if unknown:
        raise UsageError(
            f"The site has no status {', '.join(unknown)} for Versions", hint=f"It has: {', '.join(valid)}."
        )


def find_episodes(tracker: Tracker, project: Entity, wanted: Sequence[str]) -> list[str]:
    """The codes as the site writes them."""
    codes = [str(row["code"]) for row in tracker.find("Episode", [["project", "is", project]], ("code",))]
    by_fold = {code.casefold(): code for code in codes}
    missing = [code for code in wanted if code.casefold() not in by_fold]
    if missing:
        raise EntityMissing(
            f"The project {project.get('name')!r} has no episode {', '.join(missing)}",
            hint=f"It has: {', '.join(codes[:20])}." if codes else "It has no episodes.",
            missing=missing,
        )
    return [by_fold[code.casefold()] for code in dict.fromkeys(wanted)]


def show_code_of(tracker: Tracker, project: Entity) -> str:
    """The project's code, which is a part of the delivery's place. Raises EntityMissing where it has none."""
    found = tracker.find_one("Project", [["id", "is", project["id"]]], ("code",))
    code = (found or {}).get("code")
    if not code:
        raise EntityMissing(
            f"The project {project.get('name')!r} has no code", hint="Give it its show code in ShotGrid, like FG."
        )
    return str(code)
