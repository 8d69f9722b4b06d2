"""Who calls: a script, a person or a session, possibly in a person's name (sudo).

Whoever is disabled or retired is nobody, with a password, a key or a session. Permission groups
(``PermissionRuleSet``) can be read and assigned, but they are not enforced: everybody may do everything.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
import time
from typing import Any

from onepiece_server.sandbox.shotgrid import secret
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.events import Events
from onepiece_server.sandbox.shotgrid.faults import AUTHENTICATION, Fault
from onepiece_server.sandbox.shotgrid.site import Caller, Site


def authenticate(site: Site, auth: Any, base_url: str) -> Caller:
    """The caller behind an auth dict (JSON calls) or auth fields (forms).

    Raises:
        Fault: the credentials are missing or wrong (code 102), or sudo is not allowed.
    """
    if not isinstance(auth, dict):
        raise Fault("Can't authenticate: no credentials were sent.", AUTHENTICATION)
    with site.database.read() as connection:
        user_type, user_id = _user(connection, auth)
        login = auth.get("sudo_as_login")
        if login is not None:
            user_type, user_id = _sudo(connection, user_type, login)
        is_silent = user_type == "ApiUser" and _is_silent(connection, user_id)
    uuid = auth.get("session_uuid")
    # What a database can not hold is no id of a session.
    session = uuid if isinstance(uuid, str) and uuid.isprintable() else None
    return Caller(user_type, user_id, base_url, session, is_silent)


def get_session_token(site: Site, caller: Caller, _args: Any) -> dict[str, str]:
    """A new session; a person's is a login, and the event log tells of it."""
    with site.database.write() as connection:
        if not caller.is_script:
            people = site.schema.entities[caller.user_type]
            sql = f"SELECT {quoted(people.display)} FROM {quoted(people.name)} WHERE id=?"
            name = connection.execute(sql, [caller.user_id]).fetchone()[0]
            Events(connection, caller).logged_in(people, caller.user_id, name)
        return {"session_id": secret.new_session(connection, caller.user_type, caller.user_id, time.time())}


def _user(connection: sqlite3.Connection, auth: dict[str, Any]) -> tuple[str, int]:
    if "session_token" in auth:
        found = secret.session_user(connection, str(auth["session_token"]))
        if found is None or not _is_active(connection, *found):
            raise Fault("Session is invalid or has expired.", AUTHENTICATION)
        return found
    if "script_name" in auth:
        name, key = str(auth["script_name"]), str(auth.get("script_key"))
        return _checked(connection, "ApiUser", "firstname", name, key, f"Can't authenticate script '{name[:100]}'")
    if "user_login" in auth:
        login, password = str(auth["user_login"]), str(auth.get("user_password"))
        return _checked(connection, "HumanUser", "login", login, password, f"Can't authenticate user '{login[:100]}'")
    raise Fault("Can't authenticate: no credentials were sent.", AUTHENTICATION)


def _checked(
    connection: sqlite3.Connection, user_type: str, column: str, name: str, key: str, refusal: str
) -> tuple[str, int]:
    user_id = _active(connection, user_type, column, name)
    if user_id is None or not secret.is_secret(connection, user_type, user_id, key):
        raise Fault(refusal, AUTHENTICATION)
    return user_type, user_id


def _active(connection: sqlite3.Connection, user_type: str, column: str, name: str) -> int | None:
    if not name.isprintable():
        return None
    sql = f"SELECT id FROM {user_type} WHERE {column}=? AND sg_status_list='act' AND \"__retired\"=0"
    found = connection.execute(sql, [name]).fetchone()
    return found[0] if found else None


def _is_active(connection: sqlite3.Connection, user_type: str, user_id: int) -> bool:
    sql = f"SELECT 1 FROM {user_type} WHERE id=? AND sg_status_list='act' AND \"__retired\"=0"
    return connection.execute(sql, [user_id]).fetchone() is not None


def _is_silent(connection: sqlite3.Connection, user_id: int) -> bool:
    """Whether a script's "Generate Events" is off."""
    found = connection.execute("SELECT generate_event_log_entries FROM ApiUser WHERE id=?", [user_id]).fetchone()
    return found is not None and found[0] == 0


def _sudo(connection: sqlite3.Connection, user_type: str, login: Any) -> tuple[str, int]:
    if user_type != "ApiUser":
        raise Fault("The user does not have permission to 'sudo': only scripts may act for a person.")
    user_id = _active(connection, "HumanUser", "login", str(login))
    if user_id is None:
        raise Fault(f"The user does not have permission to 'sudo': user '{str(login)[:100]}' does not exist.")
    return "HumanUser", user_id
