"""A rule: a pure function over facts, with what a person needs to know about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from onepiece_core.rules.facts import PublishFacts
from onepiece_core.rules.finding import Finding, Severity

# The message, and JSON values for the log.
Found = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a publish must satisfy.

    Attributes:
        id: stable: people silence it and panels find their fix by it.
        summary: what it asks for, for the reference.
        fix: id of a host's action that selects or repairs what was found.
    """

    id: str
    severity: Severity
    summary: str
    look: Callable[[PublishFacts], Iterable[Found]]
    hint: str | None = None
    fix: str | None = None

    def check(self, facts: PublishFacts) -> tuple[Finding, ...]:
        """What ``facts`` do not satisfy."""
        return tuple(
            Finding(
                rule=self.id, severity=self.severity, message=message, hint=self.hint, fix=self.fix, context=context
            )
            for message, context in self.look(facts)
        )
