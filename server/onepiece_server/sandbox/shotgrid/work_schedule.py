"""work_schedule_read and work_schedule_update: which days are worked.

A rule for one day stands in ``__work_days``: for the studio (no project, no person), a project or a person. Where
several speak of one day a person's counts most, then the project's, then the studio's; without any it is the studio's
week, Monday to Friday. The API has no call to change the week itself.
"""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.links import display_names
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.site import Caller, Site

# More would only fill the memory.
_MOST_DAYS = 36_600
_NOBODY = 0
_FIELDS = (None, "due_date", "duration")


def work_schedule_read(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    """A rule for each day, both ends included. A project or person that is not there has no rules of its own."""
    method = "work_schedule_read"
    first, last = arguments.day(method, args, "start_date"), arguments.day(method, args, "end_date")
    if last < first:
        raise Fault(f"API {method}() 'end_date' must be greater than or equal to 'start_date'")
    count = (last - first).days + 1
    if count > _MOST_DAYS:
        raise Fault(f"API {method}() the range has {count} days: at most {_MOST_DAYS} can be read at once")
    project, user = _scope(site, args, method)
    with site.database.read() as connection:
        rules = _exceptions(connection, first, last, project and project[1], user and user[1])
    days = (date.fromordinal(first.toordinal() + index) for index in range(count))
    return {day.isoformat(): rules.get(day.isoformat()) or _studio_week(day) for day in days}


def work_schedule_update(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    """Set the rule of one day. ``recalculate_field`` is checked, but no Task is moved."""
    method = "work_schedule_update"
    day, working = arguments.day(method, args, "date"), arguments.boolean(method, args, "working")
    description = None if args.get("description") is None else arguments.text(method, args, "description")
    if args.get("recalculate_field") not in _FIELDS:
        raise Fault(f"API {method}() 'recalculate_field' invalid value. The valid values are 'duration' or 'due_date'")
    project, user = _scope(site, args, method)
    if project and user:
        raise Fault(f"API {method}() 'project' and 'user' can not be used together")
    with site.database.write() as connection:
        for pair in (project, user):
            if pair is not None:
                arguments.check_exists(connection, method, pair)
        owner = (project[1] if project else _NOBODY, user[1] if user else _NOBODY)
        connection.execute(
            'INSERT OR REPLACE INTO "__work_days" VALUES (?,?,?,?,?)', [day.isoformat(), *owner, working, description]
        )
        names = display_names(connection, site.schema, [pair for pair in (project, user) if pair])
    shown = [pair and {"type": pair[0], "id": pair[1], "name": names[pair]} for pair in (project, user)]
    return {
        "date": day.isoformat(),
        "working": working,
        "description": description,
        "project": shown[0],
        "user": shown[1],
    }


def _scope(site: Site, args: dict[str, Any], method: str) -> tuple[arguments.Pair | None, arguments.Pair | None]:
    project = arguments.optional_link(method, args, "project", site.schema, "Project")
    return project, arguments.optional_link(method, args, "user", site.schema, "HumanUser")


def _exceptions(
    connection: sqlite3.Connection, first: date, last: date, project_id: int | None, user_id: int | None
) -> dict[str, dict[str, Any]]:
    """Days that are told apart from the week; the rule that counts most of each."""
    found: dict[str, dict[str, Any]] = {}
    owners = (
        ("STUDIO_EXCEPTION", _NOBODY, _NOBODY),
        ("PROJECT_EXCEPTION", project_id, _NOBODY),
        ("USER_EXCEPTION", _NOBODY, user_id),
    )
    sql = 'SELECT day, working, description FROM "__work_days" WHERE day BETWEEN ? AND ? AND project_id=? AND user_id=?'
    for reason, *owner in owners:
        if None in owner:
            continue
        for day, working, description in connection.execute(sql, [first.isoformat(), last.isoformat(), *owner]):
            found[day] = {"working": bool(working), "reason": reason, "description": description}
    return found


def _studio_week(day: date) -> dict[str, Any]:
    return {"working": day.weekday() < 5, "reason": "STUDIO_WORK_WEEK", "description": None}


METHODS: dict[str, Method] = {
    "work_schedule_read": work_schedule_read,
    "work_schedule_update": work_schedule_update,
}
