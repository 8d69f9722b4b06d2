"""create, update, delete, revive and batch: each call is one transaction, each change leaves its events."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid import events, secret
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.dates import now_text
from onepiece_server.sandbox.shotgrid.echo import Echo
from onepiece_server.sandbox.shotgrid.faults import Fault, crud_fault
from onepiece_server.sandbox.shotgrid.incoming import Change, Incoming, incoming
from onepiece_server.sandbox.shotgrid.links import display_names
from onepiece_server.sandbox.shotgrid.model import ENTITY, EntityType, Field
from onepiece_server.sandbox.shotgrid.relations import Relations
from onepiece_server.sandbox.shotgrid.rules import Columns, Rules
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.task_templates import Expansion, template_of

Pair = tuple[str, int]


def create(site: Site, caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    with site.database.write() as connection:
        return Writer(site, caller, connection).create(args)


def update(site: Site, caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    with site.database.write() as connection:
        return Writer(site, caller, connection).update(args)


def delete(site: Site, caller: Caller, args: dict[str, Any]) -> bool:
    with site.database.write() as connection:
        return Writer(site, caller, connection).delete(args)


def revive(site: Site, caller: Caller, args: dict[str, Any]) -> bool:
    with site.database.write() as connection:
        return Writer(site, caller, connection).revive(args)


def batch(site: Site, caller: Caller, requests: Any) -> list[Any]:
    """All requests in one transaction, or none of them."""
    if not isinstance(requests, list):
        raise Fault("API batch() expected an array of requests:")
    results: list[Any] = []
    with site.database.write() as connection:
        writer = Writer(site, caller, connection, events_at_once=1000)
        steps = {"create": writer.create, "update": writer.update, "delete": writer.delete}
        for index, request in enumerate(requests):
            try:
                kind = request.get("request_type") if isinstance(request, dict) else None
                if not isinstance(kind, str) or kind not in steps:
                    raise Fault(f"API batch() invalid 'request_type': {kind!r:.60}")
                results.append(steps[kind](request))
            except Fault as fault:
                head = f"API batch() request with index {index} failed.  All requests rolled back.\n"
                raise Fault(head + fault.message, fault.error_code) from fault
        writer.flush()
    return results


class Writer:
    """Changes rows inside one transaction.

    With ``events_at_once`` the events of a change wait for that many others, and the last of them for ``flush``.
    """

    def __init__(self, site: Site, caller: Caller, connection: sqlite3.Connection, *, events_at_once: int = 1) -> None:
        self._schema = site.schema
        self._caller = caller
        self._connection = connection
        self._events = events.Events(connection, caller, held=True)
        self._events_at_once = events_at_once
        self._relations = Relations(self, self._schema, connection)
        self._echo = Echo(site, caller, connection, self.name_of)
        self._now = now_text()
        self._rules: dict[str, Rules] = {}
        self._names: dict[Pair, str | None] = {}

    # What callers ask for

    def create(self, args: dict[str, Any]) -> dict[str, Any]:
        entity = self._schema.entity(args.get("type"), "create")
        changes = self._incoming("create", entity, args)
        wanted = _return_fields(args)
        row_id = self.insert(entity, changes)
        return self._echo.entity(entity, row_id, changes, wanted)

    def update(self, args: dict[str, Any]) -> dict[str, Any]:
        entity = self._schema.entity(args.get("type"), "update")
        row_id = _id(args, "update")
        changes = self._incoming("update", entity, args)
        self.change(entity, row_id, changes)
        return self._echo.entity(entity, row_id, changes, [])

    def delete(self, args: dict[str, Any]) -> bool:
        entity = self._schema.entity(args.get("type"), "delete")
        return self.retire(entity, _id(args, "delete"))

    def revive(self, args: dict[str, Any]) -> bool:
        entity = self._schema.entity(args.get("type"), "revive")
        return self.bring_back(entity, _id(args, "revive"))

    def flush(self) -> None:
        self._events.flush()

    # What they are made of; relations and other modules use these too

    def insert(self, entity: EntityType, changes: list[Change]) -> int:
        """A new row; its id."""
        if entity.name == "EventLogEntry":
            self.flush()  # those that wait have their ids
        rules = self._rules_of(entity)
        columns = rules.new_row(changes, self._caller, self._now)
        rules.check_new(columns)
        rules.check_unique(self._connection, columns, 0, "create", columns.keys())
        row_id = self._connection.execute(rules.insert(columns), list(columns.values())).lastrowid
        assert row_id is not None
        self._names[entity.name, row_id] = name = rules.name(columns)
        row = _Row(entity, row_id, name, _project(entity, row_id, columns))
        self._events.created(entity, row_id, name, row.project_id)
        self._tell_defaults(row, rules, changes)
        self._write_all(row, changes, None, tell_other_side=True)
        return row_id

    def change(
        self,
        entity: EntityType,
        row_id: int,
        changes: list[Change],
        method: str = "update",
        *,
        tell_other_side: bool = True,
    ) -> None:
        """Write ``changes`` to a row that is there and not retired."""
        changes = [*changes, *_cleared_too(entity, changes)]
        rules = self._rules_of(entity)
        before = self._columns_of(entity, row_id, rules, changes, method)
        if before["__retired"]:
            raise _missing(entity, row_id, method)
        rules.check_change(changes, method)
        columns = {name: value for change in changes for name, value in change.columns.items()}
        after = before | columns
        rules.check_unique(self._connection, after, row_id, method, columns.keys())
        name = self._names[entity.name, row_id] = rules.name(after)
        self._update(entity, row_id, columns | rules.follow(after, columns.keys(), self._caller, self._now))
        row = _Row(entity, row_id, name, _project(entity, row_id, after))
        self._write_all(row, changes, before, tell_other_side=tell_other_side)

    def retire(self, entity: EntityType, row_id: int) -> bool:
        """False when it is retired already."""
        rules = self._rules_of(entity)
        row = self._columns_of(entity, row_id, rules, [], "delete")
        if row["__retired"]:
            return False
        self._names.pop((entity.name, row_id), None)
        self._update(entity, row_id, {"__retired": 1} | self._updated_at(entity))
        self._events.retired(entity, row_id, rules.name(row), _project(entity, row_id, row))
        self._events.flush(self._events_at_once)
        return True

    def bring_back(self, entity: EntityType, row_id: int) -> bool:
        """Revive a row; False when it is not retired."""
        rules = self._rules_of(entity)
        row = self._columns_of(entity, row_id, rules, [], "revive")
        if not row["__retired"]:
            return False
        rules.check_unique(self._connection, row, row_id, "revive", row.keys())
        self._update(entity, row_id, {"__retired": 0} | self._updated_at(entity))
        self._events.revived(entity, row_id, rules.name(row), _project(entity, row_id, row))
        self._events.flush(self._events_at_once)
        return True

    def check_exists(self, entity_type: str, row_id: int, field: Field, method: str) -> None:
        """Raise the site's fault unless a link's target is there."""
        if entity_type not in self._schema.entities:
            raise crud_fault(method, "7", field.path, f"Invalid entity type '{entity_type[:60]}'.")
        if self._known((entity_type, row_id)) is None:
            why = f"Entity of type [{entity_type}] with id={row_id} does not exist."
            raise crud_fault(method, "7", field.path, why)

    def name_of(self, pair: Pair) -> str | None:
        """The display name of a row; None for one that is retired or not there."""
        return (self._known(pair) or (None,))[0]

    # Inside

    def _known(self, pair: Pair) -> tuple[str | None] | None:
        """The name in a tuple; None when there is no such row, or a retired one."""
        if pair not in self._names:
            row_id = max(min(pair[1], 2**62), -1)
            found = display_names(self._connection, self._schema, [(pair[0], row_id)])
            if (pair[0], row_id) not in found:
                return None
            self._names[pair] = found[pair]
        return (self._names[pair],)

    def _rules_of(self, entity: EntityType) -> Rules:
        if entity.name not in self._rules:
            self._rules[entity.name] = Rules(entity)
        return self._rules[entity.name]

    def _incoming(self, method: str, entity: EntityType, args: dict[str, Any]) -> list[Change]:
        how = Incoming(self._connection, self.check_exists, by_script=self._caller.is_script)
        return incoming(how, method, entity, args.get("fields"))

    def _write_all(self, row: _Row, changes: list[Change], before: Columns | None, *, tell_other_side: bool) -> None:
        """What is not in the row's own columns, and the events of all of it; a new row has no ``before``."""
        for change in changes:
            told = self._carry_out(row, change, before)
            if told is not None:
                self._tell(row, change.field, told, in_create=before is None, tell_other_side=tell_other_side)
        template = template_of(changes)
        if template is not None:
            Expansion(self, self._schema, self._connection).apply((row.entity.name, row.id), template)
        self._events.flush(self._events_at_once)

    def _carry_out(self, row: _Row, change: Change, before: Columns | None) -> _Told | None:
        """Do what needs the row's id; what is to be told of it, None when nothing is new."""
        field = change.field
        if before is None and not field.editable:
            return None
        if change.links is not None:
            difference = self._relations.write(change, row.id)
            if difference is None:
                return None
            return _Told(events.many_values(difference, self.name_of), difference.added, difference.removed)
        if change.attachment is not None:
            return _Told(self._attach(row, change))
        if field.data_type == "password":
            secret.set_secret(self._connection, row.entity.name, row.id, change.secret)
            return _Told(events.column_values(field, None, None))
        old, new = [(before or {}).get(name) for name in change.columns], list(change.columns.values())
        if old == new or (before is None and field.data_type == "checkbox" and not new[0]):
            return None
        if field.storage != ENTITY:
            return _Told(events.column_values(field, old[0], new[0]))
        ends = _pair(old), _pair(new)
        values = events.link_values(*ends, self.name_of)
        return _Told(values, *([end] if end else [] for end in reversed(ends)))

    def _tell(self, row: _Row, field: Field, told: _Told, *, in_create: bool, tell_other_side: bool) -> None:
        original = self._events.changed(
            row.entity, row.id, row.name, row.project_id, field, told.values, in_create=in_create
        )
        partners = self._schema.partners.get(field.path, ()) if tell_other_side else ()
        if not partners:
            return
        owner = events.link((row.entity.name, row.id), self.name_of)
        for key, pairs in (("added", told.added), ("removed", told.removed)):
            for pair in pairs:
                for partner in partners:
                    if partner.entity_type == pair[0] and (side := self._other_side(pair[1], partner)) is not None:
                        self._events.mirrored(side, field, owner, key, original, in_create)

    def _other_side(self, row_id: int, field: Field) -> events.OtherSide | None:
        entity = self._schema.entities[field.entity_type]
        rules = self._rules_of(entity)
        row = self._columns_of(entity, row_id, rules, [], "update")
        if row["__retired"]:
            return None
        return events.OtherSide(entity, row_id, rules.name(row), _project(entity, row_id, row), field)

    def _tell_defaults(self, row: _Row, rules: Rules, changes: list[Change]) -> None:
        """Events for the values that the site itself put into a new row."""
        given = {change.field.name for change in changes}
        for name, value in rules.defaults.items():
            if name not in given and value not in (0, ""):
                field = row.entity.fields[name]
                values = events.column_values(field, None, value)
                self._events.changed(row.entity, row.id, row.name, row.project_id, field, values, in_create=True)

    def _attach(self, row: _Row, change: Change) -> events.Meta:
        """Give a file/link value its Attachment row; an Attachment's own file is itself."""
        from onepiece_server.sandbox.shotgrid.attachments import attach

        value = change.attachment or {}
        attachment_id = attach(self._connection, self._caller, row.entity, row.id, change.field, value)
        new = {"id": attachment_id, "name": value["name"], "type": "Attachment", "valid": "valid"}
        return {"old_value": None, "new_value": new}

    def _columns_of(self, entity: EntityType, row_id: int, rules: Rules, changes: list[Change], method: str) -> Columns:
        """The columns that a change starts from, whatever they are for."""
        more = (name for change in changes for name in change.columns)
        names = tuple(dict.fromkeys((*rules.always_read, *more))) if changes else rules.always_read
        found = self._connection.execute(rules.select(names), [max(min(row_id, 2**62), -1)]).fetchone()
        if found is None:
            raise _missing(entity, row_id, method)
        return dict(zip(names, found, strict=True))

    def _updated_at(self, entity: EntityType) -> Columns:
        return {"updated_at": self._now} if "updated_at" in entity.fields else {}

    def _update(self, entity: EntityType, row_id: int, columns: Columns) -> None:
        if columns:
            assignments = ", ".join(f"{quoted(name)}=?" for name in columns)
            sql = f"UPDATE {quoted(entity.name)} SET {assignments} WHERE id=?"
            self._connection.execute(sql, [*columns.values(), row_id])


