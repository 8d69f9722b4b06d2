"""One file of tools, read without trust: a studio's or a show's file may hold anything."""

from __future__ import annotations

import json
import os
import reprlib
import stat
from typing import Any

LARGEST_BYTES = 1_000_000


class Unreadable(Exception):
    """The file cannot be used at all; says why."""


def read_json(path: str) -> Any:
    """What ``path`` holds. Raises Unreadable."""
    try:
        told = os.stat(path)
        if not stat.S_ISREG(told.st_mode):
            raise Unreadable("it is not a file")
        if told.st_size > LARGEST_BYTES:
            raise Unreadable(f"it has {told.st_size:,} bytes; {LARGEST_BYTES:,} are enough for any shelf")
        with open(path, encoding="utf-8-sig") as file:
            return json.load(file, object_pairs_hook=_once_each, parse_constant=_refuse)
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be read") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise Unreadable(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except ValueError as error:  # a null byte in the path, a number of 5,000 digits, one of ours
        raise Unreadable(str(error)) from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"{reprlib.repr(name)} stands twice in one object")
        made[name] = value
    return made


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
