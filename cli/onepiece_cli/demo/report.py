"""What ``onepiece demo`` ends with."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from onepiece_core.progress import Warned
from onepiece_core.publish.request import PublishResult


class Verified(BaseModel, frozen=True):
    """One package that was read to the last byte. ``found`` names what is wrong: ``flipped renders/x.1001.exr``."""

    place: str
    files: int
    found: tuple[str, ...]


class DemoReport(BaseModel, frozen=True, serialize_by_alias=True):
    """The object that ``onepiece demo --json`` prints.

    Attributes:
        made_by: what made the pictures.
        versions: both publishes, as ``dcc publish --json`` tells of them.
        verified: each package, on disk and in S3.
        flipped: the file of the copy in which one byte was changed, relative to the copy.
        broken: the copy; its ``found`` is what ``verify`` says of it.
        picture: the contact sheet, None where nothing can make pictures.
        running: the studio still runs.
        commands: what to run next, to look further.
    """

    schema_: Literal["onepiece.demo.1"] = Field("onepiece.demo.1", alias="schema")
    dir: str
    made_by: str
    versions: tuple[PublishResult, ...]
    verified: tuple[Verified, ...]
    flipped: str
    broken: Verified
    picture: str | None
    running: bool
    seconds: float
    warnings: tuple[Warned, ...]
    commands: tuple[str, ...]
