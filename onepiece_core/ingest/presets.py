"""Delivery presets: what a studio or a client asks of a drop, told in TOML. Every table may be left out."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.errors import NameInvalid, SequenceError
from onepiece_core.frames import exact_rate
from onepiece_core.manifest.drop_mapping import preset_error, read_preset
from onepiece_core.name_template import NameTemplate
from onepiece_core.rules.ingest_codes import CODES

DEFAULT = "studio"


def _check_code(code: str) -> str:
    if code not in CODES:
        raise ValueError("is no code of an ingest")
    if CODES[code].is_fixed:
        raise ValueError("cannot be changed by a preset")
    return code


def _check_rate(rate: float | str) -> float | str:
    try:
        exact_rate(rate)
    except SequenceError as cause:
        raise ValueError(cause.report.message) from cause
    return rate


def _check_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as cause:
        raise ValueError(f"is no regular expression: {cause}") from cause
    return text


Code = Annotated[str, AfterValidator(_check_code)]
Rate = Annotated[float | str, AfterValidator(_check_rate)]
Expression = Annotated[str, AfterValidator(_check_expression)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NameRules(_Table):
    """``name.characters``, ``name.form``, ``path.too_long``.

    Attributes:
        convention: names must follow the show's convention, unless the manifest tells the shot.
        forms: templates as in ``naming.scene``; a name must have one of them. They stand in for the convention.
        fields: regular expressions of the fields of ``forms``.
    """

    convention: bool = True
    characters: Expression | None = None
    forms: tuple[str, ...] = ()
    fields: dict[str, Expression] = {}
    client_root: str = ""
    max_path: int = Field(260, ge=1)

    def templates(self) -> tuple[NameTemplate, ...]:
        """The forms, ready to read names. Raises NameInvalid."""
        return tuple(NameTemplate(form, self.fields) for form in self.forms)


class PictureRules(_Table):
    """``media.resolution``, ``media.divisible``, ``media.container``, ``media.alpha``, ``media.colour_space``.

    Attributes:
        resolutions: ``1920x1080``; empty: any.
        extensions: kinds of file, without the dot; empty: any.
        alpha: of frames.
        colour_spaces: as files tell them, whatever their case and marks; empty: any. A file that tells none passes.
        pixels: look at the pixels for black and NaN (slow).
    """

    resolutions: tuple[Annotated[str, Field(pattern=r"^\d+x\d+$")], ...] = ()
    divisible_by: int = Field(1, ge=1, le=64)
    extensions: tuple[str, ...] = ()
    alpha: Literal["any", "required", "forbidden"] = "any"
    colour_spaces: tuple[str, ...] = ()
    pixels: bool = False


class MovieRules(_Table):
    """``media.fps``, ``media.codec``, ``media.divisible``, ``media.timecode``.

    Attributes:
        rates: frames a second that are allowed, 23.976 or "24000/1001"; empty: any between ``fps_min`` and ``fps_max``.
        codecs: four-character codes of QuickTime: ``avc1``, ``apch``.
    """

    rates: tuple[Rate, ...] = ()
    fps_min: Rate | None = None
    fps_max: Rate | None = None
    codecs: tuple[str, ...] = ()
    divisible_by: int = Field(1, ge=1, le=64)
    timecode: bool = False

    def allows(self, rate: Fraction) -> bool:
        """Whether a movie may play at ``rate``."""
        exact = exact_rate(rate)
        low = exact_rate(self.fps_min) if self.fps_min is not None else None
        high = exact_rate(self.fps_max) if self.fps_max is not None else None
        if self.rates and exact not in {exact_rate(each) for each in self.rates}:
            return False
        return (low is None or exact >= low) and (high is None or exact <= high)


class ExrRules(_Table):
    """``media.pixel_type``, ``media.compression``, ``media.compression_lossy``."""

    pixel_types: tuple[str, ...] = ()
    compressions: tuple[str, ...] = ()
    lossy: tuple[str, ...] = ()


class DropPreset(_Table):
    """What a drop must be.

    Attributes:
        severity: by code: an error, a warning, or nothing at all.
    """

    title: str
    names: NameRules = NameRules()
    pictures: PictureRules = PictureRules()
    movies: MovieRules = MovieRules()
    exr: ExrRules = ExrRules()
    severity: dict[Code, Literal["error", "warning", "off"]] = {}


def load_preset(name: str = DEFAULT) -> DropPreset:
    """A preset by its path, or by the name of one that is shipped: ``studio``, ``netflix``. Raises ConfigError."""
    values = read_preset(name, "drops")
    try:
        preset = DropPreset.model_validate(values)
        preset.names.templates()
    except ValidationError as cause:
        raise preset_error(name, cause) from cause
    except NameInvalid as cause:
        from onepiece_core.errors import ConfigError

        raise ConfigError(f"The preset {name} is not sound: {cause.report.message}", preset=name) from cause
    return preset
