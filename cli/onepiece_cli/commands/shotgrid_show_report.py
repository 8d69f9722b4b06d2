"""What making a show did, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.outcome import exit_with
from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.show.apply import ShowRow
    from onepiece_core.show.plan import ShowPlan

_SHOWN = 20
_ORDER = ("planned", "created", "updated", "there", "differs", "waiting", "failed", "refused")


def planned_rows(plan: ShowPlan) -> list[ShowRow]:
    """What a plan would do, as if it were done."""
    from onepiece_core.show.apply import ShowRow

    states: dict[str, Any] = {"create": "waiting", "there": "there", "differs": "waiting" if plan.update else "differs"}
    return [ShowRow(row, states[row.action], row.wanted.id) for row in (plan.project, *plan.rows)]


def end(session: Session, plan: ShowPlan, rows: Sequence[ShowRow], *, as_json: bool, dry_run: bool) -> None:
    """Print and end the command: 2 when rows were refused, 1 when some failed or wait."""
    summary = _summary(rows, dry_run=dry_run)
    states: Counter[str] = Counter(row.state for row in rows)
    if as_json:
        project = {"name": plan.project.node.code, "id": plan.project.wanted.id}
        answer = {"schema": "onepiece.show.1", "project": project, "dry_run": dry_run, "summary": summary}
        told = [_told(row, dry_run=dry_run) for row in rows]
        told += [{"where": where, "state": "refused", "why": why} for where, why in plan.refused.items()]
        typer.echo(session.told({**answer, "warnings": plan.warnings, "rows": told}))
    else:
        _show(plan, rows, summary)
    exit_with(len(plan.refused), 0 if dry_run else states["failed"] + states["waiting"])


def _show(plan: ShowPlan, rows: Sequence[ShowRow], summary: dict[str, dict[str, int]]) -> None:
    lines = [f"{where}: {why}" for where, why in plan.refused.items()]
    lines += [f"{row.planned.node.type} {row.planned.node.path}: {row.error.message}" for row in rows if row.error]
    lines += [
        f"{row.planned.node.type} {row.planned.node.path}: {_changes(row)}" for row in rows if row.state == "differs"
    ]
    _echo_some([*(f"warning: {warning}" for warning in plan.warnings), *lines])
    for kind, states in summary.items():
        typer.echo(f"{kind}: " + ", ".join(f"{count} {state}" for state, count in states.items()))
    if plan.refused:
        typer.echo(f"{len(plan.refused)} refused")


def _echo_some(lines: Iterable[str]) -> None:
    every = list(lines)
    for line in every[:_SHOWN]:
        typer.echo(printable(line), err=True)
    if len(every) > _SHOWN:
        typer.echo(f"and {len(every) - _SHOWN} more", err=True)


def _summary(rows: Iterable[ShowRow], *, dry_run: bool) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {"Project": Counter()}
    for row in rows:
        counts.setdefault(row.planned.node.type, Counter())[_state(row, dry_run=dry_run)] += 1
    return {kind: {state: some[state] for state in _ORDER if some[state]} for kind, some in counts.items()}


def _state(row: ShowRow, *, dry_run: bool) -> str:
    return "planned" if dry_run and row.state == "waiting" else row.state


def _told(row: ShowRow, *, dry_run: bool) -> dict[str, Any]:
    node = row.planned.node
    told: dict[str, Any] = {"where": node.where, "type": node.type, "code": node.code, "path": node.path}
    told |= {"state": _state(row, dry_run=dry_run), "id": row.id}
    if row.planned.changes:
        changes = row.planned.changes
        told["changes"] = {each.field: {"was": _plain(each.was), "value": each.value} for each in changes}
    return told if row.error is None else {**told, "error": row.error.model_dump(mode="json")}


def _changes(row: ShowRow) -> str:
    return ", ".join(f"{each.field} is {_shown(each.was)}, not {_shown(each.value)}" for each in row.planned.changes)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("name") or value.get("id"))
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "empty"
    return "empty" if value in (None, "") else str(value)


def _plain(value: Any) -> Any:
    from datetime import datetime

    return value.isoformat() if isinstance(value, datetime) else value
