"""A publish as a panel asks for it or saves it: the request, the facts of the scene, and what is ignored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from onepiece_core.errors import PathEscapes, UsageError
from onepiece_core.paths import Roots
from onepiece_core.publish.record import persist_request
from onepiece_core.publish.request import PublishRequest
from onepiece_core.rules.host_facts import SceneFacts, parse_facts
from onepiece_core.rules.host_rules import Ignored
from onepiece_core.shown import unicode_json

_PORTABLE = "root:relative"


@dataclass(frozen=True)
class SavedRequest:
    """A request with what belongs to it.

    Attributes:
        facts: None where no host has told any: then only the files are checked.
        is_portable: its paths are ``root:relative``; :meth:`here` makes them this machine's.
    """

    request: PublishRequest
    facts: SceneFacts | None = None
    is_portable: bool = False

    def here(self, roots: Roots) -> SavedRequest:
        """With this machine's paths. Raises UsageError for one that cannot be reached from here."""
        if not self.is_portable:
            return self
        request = self.request.with_paths(lambda path: _resolved(path.as_posix(), roots))
        return SavedRequest(request, self.facts and _moved(self.facts, lambda path: _found(path, roots)))

    def to_bytes(self, roots: Roots) -> bytes:
        """A file that any machine with the same roots can publish from."""
        facts = self.facts and _moved(self.facts, lambda path: _rooted(path, roots))
        told = {
            "paths": _PORTABLE,
            "request": persist_request(self.request, roots),
            "facts": facts and facts.model_dump(mode="json", by_alias=True),
        }
        return json.dumps(told, indent=1).encode() + b"\n"


class _Saved(BaseModel):
    """``schema`` may stand in a file; it is that of the request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: PublishRequest
    facts: dict[str, Any] | None = None
    ignored: tuple[Ignored, ...] = ()
    paths: Literal["root:relative"] | None = None


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
    return SavedRequest(saved.request.model_copy(update={"ignored": ignored}), facts, saved.paths is not None)


def _resolved(path: str, roots: Roots) -> Path:
    try:
        found = roots.resolve(path)
    except PathEscapes as error:
        raise UsageError(f"The request is not sound: {error.report.message}.") from error
    if found is None:
        raise UsageError(
            f"{path} cannot be reached from this machine.",
            hint=f"Give the root {path.partition(':')[0]!r} a folder in onepiece.toml, under [roots].",
        )
    return found


def _moved(facts: SceneFacts, change: Callable[[str], str]) -> SceneFacts:
    """The facts with each path changed; what the scene itself has written stays."""
    return facts.model_copy(
        update={
            "scene": facts.scene and change(facts.scene),
            "files": [each.model_copy(update={"path": change(each.path)}) for each in facts.files],
            "outputs": facts.outputs
            and [each.model_copy(update={"path": change(each.path)}) for each in facts.outputs],
        }
    )


def _rooted(path: str, roots: Roots) -> str:
    """``root:relative`` where it lies below a root: the rules tell the others."""
    told = roots.persist(Path(path)) if "\0" not in path and Path(path).is_absolute() else path
    return path if told.startswith("@") else told


def _found(path: str, roots: Roots) -> str:
    try:
        found = roots.resolve(path)
    except PathEscapes:  # it was under no root
        return path
    return path if found is None else found.as_posix()
