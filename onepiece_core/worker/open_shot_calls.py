"""Requests to open a scene in another host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onepiece_core.dcc import Machine
from onepiece_core.errors import UsageError
from onepiece_core.open_shot import OpenShotPlan, apply_open_shot, host_environment_of, plan_open_shot
from onepiece_core.worker.loop import Call, Method
from onepiece_core.worker.session import Session
from onepiece_core.workfiles.recent import note_opened


def plan(session: Session, call: Call) -> Any:
    """What would be started."""
    return _plan(session, call).model_dump(mode="json")


def start(session: Session, call: Call) -> Any:
    """Start the DCC that the scene needs."""
    planned = _plan(session, call)
    for warning in planned.warnings:
        call.warn(warning)
    log = session.state_dir / "logs" / f"{planned.dcc}.log"
    is_waiting = call.params.get("wait") is True
    opened = apply_open_shot(planned, log=log, launches=session.state_dir / "launches", wait=is_waiting)
    note_opened(session.state_dir, opened.scene, opened.dcc)
    return opened.model_dump(mode="json")


def _plan(session: Session, call: Call) -> OpenShotPlan:
    told = {name: call.params.get(name) for name in ("path", "dcc", "version")}
    if not isinstance(told["path"], str) or not all(value is None or isinstance(value, str) for value in told.values()):
        raise UsageError("open_shot needs a path; dcc and version are texts.")
    machine = Machine(session.environ)
    return plan_open_shot(
        Path(told["path"]),
        dcc=told["dcc"],
        version=told["version"],
        machine=machine,
        ours=host_environment_of(session.settings, session.state_dir, machine),
    )


METHODS: dict[str, Method[Session]] = {"open_shot.plan": plan, "open_shot.start": start}
