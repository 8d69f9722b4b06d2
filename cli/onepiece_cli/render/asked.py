"""A render request from options, a preset and a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onepiece_core.errors import ConfigError, InputUnreadable, PathEscapes, RenderInvalid, UsageError
from onepiece_core.shown import shown

if TYPE_CHECKING:
    from pydantic import ValidationError

    from onepiece_core.config import Settings
    from onepiece_core.paths import Roots
    from onepiece_core.render.request import RenderRequest

_MOST_CHARACTERS = 1024 * 1024


def read_request(file: Path, cwd: Path) -> dict[str, Any]:
    """The request in a file or, for ``-``, on stdin. Raises InputUnreadable."""
    import json

    try:
        if str(file) == "-":
            text = sys.stdin.read(_MOST_CHARACTERS + 1)
        else:
            with (cwd / file).open(encoding="utf-8") as opened:
                text = opened.read(_MOST_CHARACTERS + 1)
        told = json.loads(text) if len(text) <= _MOST_CHARACTERS else None
    except (OSError, ValueError, RecursionError) as cause:
        raise InputUnreadable(f"The request {shown(file)} cannot be read: {cause}", path=shown(file)) from cause
    if not isinstance(told, dict):
        raise InputUnreadable(f"The request {shown(file)} is no JSON object", path=shown(file))
    return told


def preset(settings: Settings, name: str | None) -> dict[str, Any]:
    """The options that the settings keep under this name. Raises UsageError and ConfigError."""
    from onepiece_core.render.request import RenderRequest

    if name is None:
        return {}
    known = settings.render.presets
    if name not in known:
        raise UsageError(f"There is no preset {shown(name)}.", hint="`onepiece render presets` names those that exist.")
    found = {key.replace("-", "_"): value for key, value in known[name].items()}
    if unknown := sorted(set(found) - set(RenderRequest.model_fields)):
        raise ConfigError(
            f"[render.presets.{name}] has an unknown key {unknown[0]!r}",
            hint=f"Known are: {', '.join(sorted(RenderRequest.model_fields))}.",
            key=f"render.presets.{name}.{unknown[0]}",
        )
    return found


def build_request(layers: Iterable[Mapping[str, Any]]) -> RenderRequest:
    """One request of all layers, the last the strongest; None is not given. Raises RenderInvalid."""
    from pydantic import ValidationError

    from onepiece_core.render.request import RenderRequest

    made: dict[str, Any] = {}
    for layer in layers:
        given = {name: value for name, value in layer.items() if value is not None}
        if given.keys() & {"dcc", "template"}:  # one of the two: a stronger layer's takes the other's place
            made = {name: value for name, value in made.items() if name not in ("dcc", "template")}
        for name, value in given.items():
            is_table = isinstance(value, dict) and isinstance(made.get(name), dict)
            made[name] = {**made[name], **value} if is_table else value
    try:
        return RenderRequest.model_validate(made)
    except ValidationError as cause:
        raise RenderInvalid(_told(cause)) from cause


def pairs(option: str, texts: Iterable[str] | None) -> dict[str, str] | None:
    """``NAME=VALUE`` options. Raises UsageError."""
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"{option} is NAME=VALUE, not {shown(text)}.")
        found[name] = value
    return found or None


def whole_numbers(option: str, texts: Iterable[str] | None) -> dict[str, int] | None:
    """``NAME=NUMBER`` options. Raises UsageError."""
    try:
        return {name: int(value) for name, value in (pairs(option, texts) or {}).items()} or None
    except ValueError as cause:
        raise UsageError(f"{option} is NAME=NUMBER, the number a whole one.") from cause


def place_of(text: str | Path | None, roots: Roots, cwd: Path) -> str | None:
    """A path as every machine finds it: ``root:relative`` where it lies in a root, else absolute."""
    if text is None:
        return None
    path = Path(text)
    if not path.is_absolute():
        if _is_rooted(str(text), roots):
            return str(text)
        path = cwd / path.expanduser()
    told = roots.persist(path)
    return str(path) if told.startswith("@") else told


def _is_rooted(text: str, roots: Roots) -> bool:
    name, colon, _ = text.partition(":")
    if not colon or "/" in name:
        return False
    try:
        return roots.resolve(text) is not None
    except PathEscapes:
        return True  # whoever prepares the job says why


def _told(error: ValidationError) -> str:
    """``frames: ...; priority: ...``, without the values."""
    found = []
    for each in error.errors(include_url=False, include_input=False)[:5]:
        at = ".".join(str(part) for part in each["loc"]).replace("_", "-")
        message = each["msg"].removeprefix("Value error, ")
        found.append(f"{at}: {message}" if at else message)
    return shown("; ".join(found))
