"""One sync from its options to its summary."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.outcome import exit_with
from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.storage.s3.store import S3Store
    from onepiece_core.sync.apply import OnEvent
    from onepiece_core.sync.hash_cache import HashCache
    from onepiece_core.sync.model import Direction, SyncPlan, SyncRequest
    from onepiece_core.sync.summary import Summary


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of one sync."""

    bucket: str
    show_code: str
    folder: str
    local_path: str
    local_root: Path
    overrides: dict[str, Any]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    dry_run: bool
    delete: bool
    max_delete: int
    checksum: bool
    engine: str
    jobs: int
    bytes_per_second: int | None
    has_events: bool
    as_json: bool


def run_sync(session: Session, asked: Asked, direction: Direction) -> None:
    """Plan, show or apply, and end with what came of it."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.storage.s3.client import connect
    from onepiece_core.sync.hash_cache import HashCache

    settings = session.settings(near=asked.local_root, overrides=asked.overrides)
    request = request_of(asked, direction, settings)
    store = connect(settings.aws, request.place.bucket)
    state_dir = settings.state_dir or default_state_dir(session.environ)
    place = f"{store.endpoint} {request.place.uri} {request.folder}"
    with closing(store), closing(HashCache(state_dir / "sync.sqlite", place)) as cache:
        if asked.dry_run:
            summary = _show_plan(session, asked, _plan(session, asked, request, store, cache))
        else:
            summary = _carry_out(session, asked, request, store, cache, state_dir)
    exit_with(summary.refused, summary.failed)


def request_of(asked: Asked, direction: Direction, settings: Settings) -> SyncRequest:
    """Raises UsageError for names that make no place, and patterns that are none."""
    from onepiece_core.errors import UsageError
    from onepiece_core.storage.places import checked_prefix, resolve_bucket
    from onepiece_core.sync.filters import compile_filters
    from onepiece_core.sync.model import SyncRequest

    show_code, folder = checked_prefix(asked.show_code), checked_prefix(asked.folder)
    if not show_code or not folder:
        raise UsageError("A show code and a folder must be more than a slash.")
    return SyncRequest(
        direction,
        resolve_bucket(asked.bucket, settings.contexts).under(show_code, folder),
        Path(os.path.abspath(asked.local_root)) / folder,  # noqa: PTH100 - links are kept as they were named
        compile_filters(asked.include, asked.exclude, folder=folder),
        delete=asked.delete,
        max_delete=asked.max_delete,
        checksum=asked.checksum,
    )


def _plan(session: Session, asked: Asked, request: SyncRequest, store: S3Store, cache: HashCache) -> SyncPlan:
    from onepiece_core.sync.plan import plan_sync

    with session.reporter(events=asked.has_events) as reporter:
        return plan_sync(request, store, cache, reporter)


def _carry_out(
    session: Session, asked: Asked, request: SyncRequest, store: S3Store, cache: HashCache, state_dir: Path
) -> Summary:
    from onepiece_core.storage.engines.choose import open_engine
    from onepiece_core.sync.apply import apply_sync
    from onepiece_core.sync.plan import plan_sync
    from onepiece_core.sync.summary import Summary

    summary = Summary()
    # Before anything is compared: an engine that cannot serve this store is a wrong option.
    engine = open_engine(
        asked.engine,
        store,
        state_dir=state_dir,
        jobs=asked.jobs,
        bytes_per_second=asked.bytes_per_second,
        environment=session.environ,
    )
    with _told_when_stopped(session, asked, request, summary), session.reporter(events=asked.has_events) as reporter:
        plan = plan_sync(request, store, cache, reporter)
        on_event = _teller(asked)
        on_event("plan", _plan_event(plan))
        for problem in plan.problems:
            on_event("problem", problem.as_json())
        on_event("skipped", {"files": plan.skipped, "size_bytes": plan.bytes_skipped})
        apply_sync(plan, store, engine, cache, reporter, on_event, summary)
    _show_summary(session, asked, request, summary)
    return summary


@contextmanager
def _told_when_stopped(session: Session, asked: Asked, request: SyncRequest, summary: Summary) -> Iterator[None]:
    """A run that cannot go on still says how far it came, and how to go on."""
    from onepiece_core.errors import OnePieceError, OperationCancelled

    try:
        yield
    except OnePieceError as error:
        if summary.seconds:
            _show_summary(session, asked, request, summary)
        if not isinstance(error, OperationCancelled):
            raise
        command = shlex.join(["onepiece", *sys.argv[1:]])
        raise OperationCancelled(
            "The sync was stopped; what has arrived stays.",
            hint=f"Go on with the same command, what has begun is continued: {command}",
            **error.report.context,
        ) from error


def _teller(asked: Asked) -> OnEvent:
    if not asked.has_events:
        from onepiece_core.sync.apply import ignore_event

        return ignore_event

    def tell(name: str, fields: dict[str, Any]) -> None:
        sys.stderr.write(json.dumps({"event": name, **fields}) + "\n")
        sys.stderr.flush()

    return tell


def _plan_event(plan: SyncPlan) -> dict[str, Any]:
    return {
        "source": plan.request.source,
        "destination": plan.request.destination,
        "transfers": len(plan.transfers),
        "deletes": len(plan.deletes),
        "bytes_to_move": plan.bytes_to_move,
    }


def _report(request: SyncRequest, summary: Summary, *, dry_run: bool) -> dict[str, Any]:
    from onepiece_core.sync.model import SCHEMA

    return {
        "schema": SCHEMA,
        "direction": request.direction,
        "source": request.source,
        "destination": request.destination,
        "dry_run": dry_run,
        "summary": summary.as_json(),
        "problems": [problem.as_json() for problem in summary.problems],
    }


def _show_plan(session: Session, asked: Asked, plan: SyncPlan) -> Summary:
    from onepiece_core.sync.summary import Summary

    summary = Summary(skipped=plan.skipped, bytes_skipped=plan.bytes_skipped, problems=plan.problems)
    told = _report(plan.request, summary, dry_run=True)
    if asked.as_json:
        planned = {"transfers": len(plan.transfers), "deletes": len(plan.deletes), "bytes_to_move": plan.bytes_to_move}
        typer.echo(session.told({**told, "plan": planned, "actions": [action.as_json() for action in plan.actions]}))
        return summary
    lines = [
        printable(f"{action.kind:9} {action.relative}  {action.size_bytes:,} bytes  ({action.why})")
        for action in plan.actions
    ]
    lines.append(
        f"would move {len(plan.transfers)} files, {plan.bytes_to_move:,} bytes; delete {len(plan.deletes)};"
        f" skipped {plan.skipped}"
    )
    typer.echo("\n".join(lines))
    _show_problems(session, summary)
    return summary


def _show_summary(session: Session, asked: Asked, request: SyncRequest, summary: Summary) -> None:
    told = _report(request, summary, dry_run=False)
    _teller(asked)("summary", told["summary"])
    if asked.as_json:
        typer.echo(session.told(told))
        return
    _show_problems(session, summary)
    rate = summary.bytes_per_second / 1e6
    typer.echo(
        f"uploaded {summary.uploaded}, downloaded {summary.downloaded}, skipped {summary.skipped},"
        f" deleted {summary.deleted}, failed {summary.failed}, refused {summary.refused};"
        f" {summary.bytes_moved:,} bytes in {summary.seconds:.1f} s ({rate:.1f} MB/s)"
    )


def _show_problems(session: Session, summary: Summary) -> None:
    for problem in summary.problems:
        word = "failed" if problem.is_failure else problem.code.replace("_", " ")
        session.say(printable(f"{word:10} {problem.path or 'sync'}: {problem.message}"))
