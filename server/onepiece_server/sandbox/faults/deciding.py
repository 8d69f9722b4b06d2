"""Which rule of a plan falls on a call. All of it follows from the plan and the order of the calls."""

from __future__ import annotations

import threading
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from onepiece_server.sandbox.faults.plan import NO_FAULTS, Plan, Rule, Target


class _Counted:
    """A rule and what it has counted."""

    def __init__(self, rule: Rule, seed: str) -> None:
        self.rule = rule
        self.seen = self.spoilt = 0
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose

    def fits(self, method: str, key: str | None) -> bool:
        rule = self.rule
        if rule.fault == "thumbnail_stuck" or ("*" not in rule.method and method not in rule.method):
            return False
        return rule.key is None or (key is not None and fnmatchcase(key, rule.key))

    def is_due(self) -> bool:
        """Count one more call."""
        self.seen += 1
        rule = self.rule
        due = True
        if rule.nth is not None:
            due = self.seen == rule.nth
        elif rule.every is not None:
            due = self.seen % rule.every == 0
        elif rule.probability is not None:
            due = self._random.random() < rule.probability
        return due and (rule.times is None or self.spoilt < rule.times)


class Decider:
    """The rules of one server as they stand now. Can be asked from several threads."""

    def __init__(self, target: Target, plan: Plan = NO_FAULTS) -> None:
        self._target: Target = target
        self._lock = threading.Lock()
        self.replace(plan)

    def replace(self, plan: Plan) -> None:
        """Another plan; it counts from the beginning. Rules of other servers are left out."""
        with self._lock:
            self._plan = plan.of(self._target)
            rules = self._plan.rules
            self._rules = [_Counted(rule, f"{plan.seed}:{number}") for number, rule in enumerate(rules)]

    @property
    def has_rules(self) -> bool:
        return bool(self._rules)

    def has(self, fault: str) -> bool:
        """Whether a rule with this fault stands."""
        return any(rule.fault == fault for rule in self._plan.rules)

    def next(self, method: str, key: str | None = None) -> Rule | None:
        """Count a call; the rule that spoils it. Every rule that fits counts, the first one due takes it."""
        if not self._rules:
            return None
        with self._lock:
            due = [each for each in self._rules if each.fits(method, key) and each.is_due()]
            if not due:
                return None
            due[0].spoilt += 1
            return due[0].rule

    def report(self) -> dict[str, Any]:
        """The plan, and for each rule how many calls it has seen and spoilt."""
        with self._lock:
            counts = [{"seen": each.seen, "spoilt": each.spoilt} for each in self._rules]
            return {"plan": self._plan.model_dump(mode="json", exclude_none=True), "counts": counts}