@dataclass(frozen=True)
class _Row:
    """A row that is being written, and what its events say of it."""

    entity: EntityType
    id: int
    name: str | None
    project_id: int | None


@dataclass(frozen=True)
class _Told:
    """What an event says of a field: the values of its meta, and which links came and went."""

    values: events.Meta
    added: Sequence[Pair] = ()
    removed: Sequence[Pair] = ()


def _project(entity: EntityType, row_id: int, columns: Columns) -> int | None:
    return row_id if entity.name == "Project" else columns.get("project__id")


def _pair(columns: list[Any]) -> Pair | None:
    return None if columns[1] is None else (columns[0], columns[1])


def _cleared_too(entity: EntityType, changes: list[Change]) -> list[Change]:
    """A thumbnail that goes takes its filmstrip with it."""
    strip = entity.fields.get("filmstrip_image")
    if strip is None or not any(one.field.name == "image" and one.columns == {"image": None} for one in changes):
        return []
    return [Change(strip, columns={strip.name: None})]


def _missing(entity: EntityType, row_id: int, method: str) -> Fault:
    return crud_fault(method, "3", entity.name, f"Entity of type [{entity.name}] with id={row_id} does not exist.")


def _id(args: dict[str, Any], method: str) -> int:
    value = args.get("id")
    if isinstance(value, bool) or not isinstance(value, int):
        raise Fault(f"API {method}() invalid/missing integer 'id': {value!r:.60}")
    return value


def _return_fields(args: dict[str, Any]) -> list[str]:
    names = args.get("return_fields") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Fault(f"API create() expected [Array] of field names for 'return_fields' but got: {names!r:.100}")
    return names
