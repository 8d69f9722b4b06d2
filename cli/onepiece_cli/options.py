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


def aws_overrides(profile: str | None, endpoint_url: str | None = None) -> dict[str, Any]:
    """Settings that ``--profile`` and ``--endpoint-url`` on the command line change."""
    changed = {"profile": profile, "endpoint_url": endpoint_url}
    given = {name: value for name, value in changed.items() if value}
    return {"aws": given} if given else {}
