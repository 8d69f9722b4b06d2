"""Check the collected inputs: is every file whole, do the frames fit the cut, is what the scene uses there?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onepiece_core.errors import EditorialError, InputRefused, MediaError, OnePieceError
from onepiece_core.manifest.package import PackageFrames
from onepiece_core.media.facts import MediaFacts
from onepiece_core.media.probe import probe_all
from onepiece_core.progress import Reporter, Warned
from onepiece_core.publish.collect import Collected
from onepiece_core.publish.facts import frames_per_second, gather_facts
from onepiece_core.publish.request import PublishRequest
from onepiece_core.rules.facts import Dependency, PublishFacts
from onepiece_core.rules.finding import Finding
from onepiece_core.rules.publish import check

# How many bad files an error names.
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found out about sound inputs."""

    frame_range: PackageFrames | None
    warnings: tuple[Warned, ...]


def check_inputs(
    request: PublishRequest,
    collected: Collected,
    metadata: dict[str, Any],
    *,
    shot: str | None,
    dependencies: tuple[Dependency, ...],
    reporter: Reporter,
) -> Checked:
    """Raise for what must not be published, warn about the rest.

    Raises:
        MediaError: files are empty, cut short or damaged; ``context.paths`` names them.
        EditorialError: the cut cannot be read.
        InputRefused: a rule forbids it.
    """
    facts = gather_facts(
        collected,
        _probe(collected, reporter),
        scene_name=request.scene_name,
        shot=shot,
        otio=request.otio,
        metadata=metadata,
        dependencies=dependencies,
    )
    findings = _distinct((*collected.findings, *check(facts)))
    for finding in findings:
        if finding.severity == "error":
            raise _refusal(finding)
    warnings = tuple(Warned(code=f.rule, message=f.message, hint=f.hint) for f in findings)
    return Checked(_frame_range(facts), warnings)


def _distinct(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple({(finding.rule, finding.message): finding for finding in findings}.values())


def _refusal(finding: Finding) -> OnePieceError:
    kind = {"media": MediaError, "cut": EditorialError}.get(finding.rule.partition(".")[0], InputRefused)
    return kind(finding.message, hint=finding.hint, rule=finding.rule, **finding.context)


def _probe(collected: Collected, reporter: Reporter) -> dict[str, MediaFacts]:
    """The facts of each rendered or previewed file. Raises the first bad file's error, which names them all."""
    files = [file for file in collected.files if file.role in ("render", "preview")]
    probed = list(zip(files, probe_all([file.path for file in files], reporter), strict=True))
    bad = [(file.package_path, fact) for file, fact in probed if isinstance(fact, OnePieceError)]
    if bad:
        raise _all_bad(bad)
    return {file.package_path: fact for file, fact in probed if isinstance(fact, MediaFacts)}


def _all_bad(bad: list[tuple[str, OnePieceError]]) -> OnePieceError:
    first = bad[0][1]
    more = f" ({len(bad) - 1} more files are not sound)" if len(bad) > 1 else ""
    context = {**first.report.context, "paths": [path for path, _ in bad[:_NAMED]], "count": len(bad)}
    return type(first)(first.report.message + more, hint=first.report.hint, **context)


def _frame_range(facts: PublishFacts) -> PackageFrames | None:
    """The range of the longest render sequence."""
    if facts.main is None:
        return None
    frames, rate = facts.main.frames, frames_per_second(facts)
    return PackageFrames(first=frames[0], last=frames[-1], fps=float(rate) if rate else None)
