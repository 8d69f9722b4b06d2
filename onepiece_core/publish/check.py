"""Check the collected inputs: is every file whole, and do the frames fit the cut?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onepiece_core.errors import InputRefused, OnePieceError
from onepiece_core.manifest.package import PackageFrames, PackageItem
from onepiece_core.media.facts import MediaFacts
from onepiece_core.media.probe import probe_all
from onepiece_core.progress import Reporter, Warned
from onepiece_core.publish.collect import Collected
from onepiece_core.publish.facts import frames_per_second, gather_facts
from onepiece_core.publish.request import PublishRequest
from onepiece_core.rules import publish as rules

# How many bad files an error names.
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found out about sound inputs."""

    frame_range: PackageFrames | None
    warnings: tuple[Warned, ...]


def check_inputs(
    request: PublishRequest, collected: Collected, metadata: dict[str, Any], reporter: Reporter
) -> Checked:
    """Raise for what must not be published, warn about the rest."""
    facts = gather_facts(
        collected,
        _check_media(collected, reporter),
        scene_name=request.scene_name,
        shot=request.shot,
        otio=request.otio,
        metadata=metadata,
    )
    findings = (*collected.findings, *rules.check(facts))
    refused = [finding for finding in findings if finding.severity == "error"]
    if refused:
        told = [finding.message for finding in refused[:_NAMED]]
        raise InputRefused(refused[0].message, hint=refused[0].hint, rule=refused[0].rule, problems=told)
    warnings = tuple(Warned(code=finding.rule, message=finding.message, hint=finding.hint) for finding in findings)
    fps = frames_per_second(facts)
    return Checked(_frame_range(collected.items, float(fps) if fps else None), warnings)


def _check_media(collected: Collected, reporter: Reporter) -> dict[str, MediaFacts]:
    """The facts of every frame and movie, by path in the package. Raises when one is not sound."""
    files = [file for file in collected.files if file.role in ("render", "preview")]
    facts = probe_all([file.path for file in files], reporter)
    sound = {f.package_path: fact for f, fact in zip(files, facts, strict=True) if not isinstance(fact, OnePieceError)}
    bad = [(file, fact) for file, fact in zip(files, facts, strict=True) if isinstance(fact, OnePieceError)]
    if not bad:
        return sound
    first = bad[0][1]
    names = [file.package_path for file, _ in bad[:_NAMED]]
    message = first.report.message + (f" ({len(bad) - 1} more files are not sound)" if len(bad) > 1 else "")
    raise type(first)(message, hint=first.report.hint, **{**first.report.context, "paths": names, "count": len(bad)})


def _frame_range(items: tuple[PackageItem, ...], fps: float | None) -> PackageFrames | None:
    """The range of the longest render sequence."""
    renders = [item for item in items if item.role == "render" and item.first is not None and item.last is not None]
    if not renders:
        return None
    longest = max(renders, key=lambda item: item.files)
    assert longest.first is not None
    assert longest.last is not None
    return PackageFrames(first=longest.first, last=longest.last, fps=fps)
