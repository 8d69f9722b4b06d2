"""Maya's commands answer with whatever the flags ask for: here each question has one type of answer."""

from __future__ import annotations

from typing import Any

from maya import cmds

from onepiece_hosts.errors import HostError


def names(found: Any) -> list[str]:
    """What a listing command found; Maya answers None for nothing."""
    return [str(one) for one in found] if isinstance(found, (list, tuple)) else []


def text(plug: str) -> str:
    """The value of a string attribute; empty where there is none."""
    return str(cmds.getAttr(plug) or "")


def number(plug: str) -> float:
    return float(cmds.getAttr(plug))


def flag(plug: str) -> bool:
    return bool(cmds.getAttr(plug))


def put_number(plug: str, value: float) -> None:
    set_any: Any = cmds.setAttr  # its stub knows strings only
    try:
        set_any(plug, value)
    except RuntimeError as error:
        raise _refused(plug, error) from error


def put_flag(plug: str, value: bool) -> None:
    put_number(plug, value)


def put_text(plug: str, value: str) -> None:
    try:
        cmds.setAttr(plug, value, type="string")
    except RuntimeError as error:
        raise _refused(plug, error) from error


def _refused(plug: str, error: RuntimeError) -> HostError:
    """Locked, connected, or of a reference."""
    return HostError("host.fix_failed", f"Maya cannot change {plug}.", str(error).strip(), plug=plug)
