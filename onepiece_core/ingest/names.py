"""The names of a drop: portable, of the show, by its convention."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from onepiece_core.context import Context, Convention
from onepiece_core.errors import NameInvalid
from onepiece_core.ingest.model import DropItem, Problem
from onepiece_core.name_template import NameTemplate
from onepiece_core.naming import escaped, find_collisions, portable_problem, split_version
from onepiece_core.rules.ingest_codes import found
from onepiece_core.shown import shown

# Tokens that name an eye, in lower case: its partner, and the two as one.
VIEWS = {"l": "r", "r": "l", "left": "right", "right": "left"}


@dataclass(frozen=True, slots=True)
class NameReport:
    """What one name tells. ``context`` is empty when it does not follow the convention."""

    name: str
    context: Context
    problems: tuple[Problem, ...]


def read_name(name: str, convention: Convention, show_code: str | None) -> NameReport:
    """Take a name without frame and extension apart, as a show's convention has it."""
    try:
        context = convention.parse_scene(name)
    except NameInvalid as error:  # version 0
        return NameReport(name, Context(), (found("name.version", error.report.message),))
    if context is not None:
        return NameReport(name, context, tuple(_of_show(context, show_code)))
    try:
        split_version(name)
    except NameInvalid as error:
        code = "name.two_versions" if "two versions" in error.report.message else "name.version"
        return NameReport(name, Context(), (found(code, error.report.message),))
    if show_code is not None and (in_case := _in_case(name, convention, show_code)):
        problem = found("show.case", f"the show is {shown(name[: len(show_code)])!r}, not {show_code!r}")
        return NameReport(name, in_case, (problem,))
    message = f"{shown(name)} does not follow the show's naming {convention.scene.text}"
    return NameReport(name, Context(), (found("name.convention", message),))


def _in_case(name: str, convention: Convention, show_code: str) -> Context | None:
    """What the name tells when only its show code is written in another case."""
    start = name[: len(show_code)]
    if start == show_code or start.lower() != show_code.lower():
        return None
    try:
        return convention.parse_scene(show_code + name[len(show_code) :])
    except NameInvalid:
        return None


def _of_show(context: Context, show_code: str | None) -> list[Problem]:
    return [] if show_code is None else show_problems(context.show or "", show_code)


def show_problems(show: str, show_code: str, line: int | None = None) -> list[Problem]:
    """Whether a drop's show code is the one that was named."""
    if show == show_code:
        return []
    told = f"the show is {escaped(show)!r}, not {show_code!r}"
    return [found("show.case" if show.lower() == show_code.lower() else "show.other", told, line=line)]


def check_portable(items: Sequence[DropItem]) -> None:
    """Names that some system cannot hold. One name of a sequence stands for all: only digits differ."""
    known: dict[str, tuple[str, str] | None] = {}  # folders come again and again
    for item in items:
        longest = max((file.relative for file in item.files), key=len)
        for part in longest.split("/"):
            if part not in known:
                known[part] = portable_problem(part)
            problem = known[part]
            if problem:
                item.problems.append(found(f"name.{problem[0]}", f"the name '{shown(part)}' {problem[1]}"))


def check_forms(items: Sequence[DropItem], characters: str | None, forms: Sequence[NameTemplate]) -> None:
    """The characters that a preset allows, and the forms of a name."""
    allowed = re.compile(characters) if characters else None
    for item in items:
        name = item.files[0].relative.rpartition("/")[2]
        if allowed is not None and not allowed.fullmatch(name):
            item.problems.append(found("name.characters", f"{shown(name)} holds other characters than {characters}"))
        if forms and not any(form.parse(item.name) is not None for form in forms):
            told = " or ".join(form.text for form in forms)
            item.problems.append(found("name.form", f"{shown(item.name)} is none of {told}"))


def check_collisions(items: Sequence[DropItem]) -> None:
    """Names that macOS and Windows take for one. Frames are compared by their patterns."""
    by_pattern: dict[str, list[DropItem]] = {}
    for item in items:
        by_pattern.setdefault(item.pattern, []).append(item)
    for pair in find_collisions(by_pattern):
        for one, other in (pair, pair[::-1]):
            message = f"{shown(one)} and {shown(other)} are one file on macOS and Windows"
            # A pair of folders stands for all that is in them.
            below = [
                item for name, some in by_pattern.items() if name == one or name.startswith(f"{one}/") for item in some
            ]
            for item in below:
                item.problems.append(found("name.collision", message))


def check_lengths(items: Sequence[DropItem], client_root: str, limit: int) -> None:
    """Paths that Windows cannot hold below the client's folder, computed in UTF-16 as Windows counts."""
    start = len(client_root.rstrip("\\/")) + 1 if client_root else 0
    for item in items:
        longest = max(utf16_length(file.relative) for file in item.files)
        if start + longest > limit:
            below = f" below {client_root}" if client_root else ""
            message = f"its path has {start + longest} characters{below}, more than {limit}"
            item.problems.append(found("path.too_long", message, characters=start + longest, root=start))


def utf16_length(text: str) -> int:
    """How Windows counts a path."""
    return len(text) if text.isascii() else sum(1 + (ord(c) > 0xFFFF) for c in text)


def view_of(name: str) -> tuple[str, str] | None:
    """The view that a name holds and the name of the other eye: ``L`` of ``x_L_v001`` and ``x_R_v001``."""
    parts = name.split("_")
    for index, part in enumerate(parts):
        partner = VIEWS.get(part.lower())
        if partner is not None and index:
            other = partner.upper() if part.isupper() else partner.title() if part[0].isupper() else partner
            return part, "_".join((*parts[:index], other, *parts[index + 1 :]))
    return None


def check_views(items: Sequence[DropItem]) -> None:
    """A left view without its right one, or with other frames."""
    by_name: dict[tuple[str, str], DropItem] = {}
    for item in items:
        by_name[item.name, item.pattern.rpartition(".")[2].lower()] = item
    for (name, extension), item in by_name.items():
        view = view_of(name)
        if view is None:
            continue
        other = by_name.get((view[1], extension))
        if other is None:
            item.problems.append(found("view.missing", f"the view {view[0]} comes without {shown(view[1])}"))
        elif item.sequence and other.sequence and item.sequence.frames != other.sequence.frames:
            message = f"it has the frames {item.sequence.ranges}, {shown(view[1])} has {other.sequence.ranges}"
            item.problems.append(found("view.range", message))
