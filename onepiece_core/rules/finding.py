"""What a rule found."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

Severity = Literal["error", "warning"]


class Finding(BaseModel, frozen=True):
    """One thing that is not as it should be.

    Attributes:
        rule: the rule's id, stable: ``media.zero_bytes``.
        severity: an error stops a publish, a warning is shown and kept.
        message: for the artist.
        hint: what to do next.
        fix: id of a host's action that selects or repairs it, None when a person must.
        context: JSON values for the log.
    """

    rule: str
    severity: Severity
    message: str
    hint: str | None = None
    fix: str | None = None
    context: dict[str, Any] = {}
