"""From files, environment and command line to Settings: a pure function of what it is given and of the files.

Later wins: built-in values, user files, project files, workspace files, the profile chosen by
``default_profile`` or ONEPIECE_PROFILE, the environment, the profile named on the command line, the
command line. A profile named on the command line takes the place of the default one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from onepiece_core.config.check import check_part, check_tables
from onepiece_core.config.environment import CONFIG_HOME_VARIABLE, PROFILE_VARIABLE, read_environment
from onepiece_core.config.files import FILE_NAME, ConfigFile, is_planted, place_paths, read_config, workspace_files
from onepiece_core.config.layers import Key, Layers, dotted
from onepiece_core.config.models import Settings, Tables
from onepiece_core.errors import ConfigError, ProfileMissing
from onepiece_core.progress import Warned


@dataclass(frozen=True)
class ConfigSources:
    """What settings are made of.

    Attributes:
        environ: the environment variables.
        home: the user's home.
        config_home: where the user's configuration lies; None: XDG_CONFIG_HOME, else ``~/.config``.
        workspace: the folder a command works on.
        project_root: stands above ONEPIECE_PROJECT_ROOT.
        profile: a profile named on the command line.
        extra_files: files below the user's own, the weakest first.
        overrides: values from the command line, as nested tables.
        folder: what a relative path in the environment starts at; None: ``workspace``, else ``home``.
    """

    environ: Mapping[str, str]
    home: Path
    config_home: Path | None = None
    workspace: Path | None = None
    project_root: Path | None = None
    profile: str | None = None
    extra_files: tuple[Path, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None


def load_settings(sources: ConfigSources) -> Settings:
    """Read every layer. Raises ConfigError (with file and line or variable) and ProfileMissing."""
    loader = _Loader(sources)
    loader.read_files()
    loader.lay()
    return loader.settings()


class _Loader:
    def __init__(self, sources: ConfigSources) -> None:
        self._given = sources
        self._files: list[ConfigFile] = []
        self._seen: set[Path] = set()
        self._warnings: list[Warned] = []
        self._layers = Layers()
        self._profile: str | None = None
        folder = sources.folder or sources.workspace or sources.home
        environment, self._variables = read_environment(sources.environ)
        self._environment = place_paths(environment, folder, sources.home)
        self._overrides = place_paths(sources.overrides, folder, sources.home)
        told = place_paths({"project_root": sources.project_root}, folder, sources.home)["project_root"]
        if told is not None and told != self._environment.get("project_root"):
            self._overrides["project_root"] = told

    def read_files(self) -> None:
        given = self._given
        config_home = given.config_home or Path(given.environ.get(CONFIG_HOME_VARIABLE) or given.home / ".config")
        user = (config_home / "onepiece" / FILE_NAME, given.home / ".onepiece" / FILE_NAME, given.home / FILE_NAME)
        for path in (*given.extra_files, *user):
            self._read(path)
        root = self._project_root()
        if root is not None:
            for path in (root / FILE_NAME, root / ".onepiece" / FILE_NAME):
                self._read(path, may_name_root=False)
        if given.workspace is not None:
            for path in workspace_files(given.workspace, root):
                if is_planted(path):
                    text = f"{path} is ignored: it belongs to another user and lies where everybody can write"
                    self._warnings.append(Warned(code="config.file_ignored", message=text))
                else:
                    self._read(path, may_name_root=False)

    def _project_root(self) -> Path | None:
        named = [file.data["project_root"] for file in self._files if file.data.get("project_root")]
        root: Path | None = (
            self._overrides.get("project_root") or self._environment.get("project_root") or (named or [None])[-1]
        )
        if root is not None and not os.path.isdir(root):  # noqa: PTH112 - a folder that may not be looked at is none
            text = f"the project's root {root} is no folder: its settings are not read"
            self._warnings.append(Warned(code="config.project_root_missing", message=text))
        return root

    def _read(self, path: Path, *, may_name_root: bool = True) -> None:
        real = Path(os.path.realpath(path))  # a loop of links is no error here
        if real in self._seen:
            return
        self._seen.add(real)
        found = read_config(path, self._given.home)
        if found is None:
            return
        check_part(found.data, found.where)
        for name, tables in found.profiles.items():
            check_part(tables, partial(_where_in_profile, found, name))
        roots = ([] if may_name_root else [found.data]) + list(found.profiles.values())
        if any("project_root" in tables for tables in roots):
            where = found.where(("project_root",))
            raise ConfigError(
                f"{where}: project_root can only be set by the user's own files", path=str(path), key="project_root"
            )
        self._files.append(found)

    def lay(self) -> None:
        defaults = Tables().model_dump()
        self._layers.lay(defaults, "default")
        for file in self._files:
            self._layers.lay(file.data, str(file.path))
        if self._given.profile is None:
            self._lay_profile(*self._default_profile())
        self._layers.lay(self._environment, self._variables)
        self._lay_profile(self._given.profile, "the command line")
        self._layers.lay(self._overrides, "command line")

    def _default_profile(self) -> tuple[str | None, str]:
        name = self._given.environ.get(PROFILE_VARIABLE)
        if name:
            return name, PROFILE_VARIABLE
        naming = [file for file in self._files if file.default_profile]
        return (naming[-1].default_profile, naming[-1].where(("default_profile",))) if naming else (None, "")

    def _lay_profile(self, name: str | None, named_by: str) -> None:
        if name is None:
            return
        holders = [file for file in self._files if name in file.profiles]
        if not holders:
            known = ", ".join(self._profile_names()) or "none"
            message = f"there is no profile {name!r}, which {named_by} asks for; there is: {known}"
            raise ProfileMissing(message, profile=name, known=list(self._profile_names()), named_by=named_by)
        self._profile = name
        merged = Layers()
        for file in holders:
            merged.lay(file.profiles[name], f"{file.path} (profile {name})")
        self._layers.lay(merged.data, merged.sources)

    def _profile_names(self) -> tuple[str, ...]:
        return tuple(sorted({name for file in self._files for name in file.profiles}))

    def settings(self) -> Settings:
        sources = {dotted(key): source for key, source in self._layers.sources.items()}
        extras: dict[str, Any] = {
            "sources": dict(sorted(sources.items())),
            "profile": self._profile,
            "profiles": self._profile_names(),
            "files": tuple(file.path for file in self._files),
            "warnings": tuple(self._warnings),
        }
        tables = check_tables(self._layers.data, self._where)
        return Settings(**dict(tables), **extras)

    def _where(self, key: Key) -> str:
        """Where the value of ``key``, or the nearest thing around it, was set."""
        set_ = {known: source for known, source in self._layers.sources.items() if source != "default"}
        for depth in range(len(key), 0, -1):
            found = [source for known, source in set_.items() if known[:depth] == key[:depth]]
            if found:
                return found[-1]
        return "the settings"


def _where_in_profile(file: ConfigFile, profile: str, key: Key) -> str:
    return file.where(("profiles", profile, *key))
