"""Options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer


class EventForm(StrEnum):
    """How progress is written."""

    NDJSON = "ndjson"


Json = Annotated[bool, typer.Option("--json", help="Print one object on stdout.")]
Events = Annotated[
    EventForm | None, typer.Option("--events", help="Write progress on stderr, as one JSON object a line.")
]
AwsProfile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="AWS profile, as AWS_PROFILE names it.")
]


def aws_overrides(profile: str | None) -> dict[str, Any]:
    """Settings that a ``--profile`` on the command line changes."""
    return {"aws": {"profile": profile}} if profile else {}
