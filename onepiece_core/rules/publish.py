"""What a publish must satisfy: every rule over one set of facts. Hosts, CLI, farm and watch folders ask the same."""

from __future__ import annotations

from onepiece_core.rules import cut, media, scene
from onepiece_core.rules.facts import PublishFacts
from onepiece_core.rules.finding import Finding
from onepiece_core.rules.rule import Rule

RULES: tuple[Rule, ...] = (*scene.RULES, *media.RULES, *cut.RULES)


def check(facts: PublishFacts) -> tuple[Finding, ...]:
    """Everything that the rules find, in their order."""
    return tuple(finding for rule in RULES for finding in rule.check(facts))
