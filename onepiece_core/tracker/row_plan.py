"""What a file of rows would change on a site: each row as the site takes it, or why it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from onepiece_core.errors import ErrorReport, TrackerRefused, UsageError
from onepiece_core.manifest.row_files import Row
from onepiece_core.tracker.bulk import BulkRow, Kind, RowResult
from onepiece_core.tracker.row_steps import identity_of
from onepiece_core.tracker.row_values import NAME_FIELDS, Links, NamedLink, ValueRefused, convert
from onepiece_core.tracker.tracker import Entity, Filter, Tracker

Action = Literal["create", "update", "delete", "revive"]
KINDS: Mapping[Action, Kind] = {
    "create": "rows",
    "update": "row_updates",
    "delete": "row_deletes",
    "revive": "row_revives",
}
# What tells a row from all others, where it is not its project and its name.
_UNIQUE: Mapping[str, tuple[str, ...]] = {
    "Project": ("name",),
    "Task": ("entity", "content"),
    "PublishedFile": ("version", "code"),
    "Step": ("code",),
    "HumanUser": ("login",),
    "PlaylistVersionConnection": ("playlist", "version"),
    "LocalStorage": ("code",),
    "PublishedFileType": ("code",),
}
_ROWS_A_REQUEST = 500


@dataclass(slots=True)
class RowPlan:
    """What would be sent. ``refused`` rows are never sent.

    Attributes:
        unique: the fields by which rows to be made are found again.
    """

    action: Action
    entity_type: str
    unique: tuple[str, ...]
    rows: list[BulkRow] = field(default_factory=list)
    refused: list[RowResult] = field(default_factory=list)

    def refuse(self, key: str, message: str) -> None:
        report = ErrorReport(code=TrackerRefused.code, message=message, context={"row": key})
        self.refused.append(RowResult(key, "failed", None, report))


def plan_rows(
    tracker: Tracker,
    action: Action,
    entity_type: str,
    rows: Sequence[Row],
    *,
    project: Entity | None = None,
    unique: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
) -> RowPlan:
    """Check and convert every row; ask for what they link to.

    Args:
        project: of every row without a project of its own, and where links are looked up.
        unique: names of fields; by default those that such rows have.
        renamed: column of the file -> field.

    Raises:
        UsageError: the site has no such type, or nothing tells its rows apart.
        TrackerError: the site does not answer.
    """
    known = fields_of(tracker, entity_type)
    plan = RowPlan(action, entity_type, tuple(unique) or _unique_of(entity_type, known))
    _check_unique(plan, known)
    reading = _Reading(tracker, plan, known, project, renamed or {})
    reading.read(rows)
    if action == "create":
        _refuse_doubles(plan)
    elif plan.rows:
        _find_ids(tracker, plan, project)
    return plan


class _Reading:
    """Rows on their way from a file's values to a site's."""

    def __init__(
        self,
        tracker: Tracker,
        plan: RowPlan,
        known: Mapping[str, Mapping[str, Any]],
        project: Entity | None,
        renamed: Mapping[str, str],
    ) -> None:
        self.plan, self.known, self.project, self.renamed = plan, known, project, renamed
        self.links = Links(tracker, project)

    def read(self, rows: Sequence[Row]) -> None:
        converted = [(row, self._converted(row)) for row in rows]
        self.links.read()
        for row, data in converted:
            if data is None:
                continue
            try:
                linked = {name: self._linked(value) for name, value in data.items()}
            except ValueRefused as error:
                self.plan.refuse(_key(row), str(error))
                continue
            number = linked.pop("id", None)
            self.plan.rows.append(BulkRow(_key(row), linked, number))

    def _converted(self, row: Row) -> dict[str, Any] | None:
        if row.error is not None:
            self.plan.refuse(_key(row), row.error)
            return None
        try:
            data = dict(self._values(row))
            if self.plan.action == "create":
                self._complete(data)
        except ValueRefused as error:
            self.plan.refuse(_key(row), str(error))
            return None
        for value in data.values():
            for link in value if isinstance(value, list) else [value]:
                if isinstance(link, NamedLink):
                    self.links.want(link)
        return data

    def _values(self, row: Row) -> Iterator[tuple[str, Any]]:
        for column, value in row.values.items():
            name = self.renamed.get(column, column)
            if value == "" or (value is None and self.plan.action == "create"):
                continue  # an empty cell says nothing
            if name == "id":
                yield name, convert(value, {"data_type": "number"})
                continue
            schema = self.known.get(name)
            if schema is None:
                raise ValueRefused(f"{self.plan.entity_type} has no field {name!r}")
            if schema.get("editable") is False and self.plan.action in ("create", "update"):
                raise ValueRefused(f"{name} cannot be written")
            try:
                yield name, convert(value, schema)
            except ValueRefused as error:
                raise ValueRefused(f"{name}: {error}") from error

    def _complete(self, data: dict[str, Any]) -> None:
        if data.pop("id", None) is not None:
            raise ValueRefused("a row to be made has no id yet")
        if self.project is not None and "project" in self.known:
            data.setdefault("project", self.project)
        lacking = [name for name in self.plan.unique if data.get(name) is None]
        if lacking:
            raise ValueRefused(f"{', '.join(lacking)} is empty")

    def _linked(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._linked(each) for each in value]
        return self.links.get(value) if isinstance(value, NamedLink) else value


def fields_of(tracker: Tracker, entity_type: str) -> Mapping[str, Mapping[str, Any]]:
    """The fields of a type by name. Raises UsageError: the site has no such type."""
    try:
        return tracker.schema_fields(entity_type)
    except TrackerRefused as error:
        raise UsageError(
            f"The site has no type {entity_type!r}", hint="Write it as in Shot, Version, CustomEntity01."
        ) from error


def _unique_of(entity_type: str, known: Mapping[str, Any]) -> tuple[str, ...]:
    name = NAME_FIELDS.get(entity_type, ("code",))[0]
    return _UNIQUE.get(entity_type) or (("project", name) if "project" in known else (name,))


def _check_unique(plan: RowPlan, known: Mapping[str, Any]) -> None:
    lacking = [name for name in plan.unique if name not in known]
    if lacking:
        raise UsageError(
            f"{plan.entity_type} has no field {lacking[0]!r}: nothing tells its rows apart",
            hint="Name the fields that do with --unique.",
        )


def _refuse_doubles(plan: RowPlan) -> None:
    """The second of two equal rows: a site would take both."""
    seen: dict[tuple[Any, ...], str] = {}
    kept: list[BulkRow] = []
    for row in plan.rows:
        first = seen.setdefault(identity_of(row.data, plan.unique), row.key)
        if first == row.key:
            kept.append(row)
        else:
            plan.refuse(row.key, f"it is the same as {first}")
    plan.rows = kept


def _find_ids(tracker: Tracker, plan: RowPlan, project: Entity | None) -> None:
    """Rows that name no id are found by what makes them unique."""
    named = [row for row in plan.rows if row.id is None]
    found: dict[tuple[Any, ...], list[int]] = {}
    name = plan.unique[-1]
    for start in range(0, len(named), _ROWS_A_REQUEST):
        some = [row for row in named[start : start + _ROWS_A_REQUEST] if row.data.get(name) is not None]
        filters: list[Filter] = [[name, "in", [row.data[name] for row in some]]]
        if project is not None and "project" in plan.unique:
            filters.append(["project", "is", project])
        for entity in tracker.find(plan.entity_type, filters, plan.unique, retired_only=plan.action == "revive"):
            found.setdefault(identity_of(entity, plan.unique), []).append(entity["id"])
    kept: list[BulkRow] = []
    for row in plan.rows:
        if row.id is not None:
            kept.append(row)
            continue
        data = {"project": project, **row.data} if project is not None else row.data
        ids = found.get(identity_of(data, plan.unique), [])
        if len(ids) == 1:
            rest = {key: value for key, value in row.data.items() if key not in plan.unique}
            kept.append(BulkRow(row.key, rest, ids[0]))
        else:
            told = "there is none" if not ids else f"there are {len(ids)}"
            plan.refuse(row.key, f"{told} with its {' and '.join(plan.unique)}; name its id")
    plan.rows = kept


def _key(row: Row) -> str:
    return f"row {row.line}"
