"""What making a show would change on its site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from onepiece_core.errors import ProjectMissing, ShowCodeTaken, UsageError
from onepiece_core.naming import escaped
from onepiece_core.show.site import Site
from onepiece_core.show.there import Change, Matcher, differing
from onepiece_core.show.tree import Node, Show
from onepiece_core.show.wanted import Converter, Wanted, is_below, refuse_all, refuse_doubles, without_refused
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.tracker import Entity, Tracker

Action = Literal["create", "there", "differs"]
_SHOWN = 5


@dataclass(slots=True, eq=False)
class PlannedRow:
    """One row. ``differs``: it is there, ``changes`` says what is not as wanted."""

    wanted: Wanted
    action: Action
    changes: list[Change] = field(default_factory=list)

    @property
    def node(self) -> Node:
        return self.wanted.node


@dataclass(slots=True)
class ShowPlan:
    """What would be done.

    Attributes:
        project: the first row, of type Project.
        rows: parents before what lies in them, tasks last; without the project.
        refused: where -> why.
        more: rows of the same types that are there and that nobody wants: type -> codes. Only of a whole plan.
        update: change what differs.
    """

    site: str
    name_fields: Mapping[str, str]
    project: PlannedRow
    rows: list[PlannedRow]
    refused: dict[str, str]
    warnings: list[str]
    more: dict[str, list[str]] = field(default_factory=dict)
    update: bool = False

    @property
    def is_done(self) -> bool:
        """Nothing is left to be written."""
        return not any(
            row.action == "create" or (row.action == "differs" and self.update) for row in (self.project, *self.rows)
        )


def plan_show(
    tracker: Tracker,
    project: str,
    show: Show,
    *,
    update: bool = False,
    is_strict: bool = False,
    whole: bool = False,
    show_code: str | None = None,
) -> ShowPlan:
    """Compare what should be there with the site.

    Args:
        project: name or code; one that is not there will be made with this name.
        is_strict: a refused row refuses all, as of a template; else the others are made.
        whole: also tell what is there and not wanted.
        show_code: of a project that is made.

    Raises:
        ManifestError: something is refused, and ``is_strict``.
        ProjectMissing: several projects are called so.
        ShowCodeTaken: another project has the show code.
        UsageError: the site has no such type, the project no name.
        TrackerError: the site does not answer.
    """
    if not project.strip():
        raise UsageError("The project needs a name")
    site = Site(tracker)
    found = _find(tracker, project)
    converter = Converter(site, found)
    told = {**({"code": show_code} if show_code and found is None else {}), **show.project}
    data = converter.convert_project(told)
    wanted = without_refused(show, refuse_doubles(show, converter.convert(show)))
    _refuse_taken(tracker, found, data.get("code"))
    if is_strict:
        refuse_all(show, "The template does not fit the site")
    matcher = Matcher(site, found, wanted, whole=whole)
    there = matcher.match(wanted)
    rows = [_planned(each, there) for each in wanted]
    rows.sort(key=lambda row: row.node.type == "Task")
    names = {kind: site.name_field(kind) for kind in ("Project", *{row.node.type for row in rows})}
    planned = _project(tracker, project, found, data)
    plan = ShowPlan(tracker.url, names, planned, rows, show.refused, list(show.warnings), update=update)
    plan.warnings += _namesakes(rows, matcher)
    if whole:
        plan.more = _more(matcher)
    return plan


def _planned(each: Wanted, there: Mapping[int, tuple[Entity, list[Change]]]) -> PlannedRow:
    if id(each) not in there:
        return PlannedRow(each, "create")
    _, changes = there[id(each)]
    return PlannedRow(each, "differs" if changes else "there", changes)


def _project(tracker: Tracker, name: str, found: Entity | None, data: Mapping[str, Any]) -> PlannedRow:
    if found is None:
        return PlannedRow(Wanted(Node("Project", name, None, "project"), None, None, data), "create")
    row = PlannedRow(Wanted(Node("Project", found["name"], None, "project"), None, None, data, found["id"]), "there")
    if data:
        held = tracker.find_one("Project", [["id", "is", found["id"]]], sorted(data)) or {}
        row.changes = list(differing(data, held))
        row.action = "differs" if row.changes else "there"
    return row


def _find(tracker: Tracker, name: str) -> Entity | None:
    try:
        return find_project(tracker, {"name": name})
    except ProjectMissing as error:
        if error.report.message.startswith("Several"):
            raise
        return None


def _refuse_taken(tracker: Tracker, project: Entity | None, code: Any) -> None:
    """A show code is a part of paths and keys, where case may not count."""
    if not code:
        return
    owners = [
        each
        for each in tracker.find("Project", [["code", "is", code]], ("name", "code"))
        if project is None or each["id"] != project["id"]
    ]
    if owners:
        name = str(owners[0].get("name"))
        raise ShowCodeTaken(
            f"The project {name!r} has the show code {owners[0].get('code')} already",
            hint=f"Choose another code, or set up that project: --project {name!r}.",
            show_code=code,
            project=name,
            site=tracker.url,
        )


def _namesakes(rows: list[PlannedRow], matcher: Matcher) -> list[str]:
    """Codes that will be there twice, below other parents."""
    codes = [
        row.node.code
        for row in rows
        if row.action == "create"
        and row.node.type != "Task"
        and is_below(row.wanted)
        and row.node.type in matcher.rows
        and matcher.rows[row.node.type].by_code.get(row.node.code.casefold())
    ]
    if not codes:
        return []
    told = ", ".join(map(escaped, codes[:_SHOWN])) + (", ..." if len(codes) > _SHOWN else "")
    return [f"{len(codes)} new rows have codes that are there below other parents, too: {told}"]


def _more(matcher: Matcher) -> dict[str, list[str]]:
    return {
        kind: sorted(
            str(row.get(there.name)) for rows in there.by_code.values() for row in rows if row["id"] not in there.taken
        )
        for kind, there in matcher.rows.items()
    }
