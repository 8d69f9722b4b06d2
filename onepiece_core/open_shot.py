"""Open a shot's scene in its DCC: ``plan_open_shot()``, then ``apply_open_shot()``."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from onepiece_core.dcc import DCCS, Dcc, Machine, find_dcc, find_dcc_for, get_dcc
from onepiece_core.errors import DccMissing, DccUnknown, LaunchFailed, SceneMissing
from onepiece_core.progress import Warned

_LOG_TAIL_LINES = 12


class OpenShotPlan(BaseModel, frozen=True, serialize_by_alias=True):
    """What is going to be started.

    Attributes:
        argv: the whole command line.
        env: of the DCC; neither printed nor dumped, since it may hold keys.
    """

    schema_: Literal["onepiece.open-shot.1"] = Field("onepiece.open-shot.1", alias="schema")
    dcc: str
    scene: Path
    executable: Path
    version: str | None
    argv: tuple[str, ...]
    warnings: tuple[Warned, ...] = ()
    env: dict[str, str] = Field(exclude=True, repr=False)


class OpenedShot(BaseModel, frozen=True, serialize_by_alias=True):
    """A DCC that was started. ``log`` gets what it prints."""

    schema_: Literal["onepiece.opened-shot.1"] = Field("onepiece.opened-shot.1", alias="schema")
    dcc: str
    scene: Path
    pid: int
    log: Path


def plan_open_shot(scene: Path, *, dcc: str | None, machine: Machine) -> OpenShotPlan:
    """Choose the DCC by ``dcc``, else by the scene's extension, and find its program.

    Raises:
        SceneMissing: there is no such file, or it cannot be read.
        DccUnknown: no DCC has that name, or opens such files.
        DccMissing: the DCC is not installed here.
    """
    chosen = get_dcc(dcc) if dcc else None
    scene = _existing(scene)
    chosen = chosen or _host_of(scene)
    found = find_dcc(chosen, machine)
    if found is None:
        raise _missing(chosen, machine)
    return OpenShotPlan(
        dcc=chosen.name,
        scene=scene,
        executable=found.executable,
        version=found.version,
        argv=(str(found.executable), *chosen.open_options, str(scene)),
        warnings=_warnings(chosen, scene),
        env=dcc_environment(machine.environ),
    )


def apply_open_shot(plan: OpenShotPlan, *, log: Path, watch_seconds: float = 2.0) -> OpenedShot:
    """Start the DCC in a session of its own and watch it for a moment; it then lives on without us.

    Raises:
        LaunchFailed: it does not start, or ends with an error at once.
    """
    detached = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                plan.argv,
                env=plan.env,
                cwd=plan.scene.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                creationflags=detached,
            )
    except OSError as cause:
        raise LaunchFailed(
            f"{plan.executable} does not start: {cause.strerror}",
            hint="Start it by hand to see what it lacks.",
            dcc=plan.dcc,
            executable=str(plan.executable),
        ) from cause
    _watch(process, plan, log, watch_seconds)
    return OpenedShot(dcc=plan.dcc, scene=plan.scene, pid=process.pid, log=log)


def dcc_environment(environ: Mapping[str, str], *, prefix: Path = Path(sys.prefix)) -> dict[str, str]:
    """``environ`` without our Python: a DCC has one of its own, and neither can load the other's packages."""
    kept = {key: value for key, value in environ.items() if not _is_pythons(key)}
    ours = {str(prefix / "bin"), str(prefix / "Scripts")} if prefix != Path(sys.base_prefix) else set()
    folders = [folder for folder in kept.get("PATH", "").split(os.pathsep) if folder.rstrip("/\\") not in ours]
    return {**kept, "PATH": os.pathsep.join(folders)} if "PATH" in kept else kept


def _is_pythons(variable: str) -> bool:
    return variable.startswith(("PYTHON", "VIRTUAL_ENV", "CONDA_", "__PYVENV_"))


def _existing(scene: Path) -> Path:
    scene = scene.expanduser().absolute()
    try:
        mode = scene.stat().st_mode
    except FileNotFoundError as cause:
        raise SceneMissing(f"there is no file {scene}", scene=str(scene)) from cause
    except (OSError, ValueError) as cause:
        raise SceneMissing(f"cannot look at {scene}: {cause}", scene=str(scene)) from cause
    if not stat.S_ISREG(mode):
        raise SceneMissing(f"{scene} is not a file", scene=str(scene))
    if not os.access(scene, os.R_OK):
        raise SceneMissing(f"{scene} cannot be read", hint="Check the file's permissions.", scene=str(scene))
    return scene


def _host_of(scene: Path) -> Dcc:
    if found := find_dcc_for(scene):
        return found
    known = {dcc.name: list(dcc.extensions) for dcc in DCCS}
    told = "; ".join(f"{name} {' '.join(extensions)}" for name, extensions in known.items())
    ending = f"ends in {scene.suffix!r}" if scene.suffix else "has no extension"
    raise DccUnknown(
        f"{scene.name} {ending}, which no DCC opens",
        hint=f"Known: {told}. Or name the DCC with --dcc.",
        scene=str(scene),
        known=known,
    )


def _missing(dcc: Dcc, machine: Machine) -> DccMissing:
    names = [name for name in dcc.programs if "*" not in name]
    places = [str(place) for place in dcc.places.get(machine.platform, ())]
    return DccMissing(
        f"{dcc.label} is not installed here",
        hint=f"Put `{names[0]}` on PATH, or install {dcc.label} in its usual folder.",
        dcc=dcc.name,
        programs=names,
        places=places,
    )


def _warnings(dcc: Dcc, scene: Path) -> tuple[Warned, ...]:
    if scene.suffix.lower() in dcc.extensions:
        return ()
    message = f"{dcc.label} is asked to open {scene.name}; its own scenes end in {' '.join(dcc.extensions)}"
    return (Warned(code="dcc.foreign_scene", message=message),)


def _watch(process: subprocess.Popen[bytes], plan: OpenShotPlan, log: Path, seconds: float) -> None:
    """A launcher that ends well at once has handed over to the real program."""
    try:
        status = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.returncode = 0  # it outlives us: without this, subprocess warns when the object goes away
        return
    if status == 0:
        return
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_TAIL_LINES:]
    raise LaunchFailed(
        f"{plan.dcc} ended at once with status {status}",
        hint=f"What it printed: {log}",
        dcc=plan.dcc,
        executable=str(plan.executable),
        status=status,
        output="\n".join(lines),
    )
