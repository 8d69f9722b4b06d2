"""What a host told about its open scene: ``onepiece.scene-facts.1``, as ``onepiece_hosts.facts`` writes it.

Whatever made it is not trusted: sizes are bounded, and paths stay text that nobody has opened.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.errors import UsageError

# The longest path of any system that hosts run on.
_MAX_TEXT = 32_768
_MAX_FILES = 250_000
_MAX_LISTED = 50_000

Text = Annotated[str, Field(max_length=_MAX_TEXT)]
Frame = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


class _Fact(BaseModel):
    # A newer host may tell more than is read here.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class FrameRangeFact(_Fact):
    """``first`` to ``last`` is what is seen; the handles enclose it."""

    first: Frame
    last: Frame
    handle_first: Frame
    handle_last: Frame


class ColourFact(_Fact):
    """``is_known`` is False when the host cannot find the configuration that the scene names."""

    config: Text | None = None
    working_space: Text | None = None
    is_known: bool = True


class ResolutionFact(_Fact):
    """In pixels, as it renders."""

    width: int = Field(ge=0, le=1 << 20)
    height: int = Field(ge=0, le=1 << 20)
    pixel_aspect: float = Field(1.0, ge=0, le=1000, allow_inf_nan=False)


class CameraFact(_Fact):
    """``is_default``: every scene of this host is born with it."""

    id: Text
    label: Text
    is_renderable: bool = False
    is_default: bool = False


class FileFact(_Fact):
    """A file, sequence or tiled texture that the scene uses; see ``onepiece_hosts.host.UsedFile``."""

    path: Text
    written: Text = ""
    kind: Text = "other"
    node: Text = ""
    label: Text = ""
    is_missing: bool | None = None
    is_packed: bool = False


class OutputFact(_Fact):
    """What a render or a cache writes."""

    id: Text
    label: Text
    path: Text
    kind: Text = "sequence"
    first: Frame = 0
    last: Frame = 0
    is_enabled: bool = True


class ProblemFact(_Fact):
    """Something only this host has, by a kind that rules know."""

    kind: Text
    node: Text = ""
    label: Text = ""
    context: dict[str, Any] = {}


class Unread(_Fact):
    """What the host failed to tell."""

    what: Text
    message: Text = ""


class SceneFacts(_Fact):
    """Everything that rules and proposals know about an open scene; None is not known.

    Attributes:
        modified: None where the host cannot know.
        fps: numerator and denominator.
        left_out: files and problems beyond what a host lists.
    """

    schema_: Literal["onepiece.scene-facts.1"] = Field("onepiece.scene-facts.1", alias="schema")
    host: str = Field(max_length=100)
    host_version: str = Field("", max_length=200)
    headless: bool = False
    scene: Text | None = None
    modified: bool | None = None
    range: FrameRangeFact | None = None
    fps: Annotated[list[Annotated[int, Field(ge=0, le=10**9)]], Field(min_length=2, max_length=2)] | None = None
    colour: ColourFact | None = None
    resolution: ResolutionFact | None = None
    cameras: Annotated[list[CameraFact] | None, Field(max_length=_MAX_LISTED)] = None
    outputs: Annotated[list[OutputFact] | None, Field(max_length=_MAX_LISTED)] = None
    selection: Annotated[list[Text] | None, Field(max_length=_MAX_FILES)] = None
    files: Annotated[list[FileFact], Field(max_length=_MAX_FILES)] = []
    problems: Annotated[list[ProblemFact], Field(max_length=_MAX_FILES)] = []
    left_out: int = Field(0, ge=0)
    unread: Annotated[list[Unread], Field(max_length=1000)] = []


def parse_facts(told: Any) -> SceneFacts:
    """Raises UsageError for what is no facts."""
    try:
        return SceneFacts.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "facts"
        raise UsageError(f"The facts of the scene are not sound: {place}: {first['msg']}.") from error
