"""Codes of episodes, sequences and shots from what people write into a table: ep101, ep101_sc01, ep101_sc01_0010."""

from __future__ import annotations

from collections.abc import Mapping

from onepiece_core.manifest.drop_cells import looks_damaged
from onepiece_core.naming import portable_reason
from onepiece_core.show.fill import fill
from onepiece_core.show.template import ShowTemplate
from onepiece_core.tracker.row_values import ValueRefused

_LETTERS = {"Episode": "ep", "Sequence": "sc"}
# What a value is called in a template's code.
_NAMES = {"Episode": "episode", "Sequence": "sequence", "Shot": "shot", "Asset": "asset"}


def default_code(entity_type: str, value: str, parent: str | None) -> str:
    """``101`` is ep101, ``01`` in it ep101_sc01, ``0010`` in that ep101_sc01_0010; a whole code stays as it is."""
    if entity_type not in ("Episode", "Sequence", "Shot"):
        return value
    name = f"{_LETTERS.get(entity_type, '')}{value}" if value.isdecimal() else value
    if parent is None or entity_type == "Episode" or name.casefold().startswith(f"{parent}_".casefold()):
        return name
    return f"{parent}_{name}"


def code_of(
    template: ShowTemplate | None, entity_type: str, value: str, parent: str | None, values: Mapping[str, str]
) -> str:
    """The code of a row of a table: as the template says, else the default. Raises ManifestError for its variables."""
    told = template.types.get(entity_type) if template is not None else None
    if told is None or told.code is None:
        return default_code(entity_type, value, parent)
    own = {_NAMES.get(entity_type, "name"): value, "name": value, "parent": parent or ""}
    return fill(told.code, {**values, **own}, f"types.{entity_type}.code")


def checked(column: str, text: str) -> str:
    """A cell that names something. Raises ValueRefused for what a spreadsheet has made of it, or no name could be."""
    text = text.strip()
    if looks_damaged(text):
        raise ValueRefused(f"{column} {text!r} looks Excel-damaged: format the column as text and fill it again")
    if not text.isprintable():
        raise ValueRefused(f"{column} {text!r} holds what cannot be seen")
    if text.startswith(("=", "+", "@")):
        raise ValueRefused(f"{column} {text!r} is a formula, no name")
    return text


def check_code(code: str) -> None:
    """Raise ValueRefused for a code that no folder can have: shots and assets become folders."""
    reason = portable_reason(code)
    if reason is not None:
        raise ValueRefused(f"the code {code!r} {reason}")
