"""The JSON endpoint: one envelope in, results or a fault out."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from onepiece_core.log import get_logger
from onepiece_server.sandbox.faults.calls import CallRecord, name_or_unknown, note_arguments, note_results
from onepiece_server.sandbox.shotgrid import (
    activity,
    following,
    last_accessed,
    navigation,
    note_thread,
    pages,
    preferences,
    read,
    schema_read,
    schema_write,
    summarize,
    text_search,
    user_subscriptions,
    work_schedule,
    write,
)
from onepiece_server.sandbox.shotgrid.auth import authenticate, get_session_token
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.method import Method, Reply
from onepiece_server.sandbox.shotgrid.site import PAGE_SIZE, VERSION, Site

log = get_logger(__name__)


def info(site: Site) -> dict[str, Any]:
    """The answer to ``info``: bare, without an envelope."""
    return {
        "version": list(VERSION),
        "full_version": [*VERSION, 0],
        "user_authentication_method": "default",
        "api_max_entities_per_page": PAGE_SIZE,
        "s3_uploads_enabled": site.options.direct_uploads,
        "s3_direct_uploads_enabled": site.options.direct_uploads,
        # A list: with the bare "*" the client fails when a file is uploaded to no field in particular.
        "s3_enabled_upload_types": {"Version": ["*"], "*": ["this_file"]},
    }


# Small values take many times as much memory as text.
MAX_VALUES = 1_000_000

# Methods whose argument is a dict; ``batch`` takes a list.
METHODS: dict[str, Method] = {
    "read": read.read,
    "create": write.create,
    "update": write.update,
    "delete": write.delete,
    "revive": write.revive,
    "batch": write.batch,
    "summarize": summarize.summarize,
    "get_session_token": get_session_token,
    "schema_read": schema_read.schema_read,
    "schema_entity_read": schema_read.schema_entity_read,
    "schema_field_read": schema_read.schema_field_read,
    **schema_write.METHODS,
    **text_search.METHODS,
    **activity.METHODS,
    **note_thread.METHODS,
    **following.METHODS,
    **preferences.METHODS,
    **last_accessed.METHODS,
    **user_subscriptions.METHODS,
    **work_schedule.METHODS,
    **pages.METHODS,
    **navigation.METHODS,
}


def answer(site: Site, body: bytearray, base_url: str, record: CallRecord) -> Reply:
    """The reply to one request's body, which is empty afterwards; it never raises."""
    try:
        call = _parsed(body)
        name = call["method_name"]
        record.method = name_or_unknown(name)
        results = info(site) if name == "info" else _carried_out(site, call, base_url, record)
        note_results(record, results)
        if isinstance(results, Reply):
            return results
        reply = results if name == "info" else {"results": results}
    except Exception as error:
        fault = _as_fault(error, record.method)
        record.error_code = fault.error_code
        reply = fault.as_reply()
    return Reply(json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def _as_fault(error: Exception, name: str) -> Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, sqlite3.Error):
        log.error("shotgrid.database_failed", method=name, error=str(error))
        return Fault(f"API {name}() failed: the site's database said: {error}")
    if isinstance(error, RecursionError):
        return Fault(f"API {name}() the request is nested too deeply")
    # A fault of ours: the caller gets a Fault, the log the rest.
    log.error("shotgrid.call_failed", method=name, error=repr(error), exc_info=error)
    return Fault(f"API {name}() internal error: {type(error).__name__}")


def _parsed(body: bytearray) -> dict[str, Any]:
    if body.count(b",") > MAX_VALUES:
        raise Fault(f"API request holds more than {MAX_VALUES:,} values: send several smaller ones.")
    try:
        call = json.loads(body)
        body.clear()  # it may be 50 MB, and the call is yet to be carried out
    except (ValueError, UnicodeDecodeError) as error:
        raise Fault(f"API request could not be parsed as JSON: {str(error)[:200]}") from error
    if not isinstance(call, dict) or not isinstance(call.get("method_name"), str):
        raise Fault("API request: invalid/missing string 'method_name':")
    return call


def _carried_out(site: Site, call: dict[str, Any], base_url: str, record: CallRecord) -> Any:
    name, params = call["method_name"], call.get("params")
    if not isinstance(params, list) or not params:
        params = [None]
    caller = authenticate(site, params[0], base_url)
    record.user = caller.name
    method = METHODS.get(name)
    if method is None:
        raise Fault(f"API method '{name[:100]}' does not exist.")
    args = params[1] if len(params) > 1 else {}
    note_arguments(record, args)
    if name != "batch" and not isinstance(args, dict):
        raise Fault(f"API {name}() expected [Hash] for its arguments but got: {args!r:.100}")
    return method(site, caller, args)
