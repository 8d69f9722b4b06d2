"""What a publish needs, built by a front end and passed down."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onepiece_core.context import Convention
from onepiece_core.journal import Journal
from onepiece_core.paths import Roots
from onepiece_core.progress import Reporter
from onepiece_core.storage.places import ContextPlace
from onepiece_core.storage.store import Store
from onepiece_core.tracker.retry import Clock, SystemClock
from onepiece_core.tracker.tracker import Tracker


def no_checkpoint(_name: str) -> None:
    """The default: nothing happens between two steps."""


@dataclass(frozen=True)
class PublishOptions:
    """How a publish runs.

    Attributes:
        jobs: files copied or sent at once; 0 chooses by the machine.
        lease_seconds: how long a claim holds without being renewed.
        renew_seconds: how often it is renewed.
        settle_seconds: how long an unanswered tracker write is looked up before it is sent again.
        timeout_seconds: how long the tracker may take to answer.
        hashes: digests that a client asked for beside xxh128: md5, xxh64, sha1.
    """

    jobs: int = 0
    lease_seconds: float = 120
    renew_seconds: float = 30
    settle_seconds: float = 30
    timeout_seconds: float = 20
    hashes: tuple[str, ...] = ()

    @property
    def threads(self) -> int:
        return self.jobs or min(16, 4 * (os.cpu_count() or 2))


@dataclass(frozen=True)
class PublishParts:
    """The parts of a publish.

    Attributes:
        open_store: the store of a bucket's name.
        contexts: bucket and prefix behind ``vendor_in`` and the like.
        convention: how the show calls its scenes.
        tracker: None when none is configured.
        checkpoint: called with a name at each place where a process may die; the fault tests die there.
    """

    journal: Journal
    open_store: Callable[[str], Store]
    roots: Roots
    tracker: Tracker | None
    contexts: Mapping[str, ContextPlace] = field(default_factory=dict)
    convention: Convention = field(default_factory=Convention)
    options: PublishOptions = PublishOptions()
    reporter: Reporter = field(default_factory=Reporter)
    clock: Clock = field(default_factory=SystemClock)
    user: str = field(default_factory=getpass.getuser)
    checkpoint: Callable[[str], None] = no_checkpoint

    @property
    def thumbnails(self) -> Path:
        return self.journal.folder / "thumbnails"
