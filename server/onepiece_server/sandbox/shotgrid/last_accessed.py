"""update_project_last_accessed_by_current_user: when a person was last in a project."""

from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.dates import now_text
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.site import Caller, Site

_METHOD = "update_project_last_accessed_by_current_user"


def update_project_last_accessed(site: Site, caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    """Without ``user_id`` the caller is meant; a script is no person and has to name one. No event is left."""
    project = ("Project", arguments.integer(_METHOD, args, "project_id"))
    if args.get("user_id") is None and caller.user_type != "HumanUser":
        raise Fault(f"API {_METHOD}() user_id is missing")
    user = ("HumanUser", arguments.optional_integer(_METHOD, args, "user_id") or caller.user_id)
    with site.database.write() as connection:
        for pair in (project, user):
            arguments.check_exists(connection, _METHOD, pair)
        connection.execute('INSERT OR REPLACE INTO "__last_accessed" VALUES (?,?,?)', [user[1], project[1], now_text()])
    return {"type": "Project", "id": project[1]}


METHODS: dict[str, Method] = {_METHOD: update_project_last_accessed}
