"""Are these files whole, and what a preset asks for?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from onepiece_core.checksums import Stamp
from onepiece_core.errors import InputMissing, InputUnreadable
from onepiece_core.ingest.items import sort_items
from onepiece_core.ingest.look import look_at, say_changing
from onepiece_core.ingest.model import DropFile, DropItem, DropPlan
from onepiece_core.ingest.pixels import check_pixels
from onepiece_core.ingest.plan import weigh
from onepiece_core.ingest.presets import DropPreset
from onepiece_core.ingest.scan import scan_drop
from onepiece_core.progress import Reporter
from onepiece_core.rules.ingest_frames import check_frames
from onepiece_core.rules.ingest_media import check_media
from onepiece_core.shown import shown
from onepiece_core.validate.report import Finding, ValidationReport, findings_of


def check_media_in(
    paths: Sequence[Path], preset: DropPreset, *, allow_missing: bool = False, reporter: Reporter | None = None
) -> ValidationReport:
    """Files, and folders with all below them. Raises InputMissing, InputUnreadable, InputRefused."""
    findings: list[Finding] = []
    checked = 0
    for path in paths:
        plan = _plan(path)
        look_at(plan.items, "structure", reporter or Reporter())
        for item in plan.items:
            check_frames(item, allow_missing=allow_missing)
            check_media(item, preset)
        if preset.pictures.pixels:
            check_pixels(plan.items, reporter or Reporter())
        say_changing(plan.items)
        weigh(plan, preset)
        checked += sum(len(item.files) for item in plan.items) + len(plan.left)
        findings += findings_of(plan)
    return ValidationReport(check="media", checked=checked, findings=tuple(findings))


def _plan(path: Path) -> DropPlan:
    if path.is_dir():
        scan = scan_drop(path)
        return DropPlan(Path(scan.root), list(sort_items(scan.files)), scan.left, scan.problems)
    try:
        stamp = Stamp.of(os.stat(path))  # noqa: PTH116 - as the scan of a drop does it
    except FileNotFoundError as cause:
        raise InputMissing(f"{shown(path)} is not there", hint="Check the path.", path=shown(path)) from cause
    except (OSError, ValueError) as cause:
        raise InputUnreadable(f"{shown(str(path))} cannot be read", path=shown(str(path))) from cause
    file = DropFile(path.name, str(path.absolute().parent), stamp)
    return DropPlan(path.parent, [DropItem(path.stem, path.name, (file,))], {}, [])
