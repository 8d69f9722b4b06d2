"""How an action is done, and taken back. Each can be done twice: what is done already is seen, so a run goes on.

``state`` looks at the world: "todo" when it is as the plan saw it, "done" when the action's effect is there, else why
not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from onepiece_core.errors import OnePieceError, SourceChanged
from onepiece_core.reconcile.model import Action, RepairPlan
from onepiece_core.reconcile.parts import ReconcileParts

TODO, DONE = "todo", "done"


class Changed(SourceChanged):
    """The world is not as the plan saw it: the action is left out. Never leaves this package."""


@dataclass(slots=True)
class Job:
    """One repair on its way.

    Attributes:
        leaving: paths and keys that an action of this repair moves away before another one fills them.
    """

    plan: RepairPlan
    number: int
    parts: ReconcileParts
    leaving: set[str] = field(default_factory=set)

    def local(self, persisted: str) -> Path:
        """The path on this machine. Raises Changed when there is none."""
        found = self.parts.roots.resolve(persisted)
        if found is None:
            raise Changed(f"{persisted} has no path on this machine", path=persisted)
        return found

    @property
    def parked(self) -> str:
        """Where this repair's files go, relative to a base."""
        return f".onepiece/parked/{self.plan.id}/{self.number:04d}"

    @property
    def sub_operation(self) -> str:
        """The journal's operation of what this repair registers."""
        return f"{self.plan.id}.{self.number:04d}"


class Doing(Protocol):
    """How one kind of action is done."""

    def state(self, job: Job, action: Any) -> str: ...
    def do(self, job: Job, action: Any) -> None: ...
    def undo(self, job: Job, action: Any) -> str:
        """ "" when it is as before, else why it cannot be. What was not done needs no undoing."""
        ...


Checkpoint = Callable[[str], None]


def doing_of(action: Action) -> Doing:
    """The module that does ``action``."""
    from onepiece_core.reconcile import doing_files, doing_objects, doing_rows

    table: dict[str, Doing] = {
        "park_file": doing_files.Park(),
        "download": doing_files.Fetch(),
        "park_object": doing_objects.Park(),
        "upload": doing_objects.Send(),
        "update_row": doing_rows.Update(),
        "retire_row": doing_rows.Retire(),
        "register": doing_rows.Registering(),
        "recover": doing_rows.Recovering(),
    }
    return table[action.kind]


def words(error: OnePieceError) -> str:
    """An error in a result's line."""
    return f"{error.report.message} ({error.code})"
