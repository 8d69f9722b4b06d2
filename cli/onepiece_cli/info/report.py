"""The object that ``onepiece info --json`` prints."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from onepiece_core.errors import OnePieceError
from onepiece_core.progress import Warned


class Check(BaseModel, frozen=True):
    """One look. ``ok`` is None for what is not set up and need not be; ``code`` is that of the error."""

    ok: bool | None
    message: str
    hint: str | None = None
    code: str | None = None

    @classmethod
    def failed(cls, error: OnePieceError, *, ok: bool | None = False) -> Check:
        report = error.report
        return cls(ok=ok, message=report.message, hint=report.hint, code=report.code)


class DccInfo(BaseModel, frozen=True):
    """A DCC that OnePiece knows; without ``executable`` it is not installed here."""

    name: str
    label: str
    executable: str | None = None
    version: str | None = None
    found_by: str | None = None


class ExtraInfo(BaseModel, frozen=True):
    """An optional part of the distribution; ``costs`` tells what does not work without it."""

    name: str
    ok: bool
    missing: tuple[str, ...]
    costs: str
    hint: str | None


class ServiceInfo(BaseModel, frozen=True):
    """A server that OnePiece talks to. ``settings`` holds no secret; ``found`` is what the server said."""

    settings: dict[str, str | None]
    found: dict[str, Any] = {}
    check: Check


class ConfigInfo(BaseModel, frozen=True):
    """The settings: which files and which profile they come from."""

    files: tuple[str, ...] = ()
    profile: str | None = None
    profiles: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()
    check: Check


class StateInfo(BaseModel, frozen=True):
    """Where the journal lies."""

    path: str
    check: Check


class MachineInfo(BaseModel, frozen=True, serialize_by_alias=True):
    """Everything that ``onepiece info`` shows."""

    schema_: Literal["onepiece.info.1"] = Field("onepiece.info.1", alias="schema")
    onepiece: str
    python: dict[str, str]
    system: dict[str, str]
    dccs: tuple[DccInfo, ...]
    shotgrid: ServiceInfo
    aws: ServiceInfo
    extras: tuple[ExtraInfo, ...]
    state: StateInfo
    config: ConfigInfo
