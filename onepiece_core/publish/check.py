"""Check the collected inputs: is every file whole, and do the frames fit the cut?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onepiece_core.errors import OnePieceError
from onepiece_core.manifest.package import PackageFrames, PackageItem
from onepiece_core.media.probe import probe_all
from onepiece_core.progress import Reporter, Warned
from onepiece_core.publish.collect import Collected
from onepiece_core.publish.request import PublishRequest

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
    _check_media(collected, reporter)
    warnings = [Warned(code=f.rule, message=f.message, hint=f.hint) for f in collected.findings]
    fps = metadata.get("fps")
    fps = float(fps) if isinstance(fps, int | float) and not isinstance(fps, bool) and fps > 0 else None
    return Checked(_frame_range(collected.items, fps), tuple(warnings))


def _check_media(collected: Collected, reporter: Reporter) -> None:
    files = [file for file in collected.files if file.role in ("render", "preview")]
    facts = probe_all([file.path for file in files], reporter)
    bad = [(file, fact) for file, fact in zip(files, facts, strict=True) if isinstance(fact, OnePieceError)]
    if not bad:
        return
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
