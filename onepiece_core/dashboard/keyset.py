"""Where the next page of a list begins: the time and the id of the last row, as a word for addresses."""

from __future__ import annotations

import base64
import json
import math

from onepiece_core.errors import DashboardInvalid

Place = tuple[float, str]
MOST_CHARACTERS = 400


def cursor_of(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> Place | None:
    """What :func:`cursor_of` was given. Raises DashboardInvalid."""
    if cursor is None:
        return None
    try:
        if len(cursor) > MOST_CHARACTERS:
            raise ValueError(cursor[:20])
        told = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        at, name = told
        if isinstance(at, (int, float)) and math.isfinite(at) and isinstance(name, str):
            return float(at), name
    except (ValueError, TypeError, RecursionError, OverflowError):
        pass
    raise DashboardInvalid("This is no cursor of ours", hint="Take next_cursor of the page before.")


def page_size(limit: int, most: int) -> int:
    """Raises DashboardInvalid."""
    if not 1 <= limit <= most:
        raise DashboardInvalid(f"limit is 1 to {most}", limit=limit)
    return limit
