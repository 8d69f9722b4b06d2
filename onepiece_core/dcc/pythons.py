"""Which Python a DCC brings: as its folder or its program tells, else as its makers ship it."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from onepiece_core.dcc.find import InstalledDcc
from onepiece_core.dcc.versions import numbers

# DCC -> its releases from which on a Python is shipped, the newest first.
_SHIPPED: dict[str, tuple[tuple[tuple[int, ...], str], ...]] = {
    "maya": (((2027,), "3.13"), ((2025,), "3.11"), ((2024,), "3.10"), ((2023,), "3.9"), ((2022,), "3.7")),
    "nuke": (((16,), "3.11"), ((15,), "3.10"), ((14,), "3.9"), ((13,), "3.7")),
    "houdini": (((22,), "3.13"), ((20, 5), "3.11"), ((20,), "3.10"), ((19, 5), "3.9"), ((18, 5), "3.7")),
    "blender": (((5, 1), "3.13"), ((4, 1), "3.11"), ((3, 1), "3.10"), ((2, 93), "3.9")),
}
# Oldest Python that the code in our folder runs on.
OLDEST = (3, 9)

_LIBRARY = re.compile(rb"(?:libpython|python)(3)\.?(\d{1,2})(?:\.so|\.dll|\.dylib)")


def find_python(found: InstalledDcc) -> str | None:
    """``3.11``; None where neither the installation nor the version tells."""
    program = found.executable
    try:
        program = program.resolve()
    except (OSError, RuntimeError):  # a loop of links
        return _shipped(found)
    return next(_beside(program), None) or _linked(program) or _shipped(found)


def is_too_old(python: str) -> bool:
    """Whether our code does not run there."""
    return numbers(python) < OLDEST


def _beside(program: Path) -> Iterator[str]:
    """From folders as lib/python3.11, 4.2/python/lib/python3.11, python/lib/python3.11."""
    for place in ("lib/python3.*", "*/python/lib/python3.*", "python/lib/python3.*"):
        # The system's own folders say nothing about a program in them.
        for base in (program.parent, program.parent.parent):
            if base in (Path("/"), Path("/usr"), Path("/usr/bin"), Path("/usr/local")):
                continue
            try:
                found = sorted(base.glob(place))
            except OSError:
                continue
            yield from (path.name.removeprefix("python") for path in found if re.fullmatch(r"python3\.\d+", path.name))


def _linked(program: Path) -> str | None:
    """From the name of the library that the program is linked with."""
    try:
        with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            match = _LIBRARY.search(data)
            return f"{match[1].decode()}.{match[2].decode()}" if match else None
    except (OSError, ValueError):  # unreadable; empty
        return None


def _shipped(found: InstalledDcc) -> str | None:
    release = numbers(found.version or "")
    return next((python for since, python in _SHIPPED.get(found.dcc.name, ()) if release >= since), None)
