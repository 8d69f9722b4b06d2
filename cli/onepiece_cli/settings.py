"""Where the command line looks for settings: this process's environment, home and working folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.config import ConfigSources, Settings


def load(session: Session, *, near: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings in force for a command that works on ``near``."""
    from onepiece_core.config import load_settings

    sandbox = sandbox_dir(session, near=near) / "onepiece.toml"
    return load_settings(_sources(session, near, (sandbox,), overrides or {}, session.config_profile))


def sandbox_dir(session: Session, *, near: Path | None = None) -> Path:
    """Where ``onepiece sandbox`` lives without ``--dir``: ``[sandbox] dir``, else the user's data folder.

    The sandbox writes an ``onepiece.toml`` of its own there, so that its profile is found without further ado.
    """
    import platformdirs

    from onepiece_core.config import load_settings
    from onepiece_core.errors import ConfigError

    try:
        told = load_settings(_sources(session, near, (), {}, None)).sandbox.dir
    except ConfigError:  # whoever needs the settings will say so; they may name the sandbox's own profile
        told = Path(session.environ["ONEPIECE_SANDBOX_DIR"]) if session.environ.get("ONEPIECE_SANDBOX_DIR") else None
    return told or Path(platformdirs.user_data_dir("onepiece", appauthor=False)) / "sandbox"


def _sources(
    session: Session, near: Path | None, extra: tuple[Path, ...], overrides: Mapping[str, Any], profile: str | None
) -> ConfigSources:
    from onepiece_core.config import ConfigSources

    return ConfigSources(
        environ=session.environ,
        home=Path.home(),
        workspace=_workspace(session.cwd, near),
        profile=profile,
        extra_files=extra,
        overrides=overrides,
        folder=session.cwd,
    )


def _workspace(cwd: Path, near: Path | None) -> Path:
    """The working folder; where it and its parents have no onepiece.toml, the folder of the command's input."""
    if near is None or _has_settings(cwd):
        return cwd
    near = cwd / near
    folder = near if near.is_dir() else near.parent
    return folder if _has_settings(folder) else cwd


def _has_settings(folder: Path) -> bool:
    return any((place / "onepiece.toml").is_file() for place in (folder, *folder.parents))


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """ONEPIECE_STATE_DIR, else the platform's local state folder."""
    import platformdirs

    told = environ.get("ONEPIECE_STATE_DIR")
    return Path(told) if told else Path(platformdirs.user_state_dir("onepiece", appauthor=False))


def command_defaults(session: Session, commands: Mapping[str, Any]) -> dict[str, Any]:
    """The option values of ``[commands]`` for click's ``default_map``: each option known, under its parameter's name.

    ``commands``: the click commands by name. Raises ConfigError.
    """
    settings = load(session)
    return {
        name: _defaults(commands[name], table, settings, ("commands", name))
        for name, table in settings.commands.items()
        if name in commands
    }


def _defaults(command: Any, table: Any, settings: Settings, where: tuple[str, ...]) -> dict[str, Any]:
    from onepiece_core.errors import ConfigError

    inner = getattr(command, "commands", None)
    known = inner or {option.lstrip("-"): param for param in command.params for option in param.opts}
    if not isinstance(table, dict):
        raise ConfigError(f"{'.'.join(where)} must be a table", key=".".join(where))
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name not in known:
            places = [text for dotted, text in settings.sources.items() if dotted.startswith(".".join((*where, key)))]
            raise ConfigError(
                f"{places[0] if places else 'the settings'}: [{'.'.join(where)}] has an unknown key {key!r}",
                hint=f"Known are: {', '.join(sorted(known))}.",
                key=".".join((*where, key)),
            )
        if inner:
            found[name] = _defaults(inner[name], value, settings, (*where, key))
        else:
            option = known[name]
            # One value is enough for an option that may be repeated.
            found[option.name] = [value] if option.multiple and not isinstance(value, list) else value
    return found
