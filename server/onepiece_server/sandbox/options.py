"""How a studio was asked to be; kept in ``sandbox.json``, so that a plain ``up`` starts the same one again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, ValidationError, field_validator

from onepiece_core.errors import UsageError

# In place of a file: the site's own schema again.
STOCK = "stock"


class StudioOptions(BaseModel, frozen=True, extra="ignore"):
    """Attributes:

    schema_file: where the site's schema was read from; the site keeps a copy. None: the stock one.
    time_zone: an IANA name; whose days and weeks the relative date operators mean.
    thumbnail_seconds: how long a new picture is shown as pending.
    uploads: how the client sends files.
    empty: a new site has no show.
    """

    schema_file: str | None = None
    time_zone: str = "UTC"
    thumbnail_seconds: float = Field(0.0, ge=0, le=86400, allow_inf_nan=False)
    uploads: Literal["direct", "form"] = "direct"
    empty: bool = False

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (OSError, LookupError, ValueError) as cause:
            raise ValueError("is no time zone; an IANA name is one, like Europe/Paris") from cause

    def changed(self, told: Mapping[str, Any]) -> StudioOptions:
        """These options with what is ``told``; None stands for nothing told.

        Raises:
            UsageError: a value makes no sense.
        """
        given = {name: value for name, value in told.items() if value is not None}
        if given.get("schema_file") == STOCK:
            given["schema_file"] = None
        try:
            return StudioOptions(**{**self.model_dump(), **given})
        except ValidationError as cause:
            first = cause.errors(include_url=False)[0]
            option = str(first["loc"][0]).replace("_", "-")
            raise UsageError(f"--{option}: {first['input']!r} {first['msg'].removeprefix('Value error, ')}.") from cause

    def unusual(self) -> dict[str, Any]:
        """What is not as it would be by itself."""
        return self.model_dump(exclude_defaults=True)

    def arguments(self) -> list[str]:
        """For the site's command line. Its schema is not among them: the site keeps that."""
        words = ["--time-zone", self.time_zone, "--uploads", self.uploads]
        words += ["--thumbnail-seconds", str(self.thumbnail_seconds)]
        return [*words, "--empty"] if self.empty else words
