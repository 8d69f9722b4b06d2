"""A show of production size, step by step: each step is one transaction and follows from the request alone."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, Field

from onepiece_server.sandbox.shotgrid import seed_progress
from onepiece_server.sandbox.shotgrid.seed_bulk import BulkWriter
from onepiece_server.sandbox.shotgrid.seed_hierarchy import make_assets, make_shots, make_studio
from onepiece_server.sandbox.shotgrid.seed_plan import Schedule, SeasonPlan, SeedRequest, Step
from onepiece_server.sandbox.shotgrid.seed_progress import Progress
from onepiece_server.sandbox.shotgrid.seed_review import make_playlists, make_versions
from onepiece_server.sandbox.shotgrid.seed_staff import Making, find_staff
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.write import Writer


class SeedCounts(BaseModel, frozen=True, serialize_by_alias=True):
    """What a seed makes, or has made.

    Attributes:
        project_id: None before it is made.
        steps_done: of ``steps``; equal when everything is there.
    """

    schema_: str = Field("onepiece.sandbox-seed.1", alias="schema")
    project: str
    code: str
    project_id: int | None
    seed: int
    until: str
    episodes: int
    sequences: int
    shots: int
    assets: int
    tasks: int
    versions: int
    playlists: int
    steps: int
    steps_done: int


_STEPS = {
    "studio": make_studio,
    "assets": make_assets,
    "shots": make_shots,
    "versions": make_versions,
    "playlists": make_playlists,
}


def plan_seed(site: Site, request: SeedRequest) -> SeedCounts:
    """What would be made, and how much of it is there.

    Raises:
        Fault: a project of that name is there and is none of ours.
    """
    with site.database.read() as connection:
        request = seed_progress.dated(connection, request)
        return _counts(SeasonPlan(request), seed_progress.find(connection, request))


def apply_seed(site: Site, caller: Caller, request: SeedRequest) -> Iterator[tuple[Step, SeedCounts]]:
    """Make what is missing, one step with each turn of the iterator; stopping between two leaves whole steps.

    Raises:
        Fault: a project of that name is there and is none of ours, or was seeded with other numbers.
    """
    with site.database.read() as connection:
        request = seed_progress.dated(connection, request)
    plan = SeasonPlan(request)
    schedule = Schedule(plan)
    progress = _begun(site, caller, request)
    while progress.done < len(plan.steps):
        step = _one_step(site, caller, plan, schedule, progress)
        if step is not None:
            yield step, _counts(plan, progress)


def _begun(site: Site, caller: Caller, request: SeedRequest) -> Progress:
    """The project, made by the site's ordinary rules."""
    with site.database.write() as connection:
        found = seed_progress.find(connection, request)
        if found is not None:
            return found
        fields = {
            "name": request.project,
            "code": request.code,
            "tank_name": "_".join(request.project.lower().split()),
            "sg_type": "Episodic",
        }
        known = site.schema.entities["Project"].fields
        given = [{"field_name": name, "value": value} for name, value in fields.items() if name in known]
        made = Writer(site, caller, connection).create({"type": "Project", "fields": given})
        return seed_progress.begin(connection, made["id"], request)


def _one_step(site: Site, caller: Caller, plan: SeasonPlan, schedule: Schedule, progress: Progress) -> Step | None:
    with site.database.write() as connection:
        if progress.catch_up(connection):
            return None  # another run of the same seed is at work too
        step = plan.steps[progress.done]
        bulk = BulkWriter(connection, site.schema, caller)
        making = Making(site, connection, plan, schedule, find_staff(connection, caller), progress, bulk)
        _STEPS[step.phase](making, step)
        progress.add(connection, bulk.flush())
    return step


def _counts(plan: SeasonPlan, progress: Progress | None) -> SeedCounts:
    return SeedCounts(
        project=plan.request.project,
        code=plan.code,
        project_id=progress.project_id if progress else None,
        seed=plan.request.seed,
        until=str(plan.request.until),
        episodes=plan.episodes,
        sequences=plan.sequences,
        shots=plan.shots,
        assets=plan.assets,
        tasks=plan.tasks,
        versions=plan.versions,
        playlists=plan.playlists,
        steps=len(plan.steps),
        steps_done=progress.done if progress else 0,
    )
