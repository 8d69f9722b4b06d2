"""What every error is, and those of options and settings."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel


class ErrorReport(BaseModel, frozen=True):
    """An error as the CLI (``--json``), the panels and the API show it."""

    code: str
    message: str
    hint: str | None = None
    context: dict[str, Any] = {}


class OnePieceError(Exception):
    """Base of every error that a front end shows without a traceback.

    ``context`` holds JSON values (paths as ``str``) and never a secret.
    """

    code: ClassVar[str] = "onepiece.error"
    hint: ClassVar[str | None] = None

    def __init__(self, message: str, *, hint: str | None = None, **context: Any) -> None:
        super().__init__(message)
        self.report = ErrorReport(code=self.code, message=message, hint=hint or self.hint, context=context)


class UsageError(OnePieceError):
    """Options that contradict each other or lack one."""

    code = "onepiece.usage"


class ExtraMissing(OnePieceError):
    """A feature needs an optional package."""

    code = "onepiece.extra_missing"


class ConfigError(OnePieceError):
    code = "config.invalid"


class ProfileMissing(ConfigError):
    code = "config.profile_missing"
    hint = "`onepiece profile --list` names the profiles that exist."


class ConfigMissing(ConfigError):
    """A setting that this command cannot do without."""

    code = "config.missing"


class StateNotLocal(ConfigError):
    """The journal's folder lies on a network filesystem, where SQLite's locks cannot be trusted."""

    code = "config.state_not_local"
    hint = "Point ONEPIECE_STATE_DIR at a folder on a local disk."


class KeyringUnavailable(ConfigError):
    """The system's keyring, where personal sessions are kept, is not there or says no."""

    code = "config.no_keyring"
    hint = (
        "Unlock it or start its service (GNOME Keyring, KWallet), choose another backend in keyringrc.cfg, "
        "or configure a script's name and key."
    )


class OperationCancelled(OnePieceError):
    code = "operation.cancelled"
    hint = "Run the same command again to go on."
