"""Versions of DCCs: compare them, ask a program for its own, choose the one that a scene needs."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
from collections.abc import Mapping

from onepiece_core.dcc.find import InstalledDcc, Machine, find_all
from onepiece_core.dcc.table import Dcc
from onepiece_core.errors import DccMissing

_ASK_SECONDS = 5.0


def numbers(version: str) -> tuple[int, ...]:
    """``15.1v3`` and ``15.1 v3`` are (15, 1, 3)."""
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version, re.ASCII))


def release(dcc: Dcc, version: str) -> tuple[int, ...]:
    """The numbers that decide who reads whose scenes: (2026,) of Maya 2026.1, (4, 2) of Blender 4.2.1."""
    return numbers(version)[: dcc.release_parts]


def is_version(version: str, wanted: str) -> bool:
    """Whether ``version`` is the one that was asked for: 15.1v3 is 15, 15.1 and 15.1v3."""
    asked = numbers(wanted)
    return bool(asked) and numbers(version)[: len(asked)] == asked


def with_version(found: InstalledDcc, environ: Mapping[str, str]) -> InstalledDcc:
    """``found``, its version asked of the program itself where its path does not tell it."""
    if found.version is not None or not found.dcc.version_options:
        return found
    return dataclasses.replace(found, version=_ask(found, environ))


def choose(
    dcc: Dcc, machine: Machine, environ: Mapping[str, str], *, wanted: str | None, scene: str | None
) -> InstalledDcc:
    """The version ``wanted``, else the release that saved the ``scene``, else a studio's wrapper, else the newest.

    ``environ`` is what a program is asked for its version with. Raises DccMissing.
    """
    found = find_all(dcc, machine)
    if not found:
        raise missing(dcc, machine)
    if wanted is None and (scene is None or not numbers(scene)):
        return _wrapper(found) or _newest(found)
    known = tuple(with_version(one, environ) for one in found)
    if wanted is not None:
        fit = [one for one in known if one.version and is_version(one.version, wanted)]
        if not fit:
            raise _other_versions(dcc, known, wanted)
        return fit[0]
    saved_by = release(dcc, scene or "")
    same = [one for one in known if one.version and release(dcc, one.version) == saved_by]
    return same[0] if same else _wrapper(known) or _newest(known)


def missing(dcc: Dcc, machine: Machine) -> DccMissing:
    """The error for a DCC that is not here."""
    names = [name for name in dcc.programs if "*" not in name]
    places = [str(place) for place in dcc.places.get(machine.platform, ())]
    return DccMissing(
        f"{dcc.label} is not installed here",
        hint=f"Put `{names[0]}` on PATH, or install {dcc.label} in its usual folder.",
        dcc=dcc.name,
        programs=names,
        places=places,
    )


def _wrapper(found: tuple[InstalledDcc, ...]) -> InstalledDcc | None:
    """A program on PATH that does not say which version it is: a studio's own choice."""
    return found[0] if found[0].version is None and found[0].found_by != "install folder" else None


def _newest(found: tuple[InstalledDcc, ...]) -> InstalledDcc:
    return max(found, key=lambda one: numbers(one.version or ""))


def _other_versions(dcc: Dcc, found: tuple[InstalledDcc, ...], wanted: str) -> DccMissing:
    told = [f"{one.version or 'of an unknown version'} ({one.executable})" for one in found]
    return DccMissing(
        f"{dcc.label} {wanted} is not installed here",
        hint=f"Installed: {', '.join(told)}.",
        dcc=dcc.name,
        wanted=wanted,
        installed=[one.version for one in found],
    )


def _ask(found: InstalledDcc, environ: Mapping[str, str]) -> str | None:
    command = [str(found.executable), *found.dcc.version_options]
    try:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None
    try:
        printed, _ = process.communicate(timeout=_ASK_SECONDS)
    except subprocess.TimeoutExpired:
        _end(process)
        return None
    match = re.search(rb"\d+(?:\.\d+)+", printed[:4096])
    return match[0].decode() if match and process.returncode == 0 else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program that did not say its version, and what it has started: its pipe is ours."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    process.communicate()
