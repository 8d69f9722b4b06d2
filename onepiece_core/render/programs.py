"""The program that renders for a template, on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from onepiece_core.dcc import DCCS, Machine, find_dcc

# Beside the program that an artist starts stands the one that renders.
_BESIDE = {"maya": "mayapy", "houdini": "hython"}


def find_renderer(template: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The template's parameter ``Renderer``; empty where none is found: then its bare name is tried."""
    dcc = next((each for each in DCCS if each.name == template), None)
    found = find_dcc(dcc, Machine(environ)) if dcc is not None else None
    if found is None:
        return {}
    program = _beside(found.executable, _BESIDE[template]) if template in _BESIDE else found.executable
    return {"Renderer": str(program)} if program is not None else {}


def _beside(executable: Path, name: str) -> Path | None:
    path = executable.with_name(name + executable.suffix)
    return path if path.is_file() else None
