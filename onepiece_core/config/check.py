"""Tables against the models, and what is wrong with them in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from onepiece_core.config.environment import is_secret
from onepiece_core.config.layers import Key, dotted
from onepiece_core.config.models import Tables
from onepiece_core.errors import ConfigError

Where = Callable[[Key], str]


def check_tables(data: Mapping[str, Any], where: Where) -> Tables:
    """The complete settings. Raises ConfigError; ``where`` tells where a key was set."""
    try:
        return Tables.model_validate(dict(data))
    except ValidationError as cause:
        raise _config_error(cause.errors(include_url=False), where) from cause


def check_part(data: Mapping[str, Any], where: Where) -> None:
    """One file's or profile's tables: others may complete them, so nothing is missing yet. Raises ConfigError."""
    try:
        Tables.model_validate(dict(data))
    except ValidationError as cause:
        wrong = [error for error in cause.errors(include_url=False) if not _may_be_completed(error)]
        if wrong:
            raise _config_error(wrong, where) from cause


def _may_be_completed(error: ErrorDetails) -> bool:
    if error["type"] == "missing":
        return True
    # A rule over a whole table: its other half may stand in another file.
    return error["type"] == "value_error" and _model_at(_key(error)) is not None


def _key(error: ErrorDetails) -> Key:
    return tuple(str(part) for part in error["loc"] if isinstance(part, str) and part != "[key]")


def _config_error(errors: list[ErrorDetails], where: Where) -> ConfigError:
    lines = [f"{where(_key(error))}: {_words(error)}" for error in errors]
    first = errors[0]
    hint = _allowed(_key(first)) if first["type"] == "extra_forbidden" else None
    keys = [dotted(_key(error)) for error in errors]
    return ConfigError("; ".join(lines[:5]), hint=hint, key=keys[0], keys=keys, where=where(_key(first)))


def _words(error: ErrorDetails) -> str:
    key = _key(error)
    text = dotted(key) or "the configuration"
    match error["type"]:
        case "extra_forbidden":
            return f"{text} is no setting"
        case "missing":
            return f"{text} is missing"
        case "is_instance_of":
            return f"{text} must be a path"
        case "value_error":
            reason = error["ctx"]["error"]
            return f"{text} {reason}" if _model_at(key) is None else f"[{text}] {reason}"
    wanted = error["msg"].removeprefix("Input ").replace("should be", "must be")
    given = error["input"]
    shown = "" if is_secret(key) or isinstance(given, Mapping | list) else f", not {given!r}"
    return f"{text} {wanted[:1].lower()}{wanted[1:]}{shown}"


def _allowed(key: Key) -> str | None:
    model = _model_at(key[:-1])
    if model is None:
        return None
    table = dotted(key[:-1])
    names = ", ".join(sorted(model.model_fields))
    return (
        f"Allowed in [{table}]: {names}." if table else f"Allowed tables and keys: {names}, profiles, default_profile."
    )


def _model_at(key: Key) -> type[BaseModel] | None:
    """The model of the table at ``key``, or None where a value or free names stand."""
    model: Any = Tables
    for part in key:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(part)
            model = field.annotation if field else None
        else:  # a table with free names: contexts, roots, shows
            model = (get_args(model) or (None,))[-1]
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None
