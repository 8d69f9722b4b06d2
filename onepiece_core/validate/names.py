"""Are these names portable, of the show, by its convention?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from onepiece_core.context import Convention
from onepiece_core.errors import InputMissing, InputUnreadable, NameInvalid, UsageError
from onepiece_core.ingest.items import sort_items
from onepiece_core.ingest.model import DropPlan
from onepiece_core.ingest.names import check_collisions, check_portable, check_views, read_name, show_problems
from onepiece_core.ingest.scan import scan_drop
from onepiece_core.manifest.drop_manifest import decoded
from onepiece_core.naming import find_collisions, portable_problem
from onepiece_core.sequences import split_extension
from onepiece_core.shown import shown
from onepiece_core.validate.codes import says
from onepiece_core.validate.report import Finding, ValidationReport, finding_of, findings_of

# A name, and the line it stands in.
Named = tuple[str, int | None]


def check_names(names: Iterable[Named], convention: Convention, show_code: str | None, check: str) -> ValidationReport:
    """Scene names or file names, with or without frame and extension."""
    every = list(names)
    found = [finding for name, line in every for finding in _of_name(name, line, convention, show_code)]
    lines = dict(every)
    for one, other in find_collisions(lines):
        message = f"{shown(one)} and {shown(other)} are one file on macOS and Windows"
        found.append(says(shown(one), "name.collision", message, line=lines[one]))
    return ValidationReport(check=check, checked=len(every), findings=tuple(found))


def _of_name(name: str, line: int | None, convention: Convention, show_code: str | None) -> Iterator[Finding]:
    problem = portable_problem(name)
    if problem is not None:
        yield says(shown(name), f"name.{problem[0]}", f"the name {problem[1]}", line=line)
        return
    try:
        named = convention.parse_file(name)
        context = named.context if named else None
    except NameInvalid:  # version 0
        context = None
    if context is not None and show_code is not None:
        problems = show_problems(context.show or "", show_code)
    elif context is not None:
        problems = []
    else:
        problems = list(read_name(split_extension(name)[0], convention, show_code).problems)
    for each in problems:
        yield finding_of(name, each).model_copy(update={"line": line})


def check_folder_names(folder: Path, convention: Convention, show_code: str | None) -> ValidationReport:
    """Every file below ``folder``, a sequence once. Raises InputMissing, InputUnreadable, InputRefused."""
    scan = scan_drop(folder)
    plan = DropPlan(Path(scan.root), list(sort_items(scan.files)), scan.left, scan.problems)
    for item in plan.items:
        report = read_name(item.name, convention, show_code)
        item.context = report.context
        item.problems += report.problems
    check_portable(plan.items)
    check_collisions(plan.items)
    check_views(plan.items)
    return ValidationReport(check="names-batch", checked=len(plan.items), findings=tuple(findings_of(plan)))


def read_list(path: Path, column: str) -> list[Named]:
    """Names from a text file, one a line, or from ``column`` of a CSV.

    Raises InputMissing, InputUnreadable, UsageError, ManifestError.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as cause:
        raise InputMissing(f"{shown(path)} is not there", path=shown(path)) from cause
    except OSError as cause:
        raise InputUnreadable(f"{shown(path)} cannot be read: {cause.strerror}", path=shown(path)) from cause
    text = decoded(data, shown(path.name))
    return _from_csv(text, path, column) if path.suffix.lower() == ".csv" else list(lines_of(text))


def lines_of(text: str) -> Iterator[Named]:
    """The names of a list, without empty lines."""
    for number, line in enumerate(text.split("\n"), 1):
        name = line.removesuffix("\r")
        if name.strip():
            yield name, number


def _from_csv(text: str, path: Path, column: str) -> list[Named]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if column not in (reader.fieldnames or ()):
            raise UsageError(f"{shown(path.name)} has no column {column!r}.", hint="Name the column with --column.")
        return [(row[column], reader.line_num) for row in reader if row.get(column)]
    except csv.Error as cause:
        raise UsageError(f"{shown(path.name)}, line {reader.line_num}: {cause}.") from cause
