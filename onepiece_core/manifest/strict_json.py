"""JSON without surprises.

The standard parser keeps the last of two equal keys, takes NaN and lone surrogates, and fails on a byte order
mark. Here the first three are refused and the mark is skipped.
"""

from __future__ import annotations

import json
from typing import Any

_BOM = b"\xef\xbb\xbf"


def strict_loads(data: bytes) -> Any:
    """The value in ``data`` (UTF-8). Raises ValueError with a sentence that names what is wrong."""
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as cause:
        raise ValueError(f"byte {cause.start} is not UTF-8") from cause
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
    except json.JSONDecodeError as cause:
        raise ValueError(f"line {cause.lineno}, column {cause.colno}: {cause.msg}") from cause
    except RecursionError as cause:
        raise ValueError("it is nested too deeply") from cause
    if "\\u" in text:  # only an escape can bring a lone surrogate in
        _refuse_surrogates(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _refuse_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as cause:
        raise ValueError("a text holds half of a surrogate pair") from cause
