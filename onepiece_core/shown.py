"""Names from outside, as people and logs may see them."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Any


def is_text(name: str | PurePath) -> bool:
    """Whether ``name`` is Unicode: a file's name may be any bytes."""
    try:
        str(name).encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(name: str | bytes | PurePath) -> str:
    """``name`` in printable Unicode: bytes that are not UTF-8 as ``\\xff``, control characters as ``\\x1b``.

    A name from a drop must not forge lines, move the cursor or break a JSON report.
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def unicode_json(value: Any) -> Any:
    """A JSON value with every text in Unicode: a host's Python tells a name that is not UTF-8 by lone surrogates."""
    if isinstance(value, str):
        return value if is_text(value) else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [unicode_json(each) for each in value]
    if isinstance(value, dict):
        return {unicode_json(name): unicode_json(each) for name, each in value.items()}
    return value
