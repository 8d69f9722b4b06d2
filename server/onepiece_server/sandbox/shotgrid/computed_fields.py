"""Fields that hold nothing of their own: what they tell follows from other rows, or from who reads."""

# ruff: noqa: S608 - names are of our own schema, the person's id is one that the site gave
from __future__ import annotations

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.model import Field
from onepiece_server.sandbox.shotgrid.site import Caller


def person_of(caller: Caller) -> int | None:
    """The person who reads; None for a script that acts for nobody."""
    return caller.user_id if caller.user_type == "HumanUser" else None


def column_sql(alias: str, field: Field, person: int | None) -> str:
    """What a field without links is read from, for the row ``alias``."""
    if field.path == "Project.last_accessed_by_current_user":
        return _last_accessed(alias, person)
    if field.path == "Note.reply_content" and not field.editable:
        return _reply_content(alias)
    return f"{alias}.{quoted(field.name)}"


def _last_accessed(alias: str, person: int | None) -> str:
    """Another moment for each person; a script has accessed nothing."""
    if person is None:
        return "NULL"
    return f'(SELECT accessed_at FROM "__last_accessed" WHERE user_id={person:d} AND project_id={alias}.id)'


def _reply_content(alias: str) -> str:
    """The words of a note's replies, one after the other (how a real site joins them is not public)."""
    replies = f"SELECT content FROM Reply WHERE entity__id={alias}.id AND entity__type='Note' AND \"__retired\"=0"
    return f"(SELECT group_concat(content, char(10)) FROM ({replies} ORDER BY id))"
