"""Can a vendor's manifest be believed, and does it fit its drop?"""

from __future__ import annotations

from pathlib import Path

from onepiece_core.context import Convention
from onepiece_core.errors import ManifestError
from onepiece_core.ingest.items import sort_items
from onepiece_core.ingest.match import check_unlisted, match_entries
from onepiece_core.ingest.model import DropPlan
from onepiece_core.ingest.names import read_name, show_problems
from onepiece_core.ingest.plan import skip_manifest, unusable
from onepiece_core.ingest.scan import scan_drop
from onepiece_core.manifest.drop_cells import Entry
from onepiece_core.manifest.drop_manifest import DropManifest, load_manifest
from onepiece_core.manifest.drop_mapping import Mapping
from onepiece_core.shown import shown
from onepiece_core.validate.report import Finding, ValidationReport, finding_of, findings_of


def check_manifest(
    path: Path,
    mapping: Mapping,
    convention: Convention,
    *,
    show_code: str | None = None,
    drop: Path | None = None,
) -> ValidationReport:
    """Every row; with ``drop`` its files beside them. Raises InputMissing, InputUnreadable."""
    try:
        manifest = load_manifest(path, mapping)
    except ManifestError as error:
        findings = (finding_of(path.name, unusable(error)),)
        return ValidationReport(check="manifest", checked=0, findings=findings)
    found = [finding_of(path.name, problem) for problem in manifest.problems]
    if drop is None:
        found += [finding for entry in manifest.entries for finding in _of_entry(entry, show_code)]
    else:
        found += _beside(manifest, path, drop, convention, show_code)
    return ValidationReport(check="manifest", checked=len(manifest.entries), findings=tuple(found))


def _of_entry(entry: Entry, show_code: str | None) -> list[Finding]:
    problems = list(entry.problems)
    if show_code and entry.expected is not None and entry.expected.show:
        problems += show_problems(entry.expected.show, show_code, entry.line)
    return [finding_of(shown(entry.path) or f"line {entry.line}", problem) for problem in problems]


def _beside(
    manifest: DropManifest, path: Path, drop: Path, convention: Convention, show_code: str | None
) -> list[Finding]:
    scan = scan_drop(drop)
    skip_manifest(scan, path)
    items = list(sort_items(scan.files))
    for item in items:
        item.context = read_name(item.name, convention, show_code).context
    plan = DropPlan(Path(scan.root), items, {}, scan.problems)
    plan.problems += match_entries(
        manifest.entries, items, show_code=show_code, drop_name=drop.name, convention=convention
    )
    check_unlisted(items)
    return findings_of(plan)
