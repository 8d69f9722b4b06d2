"""Slurm's words and what lies in a job's folder, as our states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from onepiece_core.farm.engines.slurm.clients import Element
from onepiece_core.farm.engines.slurm.folder import Array, Attempt, JobFolder
from onepiece_core.farm.states import TaskState

_STATES: Mapping[str, TaskState] = {
    "PENDING": "queued",
    "REQUEUED": "queued",
    "REQUEUE_FED": "queued",
    "RESV_DEL_HOLD": "held",
    "REQUEUE_HOLD": "held",
    "SUSPENDED": "held",
    "SPECIAL_EXIT": "held",
    "CONFIGURING": "running",
    "RUNNING": "running",
    "COMPLETING": "running",
    "STAGE_OUT": "running",
    "SIGNALING": "running",
    "RESIZING": "running",
    "STOPPED": "held",
    "COMPLETED": "succeeded",
    "CANCELLED": "cancelled",
    "REVOKED": "cancelled",
    "FAILED": "failed",
    "TIMEOUT": "failed",
    "OUT_OF_MEMORY": "failed",
    "NODE_FAIL": "failed",
    "BOOT_FAIL": "failed",
    "DEADLINE": "failed",
    "PREEMPTED": "failed",
    "LAUNCH_FAILED": "failed",
    "RECONFIG_FAIL": "failed",
}
_RAW: Mapping[str, TaskState] = {"succeeded": "succeeded", "failed": "failed", "cancelled": "cancelled"}
_NAMES = {"succeeded": "COMPLETED", "failed": "FAILED", "cancelled": "CANCELLED"}

# By comment, which is ours for ever: a controller that lost its state gives out the same ids again.
Elements = Mapping[tuple[str, int | None], Element]


@dataclass(frozen=True, slots=True)
class Placed:
    """A task as it is now: in the newest array that has it. ``attempt`` is its newest one there."""

    task: int
    array: Array
    position: int
    state: TaskState
    raw: str
    reason: str = ""
    attempt: Attempt | None = None


class Known:
    """What a job's folder says, read once."""

    def __init__(self, folder: JobFolder) -> None:
        self._folder = folder
        self.arrays = folder.list_arrays()
        self._places = {task: (array, position) for array in self.arrays for position, task in enumerate(array.tasks)}
        self._cancelled = folder.list_cancelled()
        self._attempts: dict[tuple[int, int], Attempt] = {}
        for each in folder.list_attempts():
            newest = self._attempts.get((each.task, each.array))
            if newest is None or _order(each) > _order(newest):
                self._attempts[each.task, each.array] = each

    def asked_arrays(self) -> set[str]:
        """Slurm's ids of the arrays with tasks of which the folder does not say how they ended."""
        return {
            array.slurm_id
            for task, (array, _) in self._places.items()
            if array.slurm_id is not None and self._ended(task, array) is None
        }

    def tasks(self, elements: Elements) -> list[Placed]:
        """In order. ``elements``: what Slurm says of those arrays."""
        return [self._placed(task, *self._places[task], elements) for task in sorted(self._places)]

    def _ended(self, task: int, array: Array) -> Attempt | None:
        newest = self._attempts.get((task, array.number))
        return newest if newest is not None and newest.mark in _RAW else None

    def _placed(self, task: int, array: Array, position: int, elements: Elements) -> Placed:
        attempt = self._attempts.get((task, array.number))
        is_cancelled = (task, array.number) in self._cancelled
        if ended := self._ended(task, array):
            # Slurm ends every process at once: the task may be seen to fail before it is told to end.
            mark = "cancelled" if is_cancelled and ended.mark == "failed" else ended.mark
            return Placed(task, array, position, _RAW[mark], _NAMES[mark], attempt=ended)
        if array.slurm_id is None:
            state, raw = ("cancelled", "CANCELLED") if is_cancelled else ("queued", "UNSENT")
            return Placed(task, array, position, state, raw)  # type: ignore[arg-type]
        comment = self._folder.comment_of(array)
        element = elements.get((comment, position)) or elements.get((comment, None))
        if element is None:
            # Slurm has forgotten it, and it left no end behind.
            return Placed(task, array, position, "cancelled" if is_cancelled else "lost", "GONE", attempt=attempt)
        state = _state(element, is_cancelled=is_cancelled)
        reason = "" if element.reason == "None" else element.reason
        return Placed(task, array, position, state, element.state, reason, attempt)


def _state(element: Element, *, is_cancelled: bool) -> TaskState:
    # A word that nobody has explained is no end: the task is still there.
    state = _STATES.get(element.state, "running")
    if state == "queued" and _is_hold(element.reason):
        return "held"
    if state == "queued" and element.reason.startswith("Dependency"):
        return "blocked"
    return "cancelling" if state == "running" and is_cancelled else state


def _is_hold(reason: str) -> bool:
    """JobHeldUser, JobHeldAdmin, JobHoldMaxRequeue, "launch failed requeued held": it waits for somebody."""
    return reason.startswith(("JobHeld", "JobHold")) or reason.endswith("held")


def _order(attempt: Attempt) -> tuple[int, bool]:
    return attempt.number, attempt.mark != "begun"


def by_place(elements: Iterable[Element]) -> Elements:
    return {(each.comment, each.position): each for each in elements}
