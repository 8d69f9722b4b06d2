"""A publish as a panel asks for it or saves it: the request, the facts of the scene, and what is ignored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from onepiece_core.errors import UsageError
from onepiece_core.publish.request import PublishRequest
from onepiece_core.rules.host_facts import SceneFacts, parse_facts
from onepiece_core.rules.host_rules import Ignored
from onepiece_core.shown import unicode_json


@dataclass(frozen=True)
class SavedRequest:
    """``facts`` is None where no host has told any: then only the files are checked."""

    request: PublishRequest
    facts: SceneFacts | None = None


class _Saved(BaseModel):
    """``schema`` may stand in a file; it is that of the request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: PublishRequest
    facts: dict[str, Any] | None = None
    ignored: tuple[Ignored, ...] = ()


def load_saved(data: bytes) -> SavedRequest:
    """From a file. Raises UsageError."""
    try:
        told = unicode_json(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The request is no sound JSON: {error}.") from error
    return parse_saved(told)


def parse_saved(told: Any) -> SavedRequest:
    """``{request, facts, ignored}``, or a bare request. Raises UsageError."""
    is_whole = isinstance(told, Mapping) and "request" in told
    try:
        saved = _Saved.model_validate(told) if is_whole else _Saved(request=PublishRequest.model_validate(told))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "request"
        raise UsageError(f"The request is not sound: {place}: {first['msg']}.") from error
    facts = parse_facts(saved.facts) if saved.facts is not None else None
    ignored = (*saved.request.ignored, *saved.ignored)
    return SavedRequest(saved.request.model_copy(update={"ignored": ignored}), facts)
