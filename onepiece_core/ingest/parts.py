"""What an ingest needs, built by a front end and passed down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from onepiece_core.ingest.memory import DropMemory
from onepiece_core.journal import Journal
from onepiece_core.progress import Reporter
from onepiece_core.storage.engine import Engine
from onepiece_core.storage.store import Store
from onepiece_core.tracker.retry import Clock, SystemClock
from onepiece_core.tracker.tracker import Tracker


def no_checkpoint(_name: str) -> None:
    """The default: nothing happens between two steps."""


@dataclass(frozen=True)
class RegisterParts:
    """What a registration needs.

    Attributes:
        tracker: None when none is configured.
        settle_seconds: how long an unanswered write is looked up before it is sent again.
        timeout_seconds: how long the tracker may take to answer.
        checkpoint: called with a name at each place where a process may die; the fault tests die there.
    """

    journal: Journal
    tracker: Tracker | None
    reporter: Reporter = field(default_factory=Reporter)
    clock: Clock = field(default_factory=SystemClock)
    settle_seconds: float = 30.0
    timeout_seconds: float = 20.0
    checkpoint: Callable[[str], None] = no_checkpoint


@dataclass(frozen=True)
class IngestParts(RegisterParts):
    """The parts of an ingest. ``memory``: what earlier runs noted."""

    store: Store = field(kw_only=True)
    engine: Engine = field(kw_only=True)
    memory: DropMemory = field(kw_only=True)
