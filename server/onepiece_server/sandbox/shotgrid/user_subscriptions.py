"""user_subscriptions_read and user_subscriptions_create: which products a person may use.

The client's documentation tells the shapes; which names real sites use for subscriptions is not public, so any are
taken.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.faults import Fault, type_fault
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.site import Caller, Site

_READ, _CREATE = "user_subscriptions_read", "user_subscriptions_create"


def user_subscriptions_read(site: Site, _caller: Caller, _args: dict[str, Any]) -> list[dict[str, Any]]:
    """All people who are not retired, with None, one name or a list, as it was assigned."""
    with site.database.read() as connection:
        people = [row[0] for row in connection.execute('SELECT id FROM HumanUser WHERE "__retired"=0 ORDER BY id')]
        sql = 'SELECT user_id, name, is_list FROM "__subscriptions" ORDER BY user_id, position'
        rows = connection.execute(sql).fetchall()
    found: dict[int, str | list[str]] = {}
    for user_id, name, is_list in rows:
        if is_list:
            names = found.setdefault(user_id, [])
            assert isinstance(names, list)
            names.append(name)
        else:
            found[user_id] = name
    return [{"humanUserId": user_id, "subscription": found.get(user_id)} for user_id in people]


def user_subscriptions_create(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, str]:
    """Assign subscriptions, all or none of them."""
    users = args.get("users")
    if not isinstance(users, list):
        raise type_fault(_CREATE, "'users'", ["Array"], users)
    with site.database.write() as connection:
        for one in users:
            if not isinstance(one, dict):
                raise type_fault(_CREATE, "'users'", ["Hash"], one)
            _assign(connection, _user_id(connection, one), one.get("subscription"))
    return {"status": "success"}


def _user_id(connection: sqlite3.Connection, one: dict[str, Any]) -> int:
    value = one.get("humanUserId")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    user_id = arguments.integer(_CREATE, {"humanUserId": value}, "humanUserId")
    if connection.execute('SELECT 1 FROM HumanUser WHERE id=? AND "__retired"=0', [user_id]).fetchone() is None:
        raise Fault(f"API {_CREATE}() Invalid humanUserId {user_id}")
    return user_id


def _assign(connection: sqlite3.Connection, user_id: int, subscription: Any) -> None:
    is_list = isinstance(subscription, list)
    names = subscription if is_list else [] if subscription is None else [subscription]
    for name in names:
        arguments.text(_CREATE, {"subscription": name}, "subscription")
    connection.execute('DELETE FROM "__subscriptions" WHERE user_id=?', [user_id])
    rows = [(user_id, position, name, is_list) for position, name in enumerate(names)]
    connection.executemany('INSERT INTO "__subscriptions" VALUES (?,?,?,?)', rows)


METHODS: dict[str, Method] = {_READ: user_subscriptions_read, _CREATE: user_subscriptions_create}
