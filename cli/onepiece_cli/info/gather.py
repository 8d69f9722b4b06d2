"""Look at this machine: what is installed, what is configured, what answers."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from onepiece_cli.info.extras import check_extras
from onepiece_cli.info.report import Check, ConfigInfo, DccInfo, MachineInfo, ServiceInfo, StateInfo
from onepiece_cli.info.services import ask_aws, ask_shotgrid
from onepiece_cli.session import Session
from onepiece_cli.settings import default_state_dir
from onepiece_core import __version__
from onepiece_core.config import Settings
from onepiece_core.dcc import DCCS, Dcc, InstalledDcc, Machine, find_dcc
from onepiece_core.errors import ConfigError, OnePieceError
from onepiece_core.filesystems import refuse_network_filesystem
from onepiece_core.shown import shown


def gather(session: Session, overrides: Mapping[str, Any]) -> MachineInfo:
    """Look at everything. A check that fails is part of the answer; this does not raise for it."""
    settings, config = _config(session, overrides)
    shotgrid, aws = _services(settings)
    return MachineInfo(
        onepiece=__version__,
        python={
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "executable": shown(sys.executable),
        },
        system={"name": platform.system(), "release": platform.release(), "machine": platform.machine()},
        dccs=_dccs(session),
        shotgrid=shotgrid,
        aws=aws,
        extras=check_extras(),
        state=_state(session, settings),
        config=config,
    )


def _config(session: Session, overrides: Mapping[str, Any]) -> tuple[Settings | None, ConfigInfo]:
    try:
        settings = session.settings(overrides=overrides)
    except ConfigError as error:
        return None, ConfigInfo(check=Check.failed(error))
    files = tuple(shown(path) for path in settings.files)
    read = f"{len(files)} files read" if len(files) != 1 else f"read from {files[0]}"
    info = ConfigInfo(
        files=files,
        profile=settings.profile,
        profiles=settings.profiles,
        warnings=settings.warnings,
        check=Check(ok=True, message=read if files else "there is no onepiece.toml: built-in values and environment"),
    )
    return settings, info


def _services(settings: Settings | None) -> tuple[ServiceInfo, ServiceInfo]:
    """Both at the same time: a server that does not answer costs seconds."""
    if settings is None:
        unknown = ServiceInfo(settings={}, check=Check(ok=False, message="not asked: the settings cannot be read"))
        return unknown, unknown
    with ThreadPoolExecutor(max_workers=2) as pool:
        shotgrid, aws = pool.submit(ask_shotgrid, settings.shotgrid), pool.submit(ask_aws, settings.aws)
        return shotgrid.result(), aws.result()


def _dccs(session: Session) -> tuple[DccInfo, ...]:
    machine = Machine(session.environ)
    return tuple(_dcc(dcc, find_dcc(dcc, machine)) for dcc in DCCS)


def _dcc(dcc: Dcc, found: InstalledDcc | None) -> DccInfo:
    if found is None:
        return DccInfo(name=dcc.name, label=dcc.label)
    return DccInfo(
        name=dcc.name,
        label=dcc.label,
        executable=shown(found.executable),
        version=found.version,
        found_by=found.found_by,
    )


def _state(session: Session, settings: Settings | None) -> StateInfo:
    folder = (settings and settings.state_dir) or default_state_dir(session.environ)
    return StateInfo(path=shown(folder), check=_check_state(folder.absolute()))


def _check_state(folder: Path) -> Check:
    """The folder itself is only made when something is published."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Check(
            ok=False,
            message=f"{shown(there)} cannot be written to",
            hint="Point ONEPIECE_STATE_DIR at a folder of your own.",
        )
    try:
        refuse_network_filesystem(there)
    except OnePieceError as error:
        return Check.failed(error)
    return Check(ok=True, message="on a local disk" if there == folder else "will be made by the first publish")
