"""Where the command line looks for settings: this process's environment, home and working folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.config import ConfigSources, Settings


def load(session: Session, *, near: Path | None, overrides: Mapping[str, Any]) -> Settings:
    """The settings in force for a command that works on ``near``."""
    from onepiece_core.config import load_settings

    return load_settings(sources(session, near=near, overrides=overrides))


def sources(session: Session, *, near: Path | None = None, overrides: Mapping[str, Any] | None = None) -> ConfigSources:
    """Everything that the settings are made of."""
    from onepiece_core.config import ConfigSources

    environ, home = session.environ, Path.home()
    root = environ.get("ONEPIECE_PROJECT_ROOT")
    return ConfigSources(
        environ=environ,
        home=home,
        config_home=Path(environ.get("XDG_CONFIG_HOME") or home / ".config"),
        workspace=_workspace(session.cwd, near),
        project_root=Path(root) if root else None,
        profile=session.config_profile,
        extra_files=(default_sandbox_dir(environ) / "onepiece.toml",),
        overrides=dict(overrides or {}),
    )


def _workspace(cwd: Path, near: Path | None) -> Path:
    """The working folder; where it and its parents have no onepiece.toml, the folder of the command's input."""
    if near is None or _has_settings(cwd):
        return cwd
    folder = near if near.is_dir() else near.parent
    return folder if _has_settings(folder) else cwd


def _has_settings(folder: Path) -> bool:
    return any((place / "onepiece.toml").is_file() for place in (folder, *folder.parents))


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """ONEPIECE_STATE_DIR, else the platform's local state folder."""
    import platformdirs

    told = environ.get("ONEPIECE_STATE_DIR")
    return Path(told) if told else Path(platformdirs.user_state_dir("onepiece", appauthor=False))


def default_sandbox_dir(environ: Mapping[str, str]) -> Path:
    """Where ``onepiece sandbox`` lives without ``--dir``."""
    import platformdirs

    told = environ.get("ONEPIECE_SANDBOX_DIR")
    return Path(told) if told else Path(platformdirs.user_data_dir("onepiece", appauthor=False)) / "sandbox"
