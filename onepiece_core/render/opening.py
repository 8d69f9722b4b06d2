"""The service of this machine, from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onepiece_core.config.models import Settings
from onepiece_core.farm.registry import Farms
from onepiece_core.render.poller import Poller
from onepiece_core.render.prepare import build_ground
from onepiece_core.render.service import RenderService
from onepiece_core.render.snapshot import Snapshot, import_history
from onepiece_core.render.sql_store import SqlStore
from onepiece_core.render.sqlite_store import check_record, sqlite_store


def store_path(settings: Settings, state_dir: Path) -> Path:
    """Where the record lies: a path that ends in .json names a snapshot for people, and the record stands beside it."""
    told = settings.render.jobs_path or state_dir / "render" / "jobs.db"
    return told.with_suffix(".db") if _snapshot_path(settings) else told


def _snapshot_path(settings: Settings) -> Path | None:
    told = settings.render.jobs_path
    return told if told is not None and told.suffix == ".json" else None


def open_store(settings: Settings, state_dir: Path) -> SqlStore:
    """Nothing is opened yet. Raises ConfigError, and ExtraMissing for PostgreSQL's package."""
    if settings.render.database_url is None:
        return sqlite_store(store_path(settings, state_dir))
    from onepiece_core.render.postgres_store import postgres_store

    return postgres_store(settings.render.database_url.get_secret_value())


def check_store(settings: Settings, state_dir: Path) -> None:
    """Before a server starts. Raises RenderStoreBroken for a file that was damaged, and changes nothing in it."""
    if settings.render.database_url is None:
        check_record(store_path(settings, state_dir))


def open_service(
    settings: Settings, state_dir: Path, environ: Mapping[str, str], *, polls: bool = False
) -> RenderService:
    """``polls``: follow the farms all the time, as a server does, and not only when somebody looks. Close it.

    Raises RenderStoreFailed for an older history that cannot be imported.
    """
    store = open_store(settings, state_dir)
    for_people = _snapshot_path(settings)
    if for_people is not None:
        import_history(for_people, store)
    farms = Farms(state_dir, _farm_options(settings), environ)
    poller = Poller(
        store,
        farms,
        seconds=settings.render.poll_seconds,
        history_limit=settings.render.jobs_history_limit,
        retention_hours=settings.render.jobs_retention_hours,
        snapshot=None if for_people is None else Snapshot(for_people, store),
    )
    directory = state_dir.absolute()
    grounds = build_ground(settings, directory, None), build_ground(settings, directory, environ)
    if polls:
        poller.start()
    return RenderService(store, farms, poller, *grounds, settings.render.farm)


def _farm_options(settings: Settings) -> dict[str, Mapping[str, Any]]:
    options: dict[str, Mapping[str, Any]] = dict(settings.farms)
    if settings.render.workers:
        options["local"] = {"workers": settings.render.workers, **options.get("local", {})}
    return options
