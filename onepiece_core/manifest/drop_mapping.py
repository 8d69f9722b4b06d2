"""Mapping presets: a vendor's own columns, told in TOML.

::

    [columns]                      # our name = their column; several are joined with a slash
    delivery_path = ["Relative Path", "Filename"]
    version = "Partner Version"

    [values]                       # what no column tells
    show = "FG"

    [options]
    checksum_algorithm = "md5"     # of checksums that name none
    unknown = "keep"               # or "refuse": entries with fields that nobody knows
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.checksums import LENGTHS
from onepiece_core.errors import ConfigError
from onepiece_core.manifest.drop_cells import COLUMNS, MORE, REQUIRED
from onepiece_core.shown import shown

_KNOWN = (*COLUMNS, *MORE)


def _check_name(name: str) -> str:
    if name not in _KNOWN:
        raise ValueError(f"is none of {', '.join(_KNOWN)}")
    return name


def _check_algorithm(name: str) -> str:
    if name not in LENGTHS:
        raise ValueError(f"is none of {', '.join(LENGTHS)}")
    return name


Name = Annotated[str, AfterValidator(_check_name)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class MappingOptions(_Table):
    checksum_algorithm: Annotated[str, AfterValidator(_check_algorithm)] | None = None
    unknown: Literal["keep", "refuse"] | None = Field(
        None, description="None: kept in CSV with a warning, refused in JSON"
    )
    delimiter: Literal[",", ";", "\t", "|"] | None = None


class Mapping(_Table):
    """How a vendor calls things."""

    columns: dict[Name, str | list[str]] = {}
    values: dict[Name, str] = {}
    options: MappingOptions = MappingOptions()

    @property
    def required(self) -> tuple[str, ...]:
        """What an entry cannot do without: with a mapping, the file's name may tell the rest."""
        told = {*self.columns, *self.values}
        return REQUIRED if not told else tuple(name for name in REQUIRED if name in told or name == "delivery_path")

    def renamed(self, cells: dict[str, Any]) -> dict[str, Any]:
        """An entry in our names; columns that the mapping does not name keep theirs."""
        used = {theirs for each in self.columns.values() for theirs in ([each] if isinstance(each, str) else each)}
        ours = {name: value for name, value in cells.items() if name not in used}
        for name, each in self.columns.items():
            parts = [cells.get(theirs) for theirs in ([each] if isinstance(each, str) else each)]
            if len(parts) == 1:
                ours[name] = parts[0]
            else:
                ours[name] = "/".join(str(part).strip("/") for part in parts if part not in (None, ""))
        for name, value in self.values.items():
            if not ours.get(name):
                ours[name] = value
        if "sequence" in ours and "scene" not in ours:
            ours["scene"] = ours.pop("sequence")
        return ours

    def their_names(self) -> set[str]:
        """Every column that means something."""
        mapped = {theirs for each in self.columns.values() for theirs in ([each] if isinstance(each, str) else each)}
        return mapped | (set(_KNOWN) | {"sequence"}) - set(self.columns)


def load_mapping(name: str | None) -> Mapping:
    """A mapping by its path, or by the name of one that is shipped. Raises ConfigError."""
    if name is None:
        return Mapping()
    return Mapping(**_validated(read_preset(name, "mappings"), name))


def _validated(values: dict[str, Any], name: str) -> dict[str, Any]:
    try:
        Mapping.model_validate(values)
    except ValidationError as cause:
        raise preset_error(name, cause) from cause
    return values


def read_preset(name: str, kind: str) -> dict[str, Any]:
    """The TOML of a preset: a path, or the name of one in the package. Raises ConfigError."""
    is_path = "/" in name or "\\" in name or name.lower().endswith(".toml")
    try:
        if is_path:
            text = Path(name).expanduser().read_text(encoding="utf-8")
        else:
            text = files("onepiece_core").joinpath("presets", kind, f"{name}.toml").read_text(encoding="utf-8")
        return tomllib.loads(text)
    except (OSError, ValueError) as cause:
        known = ", ".join(shipped_presets(kind))
        why = "is not there" if isinstance(cause, FileNotFoundError) else f"cannot be read: {cause}"
        raise ConfigError(
            f"The preset {shown(name)} {why}.",
            hint=f"Shipped are: {known}; another is named by its path.",
            preset=shown(name),
        ) from cause


def shipped_presets(kind: str) -> list[str]:
    folder = files("onepiece_core").joinpath("presets", kind)
    return sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml"))


def preset_error(name: str, cause: ValidationError) -> ConfigError:
    """What is wrong in a preset, one line for each key."""
    told = [
        f"{'.'.join(map(str, each['loc']))}: {each['msg'].removeprefix('Value error, ')}" for each in cause.errors()
    ]
    return ConfigError(
        f"The preset {shown(name)} is not sound: {'; '.join(told[:8])}.", preset=shown(name), problems=told
    )
