"""What goes to ShotGrid's client and what comes from it, in other shapes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from onepiece_core.errors import InputUnreadable
from onepiece_core.tracker.tracker import Entity
from onepiece_core.tracker.transport import Body, form_body


def encode_form(fields: dict[str, Any], files: dict[str, Path]) -> tuple[str, bytes | Body]:
    if not files:
        return "application/x-www-form-urlencoded", urlencode(fields, doseq=True).encode()
    boundary = uuid.uuid4().hex
    return f"multipart/form-data; boundary={boundary}", form_body(fields, files, boundary)


def plain(records: Iterable[Any]) -> list[Entity]:
    return [dict(each) for each in records]


def flat(field: dict[str, Any]) -> dict[str, Any]:
    """``{"data_type": {"value": "text"}, "properties": {"valid_values": {"value": [...]}}}`` without the wrapping."""
    properties = field.get("properties") or {}
    told = {**{name: value for name, value in field.items() if name != "properties"}, **properties}
    return {
        name: value["value"] if isinstance(value, dict) and "value" in value else value for name, value in told.items()
    }


def check_readable(path: Path) -> None:
    """The client wants a file that is not empty, and a read error must not look like a lost answer."""
    try:
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        raise InputUnreadable(f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    if empty:
        raise InputUnreadable(f"{path} is empty", path=str(path))
