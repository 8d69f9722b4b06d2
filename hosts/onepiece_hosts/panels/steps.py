"""A publish as the steps that an artist sees, made from the worker's progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onepiece_hosts.panels import words

WAITING, RUNNING, DONE = "waiting", "running", "done"

# Each step, what it is called, and its part of the whole when nothing is known about the amounts.
_STEPS = (
    ("reserve", "Reserve the version", 0.03),
    ("stage", "Copy", 0.45),
    ("commit", "Put in place", 0.02),
    ("push", "Upload", 0.42),
    ("register", "Register in ShotGrid", 0.06),
    ("finish", "Finish", 0.02),
)
# Where progress of another name belongs.
_SAME = {"upload": "push", "plan": "reserve", "collect": "reserve"}


@dataclass(frozen=True)
class Step:
    """``share`` is from 0 to 1 and None while unknown; ``amount`` is for people."""

    label: str
    state: str
    share: float | None
    amount: str


class Steps:
    """Takes progress as it comes: steps only go forward."""

    def __init__(self) -> None:
        self._at = -1
        self._told: dict[str, Mapping[str, Any]] = {}
        self.item = ""

    def take(self, progress: Mapping[str, Any]) -> None:
        phase = str(progress["phase"])
        name = _SAME.get(phase, phase)
        names = [one for one, _, _ in _STEPS]
        if name not in names:
            return
        self._at = max(self._at, names.index(name))
        self.item = str(progress.get("item") or "")
        if progress.get("unit") != "steps":  # those only say which step has begun
            self._told[name] = progress

    def rows(self, is_over: bool = False) -> list[Step]:
        """One for each step. ``is_over``: all have been done."""
        found = []
        for number, (name, label, _) in enumerate(_STEPS):
            told = self._told.get(name)
            state = DONE if is_over or number < self._at else RUNNING if number == self._at else WAITING
            share = 1.0 if state == DONE else words.share(told) if state == RUNNING else 0.0
            found.append(Step(label, state, share, words.amount(told) if told and state == RUNNING else ""))
        return found

    def share(self) -> float:
        """Of the whole, from 0 to 1."""
        return sum(part * (row.share or 0.0) for (_, _, part), row in zip(_STEPS, self.rows()))
