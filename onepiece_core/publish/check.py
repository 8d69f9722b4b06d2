"""Check the collected inputs: is every file whole, do the frames fit the cut, is what the scene uses there?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from onepiece_core.editorial.otio import read_otio
from onepiece_core.errors import EditorialError, InputRefused, MediaError, OnePieceError
from onepiece_core.frames import parse_ranges
from onepiece_core.manifest.package import PackageFrames
from onepiece_core.media.facts import MediaFacts
from onepiece_core.media.probe import probe_all
from onepiece_core.progress import Reporter, Warned
from onepiece_core.publish.collect import Collected
from onepiece_core.publish.request import PublishRequest
from onepiece_core.rules.cut import cut_rate, metadata_fps
from onepiece_core.rules.facts import Dependency, ItemFacts, PublishFacts
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
    facts = PublishFacts(
        scene_name=request.scene_name,
        shot=shot,
        items=tuple(_item_facts(collected, reporter)),
        cut=read_otio(request.otio) if request.otio else None,
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


def _item_facts(collected: Collected, reporter: Reporter) -> Iterator[ItemFacts]:
    """The facts of each rendered or previewed item. Raises the first bad file's error, which names them all."""
    files = [file for file in collected.files if file.role in ("render", "preview")]
    probed = probe_all([file.path for file in files], reporter)
    bad = [
        (file.package_path, fact) for file, fact in zip(files, probed, strict=True) if isinstance(fact, OnePieceError)
    ]
    if bad:
        raise _all_bad(bad)
    facts = {f.package_path: fact for f, fact in zip(files, probed, strict=True) if isinstance(fact, MediaFacts)}
    for item in collected.items:
        frames = tuple(parse_ranges(item.frames)) if item.frames else ()
        paths = [item.pattern % frame for frame in frames] if "%" in item.pattern else [item.pattern]
        known = tuple(facts[path] for path in paths if path in facts)
        if known:
            yield ItemFacts(item, known, frames if len(known) == len(frames) else ())


def _all_bad(bad: list[tuple[str, OnePieceError]]) -> OnePieceError:
    first = bad[0][1]
    more = f" ({len(bad) - 1} more files are not sound)" if len(bad) > 1 else ""
    context = {**first.report.context, "paths": [path for path, _ in bad[:_NAMED]], "count": len(bad)}
    return type(first)(first.report.message + more, hint=first.report.hint, **context)


def _frame_range(facts: PublishFacts) -> PackageFrames | None:
    """The range of the longest render sequence; its rate as the metadata, the frames or the cut tell it."""
    if facts.main is None:
        return None
    rate = metadata_fps(facts) or facts.frames_fps or cut_rate(facts)
    frames = facts.main.frames
    return PackageFrames(first=frames[0], last=frames[-1], fps=float(rate) if rate else None)
