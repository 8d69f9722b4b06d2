"""What ``onepiece dcc list`` tells: each DCC, where it is, its version and Python, and whether it loads OnePiece."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from onepiece_core.dcc.find import Machine, find_all
from onepiece_core.dcc.install_record import Entry, read_record
from onepiece_core.dcc.pythons import find_python, is_too_old
from onepiece_core.dcc.table import DCCS, Dcc
from onepiece_core.dcc.versions import with_version


class FoundProgram(BaseModel, frozen=True):
    """One installed version. ``version``, ``python``: None where nothing tells them."""

    executable: Path
    found_by: str
    version: str | None
    python: str | None
    is_python_too_old: bool


class Capability(BaseModel, frozen=True):
    """Something that our adapter of a host can do there, with a window and in background, and how that was checked."""

    name: str
    window: bool
    background: bool
    checked: str


class Checked(BaseModel, frozen=True):
    """How our adapter of a host was checked, and against what. ``behaviours``: how many of the contract."""

    how: str
    against: str
    behaviours: int
    capabilities: tuple[Capability, ...]


class HostReport(BaseModel, frozen=True):
    """One DCC. ``installs``: what ``onepiece dcc install`` has added for it."""

    name: str
    label: str
    found: tuple[FoundProgram, ...]
    installs: tuple[Entry, ...]
    checked: Checked


class HostsReport(BaseModel, frozen=True, serialize_by_alias=True):
    """Every DCC that OnePiece knows, found or not."""

    schema_: Literal["onepiece.dcc-list.1"] = Field("onepiece.dcc-list.1", alias="schema")
    hosts: tuple[HostReport, ...]


def list_hosts(machine: Machine, environ: dict[str, str], root: Path) -> HostsReport:
    """Look for every DCC. ``environ`` is what programs are asked for their version with; ``root`` holds the record of
    the installs. Raises InstallFailed when that cannot be read.
    """
    entries = read_record(root).entries
    reports = [
        HostReport(
            name=dcc.name,
            label=dcc.label,
            found=tuple(_found(dcc, machine, environ)),
            installs=tuple(entry for entry in entries if entry.host == dcc.name),
            checked=how_checked(dcc),
        )
        for dcc in DCCS
    ]
    return HostsReport(hosts=tuple(reports))


def how_checked(dcc: Dcc) -> Checked:
    """From the table that the tests of the hosts write."""
    told = json.loads(Path(__file__).with_name("checked.json").read_text(encoding="utf-8"))["hosts"][dcc.name]
    can, how = told["can"], told["how"]
    capabilities = [
        Capability(name=name, window=able, background=can["background"].get(name, False), checked=how)
        for name, able in can["window"].items()
    ]
    return Checked(
        how=how, against=told["against"], behaviours=len(told["behaviours"]), capabilities=tuple(capabilities)
    )


def list_host_versions(dcc: Dcc, machine: Machine, environ: dict[str, str]) -> tuple[str, ...]:
    """The versions of ``dcc`` that are here and that tell which they are."""
    found = (with_version(one, environ).version for one in find_all(dcc, machine))
    return tuple(dict.fromkeys(version for version in found if version))


def _found(dcc: Dcc, machine: Machine, environ: dict[str, str]) -> list[FoundProgram]:
    told = []
    for one in find_all(dcc, machine):
        known = with_version(one, environ)
        python = find_python(known)
        told.append(
            FoundProgram(
                executable=known.executable,
                found_by=known.found_by,
                version=known.version,
                python=python,
                is_python_too_old=python is not None and is_too_old(python),
            )
        )
    return told
