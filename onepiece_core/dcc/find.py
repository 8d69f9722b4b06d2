"""Which DCCs are installed: on PATH, where an environment variable says, in the usual folders."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.dcc.table import DCCS, Dcc

# Where Windows installs programs when nothing is set.
_PROGRAM_FILES = "C:/Program Files"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a look for programs depends on.

    Attributes:
        environ: the environment of whoever asks.
        platform: as ``sys.platform`` names it.
        root: the root of the file system; not used on Windows.
    """

    environ: Mapping[str, str]
    platform: str = sys.platform
    root: Path = Path("/")


@dataclass(frozen=True, slots=True)
class InstalledDcc:
    """A DCC and the program that starts it.

    Attributes:
        found_by: ``PATH``, the name of a variable, or ``install folder``.
        version: as the folder's name tells it, else None.
    """

    dcc: Dcc
    executable: Path
    found_by: str
    version: str | None


def find_installed(machine: Machine) -> tuple[InstalledDcc, ...]:
    """Each known DCC that is here."""
    return tuple(found for dcc in DCCS if (found := find_dcc(dcc, machine)))


def find_dcc(dcc: Dcc, machine: Machine) -> InstalledDcc | None:
    """The program that starts ``dcc``. PATH comes first: there a studio puts its wrappers; of several in the
    usual folders the newest.
    """
    return next(_found(dcc, machine), None)


def find_all(dcc: Dcc, machine: Machine) -> tuple[InstalledDcc, ...]:
    """Every version of ``dcc`` that is here, in the order of :func:`find_dcc`; a program with two names once."""
    seen: dict[Path, InstalledDcc] = {}
    for found in _found(dcc, machine):
        seen.setdefault(_real(found.executable), found)
    return tuple(seen.values())


def _found(dcc: Dcc, machine: Machine) -> Iterator[InstalledDcc]:
    for executable, found_by in _candidates(dcc, machine):
        if executable.is_file() and os.access(executable, os.X_OK):
            yield InstalledDcc(dcc, executable, found_by, _version(executable) or _version(_real(executable)))


def _candidates(dcc: Dcc, machine: Machine) -> Iterator[tuple[Path, str]]:
    for program in dcc.programs:
        for executable in _on_path(program, machine):
            yield executable, "PATH"
    for variable, below in dcc.variables.items():
        if value := machine.environ.get(variable):
            yield _executable(Path(value) / below, machine), variable
    for folder in _install_roots(machine):
        for place in dcc.places.get(machine.platform, ()):
            for executable in sorted(folder.glob(place), key=_newest_first):
                yield executable, "install folder"


def _on_path(program: str, machine: Machine) -> Iterator[Path]:
    for folder in filter(None, machine.environ.get("PATH", "").split(os.pathsep)):
        if "*" not in program:
            if found := shutil.which(program, path=folder):
                yield Path(found)
            continue
        # Nuke15.1 is the program; Nuke15.1.desktop and the like are not.
        files = _matching(Path(folder), program)
        yield from (file for file in files if re.fullmatch(r"\D+[\d.v]+(\.exe)?", file.name))


def _real(executable: Path) -> Path:
    try:
        return executable.resolve()
    except (OSError, RuntimeError):  # a loop of links
        return executable


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted((file for file in folder.iterdir() if file.match(pattern)), key=_newest_first)
    except OSError:
        return []  # PATH may name folders that are not there


def _install_roots(machine: Machine) -> tuple[Path, ...]:
    if machine.platform != "win32":
        return (machine.root,)
    told = [machine.environ.get(name, "") for name in ("ProgramFiles", "ProgramW6432")]
    return tuple(Path(folder) for folder in dict.fromkeys(filter(None, told))) or (Path(_PROGRAM_FILES),)


def _executable(path: Path, machine: Machine) -> Path:
    return path.with_suffix(".exe") if machine.platform == "win32" else path


def _newest_first(path: Path) -> list[int]:
    return [-int(number) for number in re.findall(r"\d+", str(path))]


def _version(executable: Path) -> str | None:
    """From names as maya2026, Nuke15.1v3, hfs20.5.445, blender-4.2.1."""
    for part in reversed(executable.parts):
        if match := re.search(r"(?:maya|nuke|hfs|houdini|blender)[ -]?(\d+(?:\.\d+)*(?:v\d+)?)", part, re.IGNORECASE):
            return match[1]
    return None
