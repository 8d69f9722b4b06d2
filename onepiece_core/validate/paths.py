"""Do these paths stay where they should, can every system hold them, are they there?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import PathEscapes
from onepiece_core.ingest.names import utf16_length
from onepiece_core.naming import portable_problem
from onepiece_core.paths import contained
from onepiece_core.shown import shown
from onepiece_core.validate.codes import says
from onepiece_core.validate.names import Named
from onepiece_core.validate.report import Finding, ValidationReport


@dataclass(frozen=True, slots=True)
class PathRules:
    """How paths are checked.

    Attributes:
        root: relative paths must stay below it.
        roots: absolute paths should lie below one of these.
        must_exist: each must be there.
        client_root: the folder at the client, for the length on Windows.
    """

    root: Path
    roots: tuple[Path, ...] = ()
    must_exist: bool = True
    client_root: str = ""
    max_path: int = 260


def check_paths(paths: Iterable[Named], rules: PathRules) -> ValidationReport:
    every = list(paths)
    found = [finding.model_copy(update={"line": line}) for text, line in every for finding in _of_path(text, rules)]
    return ValidationReport(check="paths", checked=len(every), findings=tuple(found))


def _of_path(text: str, rules: PathRules) -> Iterator[Finding]:
    name = shown(text)
    is_absolute = text.startswith("/")
    try:
        path = Path(text) if is_absolute else contained(rules.root, text)
    except PathEscapes as error:
        yield says(name, "path.escapes", error.report.message)
        return
    if "\0" in text or ".." in text.split("/"):
        yield says(name, "path.escapes", "the path holds a NUL, or a part that leads up")
        return
    for part in filter(None, text.split("/")):
        problem = portable_problem(part)
        if problem is not None:
            yield says(name, f"name.{problem[0]}", f"the name '{shown(part)}' {problem[1]}")
    if is_absolute and rules.roots and not any(path.is_relative_to(root) for root in rules.roots):
        yield says(name, "path.no_root", "it lies below none of the roots: other machines may not have that folder")
    start = len(rules.client_root.rstrip("\\/")) + 1 if rules.client_root else 0
    length = start + utf16_length(text)
    if length > rules.max_path:
        yield says(name, "path.too_long", f"it has {length} characters, more than {rules.max_path}")
    if rules.must_exist and not os.path.lexists(path):
        yield says(name, "path.missing", "there is no such file or folder")
    elif rules.must_exist and not path.exists():
        yield says(name, "path.missing", "the link leads nowhere")
