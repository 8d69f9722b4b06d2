"""Walk the inputs of a publish. Looks at names and stats only: nothing is opened, so a pipe cannot hang it."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from onepiece_core.errors import InputMissing, InputRefused, InputUnreadable, MediaEmpty, OnePieceError
from onepiece_core.junk import is_junk
from onepiece_core.shown import shown

_NUMBER = re.compile(r"%(?P<printf>0?\d*)d|(?P<hashes>#+)|(?P<ats>@+)|\$F(?P<houdini>\d?)|(?P<udim><UDIM>)")
_SHOWN = 100  # how many paths an error lists


class Found(NamedTuple):
    """A regular file below an input. ``relative`` is POSIX, seen from the input."""

    relative: str
    path: str
    facts: os.stat_result


@dataclass(slots=True)
class Problems:
    """What is wrong with the inputs, gathered, so that one run names everything."""

    missing: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    empty: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    skipped_links: list[str] = field(default_factory=list)

    def raise_worst(self) -> None:
        """Raise the error of the worst kind there is, with all its paths; return when there is none."""
        kinds: tuple[tuple[list[tuple[str, str]], type[OnePieceError], str], ...] = (
            (self.missing, InputMissing, "Check the path."),
            (self.unreadable, InputUnreadable, "Check the permissions."),
            (self.refused, InputRefused, "Move or rename what is named here, then publish again."),
            (self.empty, MediaEmpty, "Render or copy them again."),
        )
        for problems, error, hint in kinds:
            if not problems:
                continue
            path, reason = problems[0]
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            every = [f"{path}: {reason}" for path, reason in problems[:_SHOWN]]
            paths = [path for path, _ in problems[:_SHOWN]]
            raise error(
                f"{path}: {reason}{more}", hint=hint, path=path, paths=paths, problems=every, count=len(problems)
            )


def find_file(path: Path, problems: Problems) -> Iterator[Found]:
    """``path`` as one file; a link that the user named is followed."""
    real = _real(path, problems)
    if real is None:
        return
    facts = real.stat()
    if stat.S_ISDIR(facts.st_mode):
        problems.refused.append((shown(path), "it is a folder where a file is expected"))
    elif _may_take(path, facts, problems):
        yield Found(path.name, str(real), facts)


def find_tree(path: Path, problems: Problems) -> Iterator[Found]:
    """The files of a folder and its tree, one file, or the files of a pattern."""
    numbers = list(_NUMBER.finditer(path.name))
    if numbers and not os.path.lexists(path):
        yield from _find_pattern(path, numbers, problems)
        return
    real = _real(path, problems)
    if real is None:
        return
    if not stat.S_ISDIR(real.stat().st_mode):
        yield from find_file(path, problems)
        return
    before = len(problems.unreadable) + len(problems.refused)
    empty = True
    for found in _walk(str(real), problems):
        empty = False
        yield found
    if empty and before == len(problems.unreadable) + len(problems.refused):
        problems.missing.append((shown(path), "the folder holds no file to publish"))


def _real(path: Path, problems: Problems) -> Path | None:
    try:
        return Path(os.path.realpath(path, strict=True))
    except ValueError:
        problems.refused.append((shown(str(path)), "it is no path: it holds a NUL"))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            broken = "the link leads nowhere" if path.is_symlink() else "there is no such file or folder"
            problems.missing.append((shown(path), broken))
        elif error.errno == errno.ELOOP:
            problems.refused.append((shown(path), "the link leads back to itself"))
        else:
            problems.unreadable.append((shown(path), (error.strerror or str(error)).lower()))
    return None


def pattern_expression(name: str) -> re.Pattern[str] | None:
    """What the names of a pattern's files match; None when ``name`` has no number, or more than one."""
    numbers = list(_NUMBER.finditer(name))
    return _pattern(name, numbers[0]) if len(numbers) == 1 else None


def _find_pattern(path: Path, numbers: list[re.Match[str]], problems: Problems) -> Iterator[Found]:
    if len(numbers) > 1:
        problems.refused.append((shown(path), "a pattern has one number, this one has more"))
        return
    folder = _real(path.parent, problems)
    if folder is None:
        return
    expression = _pattern(path.name, numbers[0])
    matched = False
    for found in _walk(str(folder), problems, only=expression):
        matched = True
        yield found
    if not matched:
        problems.missing.append((shown(path), "no file matches the pattern"))


def _pattern(name: str, number: re.Match[str]) -> re.Pattern[str]:
    digits = number["printf"] or number["houdini"] or ""
    width = 4 if number["udim"] else len(number["hashes"] or number["ats"] or "") or int(digits or 1)
    # More digits than the padding are fine as long as none of them is padding: 99999, 100000.
    some = rf"-?(?:[0-9]{{{width}}}|[1-9][0-9]{{{width},}})"
    return re.compile(re.escape(name[: number.start()]) + some + re.escape(name[number.end() :]))


def _walk(root: str, problems: Problems, only: re.Pattern[str] | None = None) -> Iterator[Found]:
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as entries:  # noqa: PTH118 - strings: 100,000 names in seconds
                children = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            problems.unreadable.append((shown(Path(root, folder)), (error.strerror or str(error)).lower()))
            continue
        for entry in children:
            if only is not None and not only.fullmatch(entry.name):
                continue
            relative = folder + entry.name
            if is_junk(entry.name):
                problems.skipped.append(shown(relative))
            elif entry.is_dir(follow_symlinks=False):
                if only is None:
                    pending.append(f"{relative}/")
            elif found := _take(root, relative, entry, problems):
                yield found


def _take(root: str, relative: str, entry: os.DirEntry[str], problems: Problems) -> Found | None:
    try:
        if entry.is_symlink():
            return _take_link(root, relative, entry, problems)
        facts = entry.stat(follow_symlinks=False)
    except OSError as error:
        problems.unreadable.append((shown(entry.path), (error.strerror or str(error)).lower()))
        return None
    return Found(relative, entry.path, facts) if _may_take(entry.path, facts, problems) else None


def _take_link(root: str, relative: str, entry: os.DirEntry[str], problems: Problems) -> Found | None:
    """A link to a file of its own tree is that file; one that leaves the tree may show anything and is refused."""
    try:
        real = os.path.realpath(entry.path, strict=True)
    except OSError as error:
        reason = "the link leads back to itself" if error.errno == errno.ELOOP else "the link leads nowhere"
        problems.refused.append((shown(entry.path), reason))
        return None
    if os.path.commonpath((root, real)) != root:
        problems.refused.append((shown(entry.path), f"the link leads out of the folder, to {shown(real)}"))
        return None
    facts = os.stat(real)  # noqa: PTH116 - as above
    if stat.S_ISDIR(facts.st_mode):
        if os.path.commonpath((real, entry.path)) == real:
            problems.refused.append((shown(entry.path), "the link leads back to a folder that it lies in: a loop"))
        else:
            problems.skipped_links.append(shown(relative))  # its files are taken where they really are
        return None
    return Found(relative, real, facts) if _may_take(entry.path, facts, problems) else None


def _may_take(path: str | Path, facts: os.stat_result, problems: Problems) -> bool:
    if not stat.S_ISREG(facts.st_mode):
        kind = "a pipe" if stat.S_ISFIFO(facts.st_mode) else "a socket" if stat.S_ISSOCK(facts.st_mode) else "a device"
        problems.refused.append((shown(path), f"it is {kind}, not a file"))
        return False
    if not os.access(path, os.R_OK):
        problems.unreadable.append((shown(path), "permission denied"))
        return False
    return True
