"""Reading ``onepiece.toml``: where it may lie, what its paths are relative to, and on which line a key stands."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onepiece_core.config.layers import Key
from onepiece_core.errors import ConfigError

FILE_NAME = "onepiece.toml"

_HEADER = re.compile(r"\s*\[\[?(?P<table>[^\[\]]+)\]")
_ASSIGNMENT = re.compile(r"\s*(?P<key>[\w.\"' -]+?)\s*=")

_TABLES_OF_PATHS = {
    "sandbox": ("dir", "studio"),
    "templates": ("dir",),
    "render": ("jobs_path", "templates_dir"),
    "server": ("service_credential_file",),
}


@dataclass(frozen=True)
class ConfigFile:
    """One file as it was read. ``data`` are its own tables, ``profiles`` the tables of each profile."""

    path: Path
    text: str
    default_profile: str | None
    data: dict[str, Any]
    profiles: dict[str, dict[str, Any]]

    def where(self, key: Key) -> str:
        """The file and, where it can be told, the line of ``key``."""
        line = find_line(self.text, key)
        return f"{self.path}, line {line}" if line else str(self.path)


def read_config(path: Path, home: Path) -> ConfigFile | None:
    """The file, or None when there is none. Raises ConfigError with the file and the line."""
    try:
        if not os.path.isfile(path):  # noqa: PTH113 - a file that may not be looked at is none
            return None
        text = path.read_bytes().decode("utf-8-sig")
        data = tomllib.loads(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as cause:
        raise ConfigError(f"{path} is not UTF-8 at byte {cause.start}", path=str(path)) from cause
    except (tomllib.TOMLDecodeError, RecursionError) as cause:
        raise ConfigError(f"{path} is no valid TOML: {cause}", path=str(path)) from cause
    except OSError as cause:
        raise ConfigError(f"{path} cannot be read: {cause.strerror}", path=str(path)) from cause
    profiles = data.pop("profiles", {})
    default = data.pop("default_profile", None)
    _expect(isinstance(profiles, dict), path, text, ("profiles",), "must be a table of profiles")
    _expect(default is None or isinstance(default, str), path, text, ("default_profile",), "must be a profile's name")
    for name, tables in profiles.items():
        _expect(isinstance(tables, dict), path, text, ("profiles", name), "must be a table")
    located = {name: place_paths(tables, path.parent, home) for name, tables in profiles.items()}
    return ConfigFile(path, text, default, place_paths(data, path.parent, home), located)


def _expect(right: bool, path: Path, text: str, key: Key, what: str) -> None:
    if not right:
        line = find_line(text, key)
        raise ConfigError(f"{path}: {'.'.join(key)} {what}", path=str(path), key=".".join(key), line=line)


def place_paths(data: Mapping[str, Any], folder: Path, home: Path) -> dict[str, Any]:
    """``data`` with each path made absolute: ``~`` is the user's home, a relative path starts at ``folder``."""

    def placed(value: Any) -> Any:
        if not isinstance(value, str | Path) or not str(value):
            return None if value == "" else value
        text = str(value)
        if text == "~" or text.startswith(("~/", "~\\")):
            return Path(os.path.normpath(home / text[2:]))
        return Path(os.path.normpath(folder / text))

    result = dict(data)
    for name in ("state_dir", "project_root"):
        if name in result:
            result[name] = placed(result[name])
    for table, names in _TABLES_OF_PATHS.items():
        if isinstance(found := result.get(table), Mapping):
            result[table] = {**found, **{name: placed(found[name]) for name in names if name in found}}
    if isinstance(hosts := result.get("hosts"), Mapping):
        result["hosts"] = {name: _hosts_value(name, value, placed) for name, value in hosts.items()}
    if isinstance(roots := result.get("roots"), Mapping):
        result["roots"] = {name: _root(root, placed) for name, root in roots.items()}
    if isinstance(workfiles := result.get("workfiles"), Mapping) and "templates" in workfiles:
        result["workfiles"] = {**workfiles, "templates": _placed_below(workfiles["templates"], placed)}
    return result


def _placed_below(value: Any, placed: Any) -> Any:
    """Every text in tables of tables as a path."""
    if isinstance(value, Mapping):
        return {name: _placed_below(inner, placed) for name, inner in value.items()}
    return placed(value)


def _hosts_value(name: str, value: Any, placed: Any) -> Any:
    if name == "shelves" and isinstance(value, list):
        return [placed(one) for one in value]
    return placed(value) if name == "central" else value


def _root(root: Any, placed: Any) -> Any:
    if isinstance(root, str):
        folder = placed(root)
        return {"linux": folder, "macos": folder, "windows": folder}
    if isinstance(root, Mapping):
        # The folder of another system must not be read as a relative path of this one.
        return {system: Path(folder) if isinstance(folder, str) else folder for system, folder in root.items()}
    return root


def workspace_files(workspace: Path, project_root: Path | None) -> Iterator[Path]:
    """Where a workspace's files may lie, the outermost first: its parents up to the project's root, and itself."""
    folder = Path(os.path.normpath(workspace.absolute()))
    folders = [folder, *folder.parents]
    if project_root is not None and project_root in folders:
        folders = folders[: folders.index(project_root)]
    for parent in reversed(folders):
        yield parent / FILE_NAME


def is_planted(path: Path) -> bool:
    """Whether a stranger may have put ``path`` there: another user's file in a folder that everybody can write to."""
    if not hasattr(os, "getuid"):
        return False
    try:
        folder, owner = path.parent.stat().st_mode, path.stat().st_uid
    except OSError:
        return False
    return bool(folder & stat.S_IWOTH) and owner not in (0, os.getuid())


def find_line(text: str, key: Key) -> int | None:
    """The line on which ``key`` or, failing that, the nearest table above it is written."""
    best: tuple[int, int] | None = None
    table: Key = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = found = _split_key(header["table"])
        else:
            assignment = _ASSIGNMENT.match(line)
            if assignment is None:
                continue
            found = (*table, *_split_key(assignment["key"]))
        if key[: len(found)] == found and (best is None or len(found) > best[0]):
            best = len(found), number
    return best[1] if best else None


def _split_key(text: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in text.split("."))
