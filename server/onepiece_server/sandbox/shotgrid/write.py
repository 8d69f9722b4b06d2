"""create, update, delete, revive and batch: each call is one transaction, each change leaves an event."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from typing import Any

from onepiece_server.sandbox.shotgrid import secret
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.dates import now_text
from onepiece_server.sandbox.shotgrid.events import Events
from onepiece_server.sandbox.shotgrid.faults import Fault, crud_fault
from onepiece_server.sandbox.shotgrid.incoming import Change, Incoming, incoming
from onepiece_server.sandbox.shotgrid.model import EntityType, Field
from onepiece_server.sandbox.shotgrid.read import read_rows
from onepiece_server.sandbox.shotgrid.relations import Relations
from onepiece_server.sandbox.shotgrid.site import Caller, Site


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
        writer = Writer(site, caller, connection)
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
    return results


class Writer:
    """Changes rows inside one transaction."""

    def __init__(self, site: Site, caller: Caller, connection: sqlite3.Connection) -> None:
        self._site = site
        self._caller = caller
        self._connection = connection
        self._events = Events(connection, caller)
        self._relations = Relations(self, site.schema, connection)
        self._now = now_text()
        self._known: set[tuple[str, int]] = set()

    # What callers ask for

    def create(self, args: dict[str, Any]) -> dict[str, Any]:
        entity = self._site.schema.entity(args.get("type"), "create")
        changes = self._incoming("create", entity, args)
        row_id = self.insert(entity, changes)
        names = [*(change.field.name for change in changes), *_return_fields(args)]
        return self._shown(entity, row_id, names)

    def update(self, args: dict[str, Any]) -> dict[str, Any]:
        entity = self._site.schema.entity(args.get("type"), "update")
        row_id = _id(args, "update")
        changes = self._incoming("update", entity, args)
        self.change(entity, row_id, changes)
        return self._shown(entity, row_id, [change.field.name for change in changes])

    def delete(self, args: dict[str, Any]) -> bool:
        entity = self._site.schema.entity(args.get("type"), "delete")
        return self.retire(entity, _id(args, "delete"))

    def revive(self, args: dict[str, Any]) -> bool:
        entity = self._site.schema.entity(args.get("type"), "revive")
        row_id = _id(args, "revive")
        if not self._is_retired(entity, row_id, "revive"):
            return False
        self._set_retired(entity, row_id, 0)
        self._events.revived(entity, row_id)
        return True

    # What they are made of; relations use these too

    def insert(self, entity: EntityType, changes: list[Change]) -> int:
        """A new row; its id."""
        columns: dict[str, Any] = {}
        given = {change.field.name for change in changes}
        for field in entity.fields.values():
            if field.default is not None and field.name not in given:
                columns[field.name] = int(field.default) if isinstance(field.default, bool) else field.default
        for change in changes:
            columns |= change.columns
        self._stamp(entity, columns, given)
        self._check_mandatory(entity, columns)
        self._check_unique(entity, columns, 0, "create")
        names = ", ".join(quoted(name) for name in columns)
        cursor = self._connection.execute(
            f"INSERT INTO {quoted(entity.name)} ({names}) VALUES ({','.join('?' * len(columns))})",
            list(columns.values()),
        )
        row_id = cursor.lastrowid
        assert row_id is not None
        self._known.add((entity.name, row_id))
        self._after(entity, row_id, changes)
        name = self._rename(entity, row_id, columns)
        self._events.created(entity, row_id, name, columns.get("project__id"))
        return row_id

    def change(self, entity: EntityType, row_id: int, changes: list[Change], method: str = "update") -> None:
        """Write ``changes`` to a row that is there and not retired."""
        if self._is_retired(entity, row_id, method):
            raise _missing(entity, row_id, method)
        columns = {name: value for change in changes for name, value in change.columns.items()}
        self._check_required(changes)
        self._check_unique(entity, columns, row_id, method)
        before = self._columns_of(entity, row_id, changes)
        columns |= {
            "updated_at": self._now,
            "updated_by__type": self._caller.user_type,
            "updated_by__id": self._caller.user_id,
        }
        assignments = ", ".join(f"{quoted(name)}=?" for name in columns)
        self._connection.execute(
            f"UPDATE {quoted(entity.name)} SET {assignments} WHERE id=?",
            [*columns.values(), row_id],
        )
        added = self._after(entity, row_id, changes)
        name = self._rename(entity, row_id, columns)
        self._events.changed(entity, row_id, name, changes, before, added)

    def retire(self, entity: EntityType, row_id: int) -> bool:
        if self._is_retired(entity, row_id, "delete"):
            return False
        self._set_retired(entity, row_id, 1)
        self._known.discard((entity.name, row_id))
        self._events.retired(entity, row_id)
        return True

    def check_exists(self, entity_type: str, row_id: int, field: Field, method: str) -> None:
        """Raise the site's fault unless a link's target is there."""
        if (entity_type, row_id) in self._known:
            return
        sql = f'SELECT 1 FROM {quoted(entity_type)} WHERE id=? AND "__retired"=0'
        if self._connection.execute(sql, [max(min(row_id, 2**62), -1)]).fetchone() is None:
            why = f"Entity of type [{entity_type}] with id={row_id} does not exist."
            raise crud_fault(method, "7", field.path, why)
        self._known.add((entity_type, row_id))

    # Inside

    def _incoming(self, method: str, entity: EntityType, args: dict[str, Any]) -> list[Change]:
        how = Incoming(self._connection, self.check_exists, by_script=self._caller.is_script)
        return incoming(how, method, entity, args.get("fields"))

    def _stamp(self, entity: EntityType, columns: dict[str, Any], given: set[str]) -> None:
        """Who and when, unless the caller (a script may) has set it."""
        who = {"type": self._caller.user_type, "id": self._caller.user_id}
        for when, by in (("created_at", "created_by"), ("updated_at", "updated_by")):
            if when in entity.fields and when not in given:
                columns[when] = self._now
            if by in entity.fields and by not in given:
                columns |= {f"{by}__{part}": value for part, value in who.items()}

    def _check_mandatory(self, entity: EntityType, columns: dict[str, Any]) -> None:
        for field in entity.fields.values():
            column = f"{field.name}__id" if field.data_type == "entity" else field.name
            if field.mandatory and columns.get(column) in (None, ""):
                why = f"The value for the {field.label} field is required. <br>"
                raise crud_fault("create", "6", entity.name, why)

    def _check_required(self, changes: list[Change]) -> None:
        for change in changes:
            empty = all(value in (None, "") for value in change.columns.values())
            if change.field.mandatory and change.columns and empty:
                why = f"The value for the {change.field.label} field is required. <br>"
                raise crud_fault("update", "6", change.field.path, why)

    def _check_unique(self, entity: EntityType, columns: dict[str, Any], row_id: int, method: str) -> None:
        for field in entity.fields.values():
            value = columns.get(field.name) if field.unique else None
            if value is None:
                continue
            sql = f'SELECT 1 FROM {quoted(entity.name)} WHERE {quoted(field.name)}=? AND "__retired"=0 AND id<>?'
            if self._connection.execute(sql, [value, row_id]).fetchone():
                number, what = ("61", entity.name) if method == "create" else ("51", field.path)
                why = f"The value for the {field.label} field is required to be unique. <br>"
                raise crud_fault(method, number, what, why)

    def _after(self, entity: EntityType, row_id: int, changes: list[Change]) -> dict[str, Any]:
        """What needs the row's id: relations and secrets. Answers what each relation gained and lost."""
        differences = {}
        for change in changes:
            if change.links is not None:
                differences[change.field.name] = self._relations.write(change, row_id)
            elif change.secret is not None:
                secret.set_secret(self._connection, entity.name, row_id, change.secret)
            elif change.attachment is not None:
                self._attach(entity, row_id, change)
        return differences

    def _attach(self, entity: EntityType, row_id: int, change: Change) -> None:
        """Give a file/link value its Attachment row; an Attachment's own file is itself."""
        from onepiece_server.sandbox.shotgrid.uploads import attach

        attach(self._connection, self._caller, entity, row_id, change.field, change.attachment or {})

    def _rename(self, entity: EntityType, row_id: int, columns: dict[str, Any]) -> str | None:
        """Keep the display name in step; the name itself."""
        table = quoted(entity.name)
        if entity.name in ("HumanUser", "ClientUser") and columns.keys() & {"firstname", "lastname", "login", "email"}:
            login = "login" if "login" in entity.fields else "email"
            full = "NULLIF(trim(COALESCE(firstname,'')||' '||COALESCE(lastname,'')), '')"
            self._connection.execute(f"UPDATE {table} SET name=COALESCE({full}, {login}) WHERE id=?", [row_id])
        elif entity.display not in columns:
            return None
        sql = (
            f"UPDATE {table} SET cached_display_name={quoted(entity.display)} WHERE id=? RETURNING cached_display_name"
        )
        found = self._connection.execute(sql, [row_id]).fetchall()
        return found[0][0] if found else None

    def _shown(self, entity: EntityType, row_id: int, names: list[str]) -> dict[str, Any]:
        return read_rows(self._site, self._caller, self._connection, entity.name, [row_id], list(dict.fromkeys(names)))[
            0
        ]

    def _columns_of(self, entity: EntityType, row_id: int, changes: list[Change]) -> dict[str, Any]:
        names = [name for change in changes for name in change.columns]
        if not names:
            return {}
        sql = f"SELECT {', '.join(quoted(name) for name in names)} FROM {quoted(entity.name)} WHERE id=?"
        return dict(zip(names, self._connection.execute(sql, [row_id]).fetchone(), strict=True))

    def _is_retired(self, entity: EntityType, row_id: int, method: str) -> bool:
        sql = f'SELECT "__retired" FROM {quoted(entity.name)} WHERE id=?'
        found = self._connection.execute(sql, [max(min(row_id, 2**62), -1)]).fetchone()
        if found is None:
            raise _missing(entity, row_id, method)
        return bool(found[0])

    def _set_retired(self, entity: EntityType, row_id: int, retired: int) -> None:
        sql = f'UPDATE {quoted(entity.name)} SET "__retired"=?, updated_at=? WHERE id=?'
        self._connection.execute(sql, [retired, self._now, row_id])


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
