"""follow, unfollow, followers, following: which rows a person wants to hear about.

Following is no change of a row: it leaves no event (not confirmed by public sources). A retired row or person is
left out of the answers, and is there again when it is revived.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.links import chunks, display_names
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.site import Caller, Site


def follow(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    user, entity = _both(site, args, "follow")
    with site.database.write() as connection:
        for pair in (user, entity):
            arguments.check_exists(connection, "follow", pair)
        connection.execute(
            'INSERT OR IGNORE INTO "__follows" (user_id, entity_type, entity_id) VALUES (?,?,?)', [user[1], *entity]
        )
    return {"followed": True, "user": args["user"], "entity": args["entity"]}


def unfollow(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    user, entity = _both(site, args, "unfollow")
    with site.database.write() as connection:
        arguments.check_exists(connection, "unfollow", user)
        connection.execute(
            'DELETE FROM "__follows" WHERE user_id=? AND entity_type=? AND entity_id=?', [user[1], *entity]
        )
    return {"unfollowed": True, "user": args["user"], "entity": args["entity"]}


def followers(site: Site, _caller: Caller, args: dict[str, Any]) -> list[dict[str, Any]]:
    """People in the order in which they began to follow."""
    entity = arguments.link("followers", args, "entity", site.schema)
    with site.database.read() as connection:
        arguments.check_exists(connection, "followers", entity)
        rows = connection.execute(
            'SELECT u.id, u.name, u.sg_status_list FROM "__follows" AS f JOIN HumanUser AS u ON u.id = f.user_id '
            'WHERE f.entity_type=? AND f.entity_id=? AND u."__retired"=0 ORDER BY f.id',
            entity,
        ).fetchall()
    return [{"type": "HumanUser", "id": row[0], "name": row[1], "status": row[2], "valid": "valid"} for row in rows]


def following(site: Site, _caller: Caller, args: dict[str, Any]) -> list[dict[str, Any]]:
    """Type and id of each row; of one project, where one is named: the rows in it, not the project itself."""
    user = arguments.link("following", args, "user", site.schema, "HumanUser")
    project = arguments.optional_link("following", args, "project", site.schema, "Project")
    only = args.get("entity_type")
    if only is not None:
        only = site.schema.entity(only, "following").name
    with site.database.read() as connection:
        arguments.check_exists(connection, "following", user)
        sql = 'SELECT entity_type, entity_id FROM "__follows" WHERE user_id=? ORDER BY id'
        pairs = [pair for pair in connection.execute(sql, [user[1]]) if only in (None, pair[0])]
        there = set(display_names(connection, site.schema, pairs))
        if project is not None:
            there = _in_project(site, connection, there, project[1])
    return [{"type": pair[0], "id": pair[1]} for pair in pairs if pair in there]


def _in_project(
    site: Site, connection: sqlite3.Connection, pairs: set[arguments.Pair], project_id: int
) -> set[arguments.Pair]:
    found: set[arguments.Pair] = set()
    for entity_type in {pair[0] for pair in pairs}:
        if "project" not in site.schema.entities[entity_type].fields:
            continue
        for marks, chunk in chunks([row_id for name, row_id in pairs if name == entity_type]):
            sql = f"SELECT id FROM {quoted(entity_type)} WHERE project__id=? AND id IN ({marks})"
            found |= {(entity_type, row[0]) for row in connection.execute(sql, [project_id, *chunk])}
    return found


def _both(site: Site, args: dict[str, Any], method: str) -> tuple[arguments.Pair, arguments.Pair]:
    user = arguments.link(method, args, "user", site.schema, "HumanUser")
    return user, arguments.link(method, args, "entity", site.schema)


METHODS: dict[str, Method] = {
    "follow": follow,
    "unfollow": unfollow,
    "followers": followers,
    "following": following,
}
