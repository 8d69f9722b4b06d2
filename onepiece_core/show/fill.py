"""Variables in a template's texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from onepiece_core.errors import ManifestError

_PIECE = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]", re.ASCII)


def fill(text: str, values: Mapping[str, str], where: str) -> str:
    """``text`` with each ``{variable}`` replaced. Raises ManifestError that names ``where``."""
    if "{" not in text and "}" not in text:
        return text

    def put(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        name = found[1]
        if name is None:
            raise ManifestError(f"{where}: {text!r} has a brace of its own", hint="Write {{ for a brace.", path=where)
        value = values.get(name)
        if not value:
            known = ", ".join(sorted(each for each, told in values.items() if told))
            what = "has no value" if name in values else "is unknown"
            raise ManifestError(f"{where}: the variable {name!r} {what}", hint=f"There are: {known}.", path=where)
        return value

    return _PIECE.sub(put, text)


def fill_all(value: Any, values: Mapping[str, str], where: str) -> Any:
    """Every text in lists and objects filled."""
    if isinstance(value, str):
        return fill(value, values, where)
    if isinstance(value, list):
        return [fill_all(each, values, where) for each in value]
    if isinstance(value, dict):
        return {name: fill_all(each, values, where) for name, each in value.items()}
    return value


def literal(text: str, variables: Mapping[str, str] | None = None) -> str:
    """What :func:`fill` turns into ``text`` again; where it holds a variable's value, the variable stands."""
    told = {value: name for name, value in (variables or {}).items() if value}
    if not told:
        return _braced(text)
    pattern = re.compile("|".join(sorted(map(re.escape, told), key=len, reverse=True)))
    parts: list[str] = []
    end = 0
    for found in pattern.finditer(text):
        parts += [_braced(text[end : found.start()]), f"{{{told[found[0]]}}}"]
        end = found.end()
    return "".join([*parts, _braced(text[end:])])


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
