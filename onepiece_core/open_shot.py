"""Open a shot's scene in its DCC: ``plan_open_shot()``, then ``apply_open_shot()``."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from onepiece_core.config import Settings
from onepiece_core.dcc import DCCS, Dcc, InstalledDcc, Machine, find_dcc_for, get_dcc
from onepiece_core.dcc.host_environment import LISTS, host_environment
from onepiece_core.dcc.launch import LaunchAnswer, launch
from onepiece_core.dcc.versions import choose, release, with_version
from onepiece_core.errors import DccUnknown, InputMissing, InputUnreadable, SceneMissing, SceneRefused
from onepiece_core.progress import Warned
from onepiece_core.scenes.report import SceneReport, inspect_scene
from onepiece_core.shown import shown
from onepiece_core.workfiles import locks

WATCH_SECONDS = 2.0
# How long somebody waits who did not ask for it, and somebody who did.
ANSWER_SECONDS = 30.0
LONG_ANSWER_SECONDS = 600.0

_TOLD_FILES = 5
# A studio's and a tool's folders stand in these, one after the other.
_LISTS = frozenset(variable for variable, _ in LISTS.values())

# What a DCC's environment gets so that it finds our start-up files; empty where they are not installed.
HostEnvironment = Callable[[Dcc], Mapping[str, str]]


def no_host_environment(_dcc: Dcc) -> Mapping[str, str]:
    """None of ours is installed."""
    return {}


def host_environment_of(settings: Settings, state_dir: Path, machine: Machine) -> HostEnvironment:
    """What a DCC gets so that it finds the start-up files that ``onepiece dcc install`` has laid out.

    It raises HostFilesMissing when the version that the settings pin is not there.
    """
    return lambda dcc: host_environment(dcc, settings, state_dir, machine)


class OpenShotPlan(BaseModel, frozen=True, serialize_by_alias=True):
    """What is going to be started.

    Attributes:
        version: of the DCC; None where neither its path nor the program tells.
        argv: the whole command line.
        facts: what the scene tells about itself.
        has_ours: our start-up file will be there, and answer.
        env: of the DCC; neither printed nor dumped, since it may hold keys.
    """

    schema_: Literal["onepiece.open-shot.1"] = Field("onepiece.open-shot.1", alias="schema")
    dcc: str
    scene: Path
    executable: Path
    version: str | None
    argv: tuple[str, ...]
    facts: SceneReport
    warnings: tuple[Warned, ...] = ()
    has_ours: bool = False
    env: dict[str, str] = Field(exclude=True, repr=False)


class OpenedShot(BaseModel, frozen=True, serialize_by_alias=True):
    """A DCC that was started. ``log`` gets what it prints.

    Attributes:
        state: ``opened`` when our start-up file inside it has answered, else ``started``.
        host: that answer.
    """

    schema_: Literal["onepiece.opened-shot.1"] = Field("onepiece.opened-shot.1", alias="schema")
    dcc: str
    scene: Path
    state: Literal["opened", "started"]
    pid: int
    log: Path
    version: str | None = None
    host: LaunchAnswer | None = None
    warnings: tuple[Warned, ...] = ()


def plan_open_shot(
    scene: Path,
    *,
    dcc: str | None,
    machine: Machine,
    version: str | None = None,
    skip_validation: bool = False,
    expected_range: tuple[int, int] | None = None,
    ours: HostEnvironment = no_host_environment,
) -> OpenShotPlan:
    """Choose the DCC by ``dcc``, else by the scene's extension; its version by ``version``, else by the scene.

    ``expected_range`` is what the tracker says about the shot. ``skip_validation`` neither warns nor refuses.

    Raises:
        SceneMissing: there is no such file, or it cannot be read.
        SceneRefused: the file is empty, or a later release than the one that would open it has saved it.
        DccUnknown: no DCC has that name, or opens such files.
        DccMissing: the DCC, or this version of it, is not installed here.
    """
    chosen = get_dcc(dcc) if dcc else None
    scene = _existing(scene)
    chosen = chosen or _host_of(scene)
    facts = _facts(scene)
    environ = dcc_environment(machine.environ)
    is_its_own = scene.suffix.lower() in chosen.extensions
    saved_by = facts.version if is_its_own else None
    found = choose(chosen, machine, environ, wanted=version, scene=saved_by)
    if saved_by is not None:
        found = with_version(found, environ)
    told = list(_warnings(chosen, scene))
    if not skip_validation:
        told += _checked(facts, found, expected_range, is_its_own=is_its_own)
    added = ours(chosen)
    return OpenShotPlan(
        dcc=chosen.name,
        scene=scene,
        executable=found.executable,
        version=found.version,
        argv=(str(found.executable), *chosen.open_options, str(scene)),
        facts=facts,
        warnings=tuple(told),
        has_ours=bool(added),
        env=_with_ours(environ, added),
    )


def apply_open_shot(
    plan: OpenShotPlan,
    *,
    log: Path,
    launches: Path | None = None,
    wait: bool = False,
    watch_seconds: float = WATCH_SECONDS,
    answer_seconds: float | None = None,
) -> OpenedShot:
    """Start the DCC in a session of its own; it then lives on without us.

    Where our start-up file is installed its answer is waited for, with ``wait`` as long as a heavy scene takes.
    ``launches`` is the folder for these answers, in the state folder (by default beside ``log``).

    Raises:
        LaunchFailed: it does not start, or ends with an error meanwhile.
        StorageError: the state folder cannot be written to.
    """
    patience = LONG_ANSWER_SECONDS if wait else ANSWER_SECONDS
    launched = launch(
        plan.argv,
        env=plan.env,
        folder=plan.scene.parent,
        log=log,
        launches=launches or log.parent / "launches",
        answer_seconds=(patience if answer_seconds is None else answer_seconds) if plan.has_ours else 0.0,
        watch_seconds=watch_seconds,
    )
    return OpenedShot(
        dcc=plan.dcc,
        scene=plan.scene,
        state="opened" if launched.answer else "started",
        pid=launched.pid,
        log=launched.log,
        version=launched.answer.version if launched.answer else plan.version,
        host=launched.answer,
        warnings=(*plan.warnings, *_after(plan, launched.answer)),
    )


def dcc_environment(environ: Mapping[str, str], *, prefix: Path = Path(sys.prefix)) -> dict[str, str]:
    """``environ`` without our Python: a DCC has one of its own, and neither can load the other's packages."""
    kept = {key: value for key, value in environ.items() if not _is_pythons(key)}
    ours = {str(prefix / "bin"), str(prefix / "Scripts")} if prefix != Path(sys.base_prefix) else set()
    folders = [folder for folder in kept.get("PATH", "").split(os.pathsep) if folder.rstrip("/\\") not in ours]
    return {**kept, "PATH": os.pathsep.join(folders)} if "PATH" in kept else kept


