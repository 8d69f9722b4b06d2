"""Which paths of a folder a sync is about.

Patterns are relative to the synced folder. One without a slash matches at any depth, one with a slash is anchored in
the folder. ``*`` and ``?`` stay within one name, ``[ab]`` and ``[!ab]`` are one character, ``**`` is any number of
folders. A matched folder means everything below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from onepiece_core.errors import UsageError

_ANY_FOLDERS = "(?:[^/]+/)*"


@dataclass(frozen=True, slots=True)
class Filters:
    """Compiled patterns; make them with :func:`compile_filters`.

    Attributes:
        include: what is taken; None: everything.
        exclude: what is left out, whatever ``include`` says.
    """

    include: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None

    @property
    def is_open(self) -> bool:
        """Everything is taken."""
        return self.include is None and self.exclude is None

    def takes(self, relative: str) -> bool:
        """Whether the file at ``relative`` (a POSIX path) is part of the sync."""
        if self.exclude is not None and self.exclude.fullmatch(relative):
            return False
        return self.include is None or self.include.fullmatch(relative) is not None

    def drops_folder(self, relative: str) -> bool:
        """Whether nothing below the folder ``relative`` can be part of the sync."""
        return self.exclude is not None and self.exclude.fullmatch(relative) is not None


ALL = Filters()


def compile_filters(include: Iterable[str], exclude: Iterable[str], *, folder: str = "") -> Filters:
    """The filters that these patterns make.

    Args:
        folder: the synced folder as the user named it; a pattern may start with it.

    Raises:
        UsageError: a pattern is empty or leaves the folder.
    """
    return Filters(_compile(include, folder), _compile(exclude, folder))


def _compile(patterns: Iterable[str], folder: str) -> re.Pattern[str] | None:
    found = [one for pattern in patterns for one in _expressions(pattern, folder.strip("/"))]
    # The names of files may hold newlines.
    return re.compile("|".join(found), re.DOTALL) if found else None


def _expressions(pattern: str, folder: str) -> list[str]:
    """The regular expressions of one pattern, each of a whole path."""
    if "/" not in pattern:
        _check([pattern], pattern)
        name = "[^/]*" if pattern == "**" else _name_expression(pattern)
        return [f"{_ANY_FOLDERS}{name}(?:/.*)?"]
    shapes = [pattern.strip("/")]
    if folder and shapes[0].startswith(f"{folder}/"):
        shapes.append(shapes[0].removeprefix(f"{folder}/"))
    # A folder's own name with a slash behind it is the folder itself: everything.
    if folder and shapes[0] == folder and pattern.endswith("/"):
        shapes.append("**")
    return [_anchored(shape.split("/"), pattern) for shape in shapes]


def _anchored(parts: list[str], pattern: str) -> str:
    _check(parts, pattern)
    told = []
    for place, part in enumerate(parts):
        is_last = place == len(parts) - 1
        if part == "**":
            # `a/**` is what lies in `a`; in front of a name, `**` may also be no folder at all.
            told.append(".+" if is_last else _ANY_FOLDERS)
        else:
            told.append(_name_expression(part) + ("(?:/.*)?" if is_last else "/"))
    return "".join(told)


def _check(parts: list[str], pattern: str) -> None:
    if any(part in ("", ".", "..") for part in parts):
        raise UsageError(
            f"{pattern!r} is no pattern for paths in a folder",
            hint="Write it like *.exr, renders/** or sc02/*/beauty.",
            pattern=pattern,
        )


def _name_expression(part: str) -> str:
    """One name. Atomic groups: many stars must not try each way to share a name out among them."""
    pieces, position = [""], 0
    while position < len(part):
        char = part[position]
        position += 1
        if char == "*":
            pieces.append("")
        elif char == "?":
            pieces[-1] += "[^/]"
        elif char == "[" and (end := _class_end(part, position)):
            pieces[-1] += _class_expression(part[position:end])
            position = end + 1
        else:
            pieces[-1] += re.escape(char)
    if len(pieces) == 1:
        return pieces[0]
    middle = "".join(f"(?>[^/]*?{piece})" for piece in pieces[1:-1] if piece)
    return f"{pieces[0]}{middle}[^/]*{pieces[-1]}"


def _class_end(part: str, start: int) -> int:
    """Where the ``]`` of a class stands; 0 when there is none, so that ``[`` means itself."""
    first = start + 1 if part[start : start + 1] in ("!", "^") else start
    return max(part.find("]", first + 1), 0)


def _class_expression(inner: str) -> str:
    negated = inner[0] in "!^"
    chars = inner[1:] if negated else inner
    ranges: list[str] = []
    while chars:
        if len(chars) >= 3 and chars[1] == "-":
            if chars[0] <= chars[2]:
                ranges.append(f"{re.escape(chars[0])}-{re.escape(chars[2])}")
            chars = chars[3:]
        else:
            ranges.append(re.escape(chars[0]))
            chars = chars[1:]
    if not ranges:
        return "[^/]" if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{''.join(ranges)}]"
