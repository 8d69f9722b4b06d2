"""Fields whose value depends on who reads: they live in tables of their own, one row a person."""

from __future__ import annotations

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.model import Field
from onepiece_server.sandbox.shotgrid.site import Caller


def person_of(caller: Caller) -> int | None:
    """The person who reads; None for a script that acts for nobody."""
    return caller.user_id if caller.user_type == "HumanUser" else None


def column_sql(alias: str, field: Field, person: int | None) -> str:
    """The column of ``field`` as ``person`` reads it; a script has accessed nothing."""
    if field.path != "Project.last_accessed_by_current_user":
        return f"{alias}.{quoted(field.name)}"
    if person is None:
        return "NULL"
    # The id is one that the site itself gave.
    return f'(SELECT accessed_at FROM "__last_accessed" WHERE user_id={person:d} AND project_id={alias}.id)'  # noqa: S608