def _is_pythons(variable: str) -> bool:
    return variable.startswith(("PYTHON", "VIRTUAL_ENV", "CONDA_", "__PYVENV_"))


def _with_ours(environ: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Ours first in lists of folders, the studio's own after it."""
    merged = dict(environ)
    for name, value in added.items():
        before = environ.get(name)
        merged[name] = os.pathsep.join((value, before)) if before and name in _LISTS else value
    return merged


def _existing(scene: Path) -> Path:
    scene = scene.expanduser().absolute()
    try:
        mode = scene.stat().st_mode
    except FileNotFoundError as cause:
        raise SceneMissing(f"there is no file {shown(scene)}", scene=shown(scene)) from cause
    except (OSError, ValueError) as cause:
        raise SceneMissing(f"cannot look at {shown(scene)}: {cause}", scene=shown(scene)) from cause
    if not stat.S_ISREG(mode):
        raise SceneMissing(f"{shown(scene)} is not a file", scene=shown(scene))
    if not os.access(scene, os.R_OK):
        hint = "Check the file's permissions."
        raise SceneMissing(f"{shown(scene)} cannot be read", hint=hint, scene=shown(scene))
    return scene


def _host_of(scene: Path) -> Dcc:
    if found := find_dcc_for(scene):
        return found
    known = {dcc.name: list(dcc.extensions) for dcc in DCCS}
    told = "; ".join(f"{name} {' '.join(extensions)}" for name, extensions in known.items())
    ending = f"ends in {scene.suffix!r}" if scene.suffix else "has no extension"
    raise DccUnknown(
        f"{shown(scene.name)} {ending}, which no DCC opens",
        hint=f"Known: {told}. Or name the DCC with --dcc.",
        scene=shown(scene),
        known=known,
    )


def _facts(scene: Path) -> SceneReport:
    try:
        return inspect_scene(scene)
    except (InputMissing, InputUnreadable) as cause:  # it went away since we looked
        raise SceneMissing(cause.report.message, scene=shown(scene)) from cause


def _warnings(dcc: Dcc, scene: Path) -> Iterator[Warned]:
    if scene.suffix.lower() not in dcc.extensions:
        endings = " ".join(dcc.extensions)
        message = f"{dcc.label} is asked to open {shown(scene.name)}; its own scenes end in {endings}"
        yield Warned(code="dcc.foreign_scene", message=message)
    lock = locks.read(scene)
    if lock is not None:
        error = locks.locked(scene, lock).report
        yield Warned(code=error.code, message=error.message, hint=error.hint)


def _checked(
    facts: SceneReport, found: InstalledDcc, expected: tuple[int, int] | None, *, is_its_own: bool
) -> Iterator[Warned]:
    """What is odd about a scene. Raises SceneRefused."""
    if facts.size_bytes == 0:
        raise SceneRefused(f"{Path(facts.scene).name} is empty: there is nothing to open", scene=facts.scene)
    if not facts.is_readable:
        return
    if is_its_own and facts.version and found.version:
        yield from _versions(facts.scene, facts.version, found, found.version)
    if facts.missing:
        more = f" and {len(facts.missing) - _TOLD_FILES} more" if len(facts.missing) > _TOLD_FILES else ""
        yield Warned(
            code="dcc.missing_files",
            message=f"it uses files that are not there: {', '.join(facts.missing[:_TOLD_FILES])}{more}",
            hint="`onepiece dcc inspect FILE` lists them.",
        )
    yield from _ranges(facts, expected)


def _versions(scene: str, saved_by: str, found: InstalledDcc, version: str) -> Iterator[Warned]:
    dcc = found.dcc
    saved, here = release(dcc, saved_by), release(dcc, version)
    if not saved or not here or saved == here:
        return
    if here[: len(saved)] < saved[: len(here)]:
        raise SceneRefused(
            f"{Path(scene).name} was saved by {dcc.label} {saved_by}; {version} would be started",
            hint=f"Install {dcc.label} {saved_by}, or choose it with --version; --skip-validation opens it anyway.",
            scene=scene,
            saved_by=saved_by,
            version=version,
        )
    yield Warned(
        code="dcc.newer_version",
        message=f"it was saved by {dcc.label} {saved_by} and will be opened by {version}",
        hint=f"Once saved, {dcc.label} {saved_by} may not read it any more.",
    )


def _ranges(facts: SceneReport, expected: tuple[int, int] | None) -> Iterator[Warned]:
    if facts.first is None or facts.last is None:
        return
    if facts.last < facts.first:
        yield Warned(code="dcc.odd_range", message=f"its frame range is {facts.first}-{facts.last}, which is no range")
    elif expected is not None and expected != (facts.first, facts.last):
        message = f"its frame range is {facts.first}-{facts.last}, the shot's is {expected[0]}-{expected[1]}"
        yield Warned(code="dcc.other_range", message=message)


def _after(plan: OpenShotPlan, answer: LaunchAnswer | None) -> Iterator[Warned]:
    if answer is None and plan.has_ours:
        message = f"{plan.dcc} runs and its OnePiece menu has not answered yet"
        yield Warned(code="dcc.no_answer", message=message, hint="A heavy scene takes its time; --wait waits for it.")
    elif answer is not None and not _is_same(answer.scene, plan.scene):
        message = f"{plan.dcc} is up with {answer.scene or 'no scene'} instead of {shown(plan.scene)}"
        yield Warned(code="dcc.other_scene", message=message, hint="Its own messages tell why; open the scene there.")


def _is_same(told: str, scene: Path) -> bool:
    try:
        return bool(told) and (Path(told) == scene or Path(told).samefile(scene))
    except (OSError, ValueError):
        return False
