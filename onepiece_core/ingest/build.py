"""Build the parts of an ingest from the settings in force: what every front end does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.config import Settings
from onepiece_core.config.sandbox_use import refuse_mixed
from onepiece_core.errors import ErrorReport, TrackerUnavailable
from onepiece_core.ingest.memory import DropMemory
from onepiece_core.ingest.model import Depth, DropPlan
from onepiece_core.ingest.parts import IngestParts, RegisterParts
from onepiece_core.ingest.plan import PlanOptions, plan_ingest
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.journal import Journal
from onepiece_core.progress import Reporter
from onepiece_core.storage.engines.choose import open_engine
from onepiece_core.storage.s3.client import connect
from onepiece_core.tracker.opening import open_tracker
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.tracker import Tracker

MEMORY_FILE = "ingest.sqlite"


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan; ``tracker_away``: why it could not ask the tracker."""

    plan: DropPlan
    tracker_away: ErrorReport | None = None


def build_register_parts(settings: Settings, state_dir: Path, reporter: Reporter) -> RegisterParts:
    """What registrations of earlier runs need. The journal is the caller's to close."""
    return RegisterParts(
        Journal(settings.state_dir or state_dir),
        open_tracker(settings.shotgrid, settings.tracker),
        reporter,
        settle_seconds=settings.tracker.settle_seconds,
        timeout_seconds=settings.tracker.timeout_seconds,
    )


@contextmanager
def ingest_parts(
    request: IngestRequest, settings: Settings, state_dir: Path, reporter: Reporter
) -> Iterator[IngestParts]:
    """The parts that talk to the configured store and tracker, open.

    Raises:
        SandboxMixed: a part of the settings is a sandbox's and the rest is not.
        StateNotLocal, JournalError: the state folder cannot be used.
        ConfigError: AWS or ShotGrid are configured by halves.
    """
    refuse_mixed(settings)
    with ExitStack() as stack:
        folder = settings.state_dir or state_dir
        store = stack.enter_context(closing(connect(settings.aws, request.bucket)))
        registers = build_register_parts(settings, state_dir, reporter)
        stack.callback(registers.journal.close)
        memory = stack.enter_context(closing(open_memory(request, folder, store.endpoint)))
        yield IngestParts(
            journal=registers.journal,
            tracker=registers.tracker,
            reporter=reporter,
            settle_seconds=registers.settle_seconds,
            timeout_seconds=registers.timeout_seconds,
            store=store,
            engine=open_engine("pool", store, state_dir=folder, jobs=request.max_workers),
            memory=memory,
        )


def open_memory(request: IngestRequest, state_dir: Path, server: str) -> DropMemory:
    return DropMemory(
        state_dir / MEMORY_FILE,
        project=request.project,
        place=request.place.uri,
        folder=request.folder,
        server=server,
        trust=request.resume,
    )


def plan_drop(
    request: IngestRequest,
    settings: Settings,
    reporter: Reporter,
    *,
    tracker: Tracker | None,
    memory: DropMemory | None = None,
    depth: Depth = "structure",
) -> Planned:
    """The plan, made without the tracker when it does not answer.

    Raises what :func:`~onepiece_core.ingest.plan.plan_ingest` raises; ProjectMissing before anything is read.
    """
    convention = settings.naming.convention(request.show_code)
    options = PlanOptions(convention, request.place.uri, memory, depth, reporter)
    try:
        if tracker is not None:
            find_project(tracker, {"name": request.project})
        return Planned(plan_ingest(request, tracker, options))
    except TrackerUnavailable as error:
        return Planned(plan_ingest(request, None, options), error.report)
