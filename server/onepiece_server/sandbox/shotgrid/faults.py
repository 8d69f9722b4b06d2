"""Faults: what the site answers when it will not do something.

A fault travels as HTTP 200 with ``{"exception": true, "error_code": ..., "message": ...}``.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

# The client raises AuthenticationFault for this code and Fault for all others it does not know.
AUTHENTICATION = 102
CRUD = 104


class Fault(Exception):
    """A refusal with the site's words and code."""

    def __init__(self, message: str, error_code: int = CRUD) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = error_code

    def as_reply(self) -> dict[str, Any]:
        return {"exception": True, "error_code": self.error_code, "message": self.message}


def crud_fault(method: str, number: str, what: str, why: str) -> Fault:
    """``API create() CRUD ERROR #61: Create failed for [Project]. The value ...``"""
    return Fault(f"API {method}() CRUD ERROR #{number}: {method.capitalize()} failed for [{what}]. {why}")


def field_missing(method: str, entity_type: str, field: str) -> Fault:
    return Fault(f"API {method}() {entity_type}.{field} doesn't exist:")


def type_fault(method: str, where: str, expected: list[str], value: object) -> Fault:
    """A value of the wrong type, in the site's (Ruby) names of types."""
    names = ", ".join(expected)
    return Fault(f"API {method}() {where} expected [{names}] data type(s) but got {ruby_name(value)}: {shown(value)}")


def ruby_name(value: object) -> str:
    if value is None:
        return "NilClass"
    if isinstance(value, bool):
        return "TrueClass" if value else "FalseClass"
    names = {int: "Integer", float: "Float", str: "String", list: "Array", dict: "Hash"}
    return names.get(type(value), "Object")


def shown(value: object, limit: int = 200) -> str:
    """A value in a message, as Ruby writes it: short, on one line."""
    text = _ruby(value, 0)
    return text if len(text) <= limit else text[:limit] + "..."


def _ruby(value: object, depth: int) -> str:
    if isinstance(value, str):
        return json.dumps(value[:4000], ensure_ascii=False)
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict) and depth > 5:
        return "..."
    if isinstance(value, list):
        return "[" + ", ".join(_ruby(one, depth + 1) for one in value[:400]) + "]"
    if isinstance(value, dict):
        pairs = itertools.islice(value.items(), 50)
        return "{" + ", ".join(f"{_ruby(key, depth + 1)} => {_ruby(one, depth + 1)}" for key, one in pairs) + "}"
    return repr(value)
