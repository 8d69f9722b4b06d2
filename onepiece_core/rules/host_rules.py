"""What an open scene must satisfy: every rule over the facts of a host. Panels, shell and farm ask the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from onepiece_core.errors import ChecksFailed
from onepiece_core.rules import host_files, host_problems, host_scene
from onepiece_core.rules.host_rule import MOST_NODES, HostFinding, HostRule, SceneCheck

RULES: tuple[HostRule, ...] = (*host_scene.RULES, *host_files.RULES, *host_problems.RULES)

# How much of the findings an error carries.
_TOLD = 50
_TOLD_NODES = 20


def check_scene(scene: SceneCheck) -> tuple[HostFinding, ...]:
    """Everything that the rules find: the errors first, else in the order of the rules."""
    found = [finding for rule in RULES for finding in rule.check(scene)]
    return tuple(sorted(found, key=lambda finding: finding.severity != "error"))


class Ignored(BaseModel):
    """A finding that somebody publishes in spite of.

    Attributes:
        nodes: those of the finding: what else the rule finds later is not covered.
        reason: stays with the publish.
        message: of the finding; filled in when it is found again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    rule: str = Field(max_length=100)
    reason: str = Field(min_length=1, max_length=4000)
    nodes: Annotated[tuple[str, ...], Field(max_length=MOST_NODES)] = ()
    message: str = Field("", max_length=100_000)

    def covers(self, finding: HostFinding) -> bool:
        return finding.may_ignore and self.rule == finding.rule and frozenset(self.nodes) == frozenset(finding.nodes)


def judge(findings: Sequence[HostFinding], ignored: Iterable[Ignored]) -> tuple[Ignored, ...]:
    """What of ``ignored`` is still found. Raises ChecksFailed for errors that nobody ignores."""
    ignored = tuple(ignored)
    bad = [
        finding
        for finding in findings
        if finding.severity == "error" and not any(each.covers(finding) for each in ignored)
    ]
    if bad:
        raise _failed(bad)
    kept = []
    for each in ignored:
        finding = next((one for one in findings if each.covers(one)), None)
        if finding is not None:
            kept.append(each.model_copy(update={"message": finding.message}))
    return tuple(kept)


def _failed(bad: Sequence[HostFinding]) -> ChecksFailed:
    more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    told = [
        finding.model_copy(update={"nodes": finding.nodes[:_TOLD_NODES]}).model_dump(mode="json")
        for finding in bad[:_TOLD]
    ]
    return ChecksFailed(
        f"{bad[0].message}{more}", count=len(bad), rules=[each.rule for each in bad[:_TOLD]], findings=told
    )
