"""Templates that write names and read them back: ``{show}_{shot}[_{tokens}]_v{version}``.

``{field}`` stands for a value, square brackets hold what may be left out, everything else stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from onepiece_core.errors import NameInvalid
from onepiece_core.naming import escaped

# One word between underscores that is no version.
_NO_VERSION = r"(?![vV]\d+(?![A-Za-z0-9-]))"
_WORD = rf"{_NO_VERSION}[A-Za-z0-9-]+"

# What each field may hold, until a show says otherwise. ASCII only.
FIELDS: Mapping[str, str] = {
    "show": r"[A-Z][A-Z0-9]{1,7}",
    "episode": r"ep\d{3}",
    "sequence": r"sc\d{2,3}",
    "shot": r"\d{4}[A-Z]?",
    "asset": rf"{_NO_VERSION}[A-Za-z][A-Za-z0-9-]*",
    "step": rf"{_NO_VERSION}[a-z][a-z0-9-]*",
    "task": rf"{_NO_VERSION}[A-Za-z][A-Za-z0-9-]*",
    "dcc": r"[a-z][a-z0-9-]*",
    "tokens": rf"{_WORD}(?:_{_WORD})*",
    "version": r"\d{3,4}",
    "tail": rf"{_WORD}(?:_{_WORD})*",
}

_PART = re.compile(r"\{(?P<field>[a-z_]*)\}|(?P<open>\[)|(?P<close>\])|(?P<text>[^{}\[\]]+)|(?P<bad>.)", re.DOTALL)
_MAX_VALUE = 200

# (is a field, its name or the text itself, number of the optional group or 0)
_Piece = tuple[bool, str, int]


class NameTemplate:
    """One template. Raises NameInvalid when it is not well formed, or a field's expression is not.

    ``fields`` are regular expressions that replace or extend ``FIELDS``.
    """

    def __init__(self, text: str, fields: Mapping[str, str] | None = None) -> None:
        self.text = text
        self._patterns = {**FIELDS, **(fields or {})}
        self._pieces = self._parse(text)
        try:
            self._regex = re.compile(self._expression(), re.ASCII)
        except (re.error, OverflowError) as cause:
            raise NameInvalid(f"the template {text!r} has a field that is no expression: {cause}", name=text) from cause

    def __repr__(self) -> str:
        return f"NameTemplate({self.text!r})"

    def _parse(self, text: str) -> list[_Piece]:
        pieces: list[_Piece] = []
        group, groups = 0, 0
        for match in _PART.finditer(text):
            if match["open"] and not group:
                group = groups = groups + 1
            elif match["close"] and group:
                group = 0
            elif match["field"] is not None and match["field"] in self._patterns:
                pieces.append((True, match["field"], group))
            elif match["text"]:
                pieces.append((False, match["text"], group))
            else:
                known = ", ".join(sorted(self._patterns))
                raise NameInvalid(f"the template {text!r} is not well formed at {match[0]!r}", hint=f"Fields: {known}.")
        if group or not pieces:
            raise NameInvalid(f"the template {text!r} is empty or lacks a closing bracket", name=text)
        return pieces

    def _expression(self) -> str:
        parts: list[str] = []
        seen: set[str] = set()
        before = 0
        for is_field, value, group in self._pieces:
            if group != before:
                parts.append(")?" if before else "")
                parts.append("(?:" if group else "")
                before = group
            if not is_field:
                parts.append(re.escape(value))
            elif value in seen:
                parts.append(f"(?P={value})")
            else:
                seen.add(value)
                re.compile(self._patterns[value])  # alone: it must not close our group
                parts.append(f"(?P<{value}>{self._patterns[value]})")
        return "".join(parts) + (")?" if before else "")

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(value for is_field, value, _ in self._pieces if is_field)

    def accepts(self, field: str, value: str) -> bool:
        """Whether the field may hold ``value``."""
        return re.fullmatch(self._patterns[field], value, re.ASCII) is not None

    def parse(self, name: str) -> dict[str, str] | None:
        """The fields of ``name``, without those that are left out, or None when it does not follow the template."""
        match = self._regex.fullmatch(name)
        return None if match is None else {key: value for key, value in match.groupdict().items() if value is not None}

    def format(self, values: Mapping[str, str | int]) -> str:
        """The name that :meth:`parse` reads back as ``values``; a version may be a number. Raises NameInvalid."""
        texts = {
            key: f"{value:03d}" if key == "version" and isinstance(value, int) else str(value)
            for key, value in values.items()
        }
        lacking = {group for is_field, value, group in self._pieces if is_field and value not in texts}
        if 0 in lacking:
            needed = sorted(
                value for is_field, value, group in self._pieces if is_field and not group and value not in texts
            )
            raise NameInvalid(f"{self.text} needs a value for {', '.join(needed)}", missing=needed)
        name = "".join(
            (texts[value] if is_field else value) for is_field, value, group in self._pieces if group not in lacking
        )
        if self.parse(name) is None:
            raise NameInvalid(
                f"{escaped(name)[:_MAX_VALUE]!r} does not follow {self.text}",
                hint="Check each value against the show's naming.",
            )
        return name
