"""The newest kept findings of each show."""

from __future__ import annotations

from pathlib import Path

from onepiece_core.dashboard.model import FindingRow, FindingsReport


def list_reports(state_dir: Path) -> list[FindingsReport]:
    """The newest first."""
    from onepiece_core.reconcile.kept import iter_kept

    reports = [
        FindingsReport(
            project=kept.show_code or kept.project,
            made_at=kept.made_at,
            counts=kept.counts,
            findings=[FindingRow(**each.model_dump()) for each in kept.findings],
        )
        for kept in iter_kept(state_dir)
    ]
    return sorted(reports, key=lambda report: -(report.made_at or 0))
