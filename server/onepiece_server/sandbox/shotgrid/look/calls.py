"""The latest calls that the site answered, from the journal beside its database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from onepiece_server.sandbox.faults.calls import FILE
from onepiece_server.sandbox.shotgrid.look.values import Shown, shown_moment

MOST_CALLS = 200
_TAIL_BYTES = 128 * 1024


def latest_calls(folder: Path) -> list[dict[str, Any]]:
    """Newest first. Empty when no journal is kept."""
    try:
        with (folder / FILE).open("rb") as file:
            file.seek(0, 2)
            start = max(0, file.tell() - _TAIL_BYTES)
            file.seek(start)
            lines = file.read().split(b"\n")
    except OSError:
        return []
    calls = [call for line in lines[1 if start else 0 :] if (call := _parsed(line)) is not None]
    return calls[-MOST_CALLS:][::-1]


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        call: dict[str, Any] = json.loads(line)
        return call | {"moment": _moment(call), "seconds": float(call["seconds"])}
    except (ValueError, TypeError, KeyError):  # the end of a line that is being written
        return None


def _moment(call: dict[str, Any]) -> Shown:
    return shown_moment(str(call["at"]).replace("+00:00", ""))
