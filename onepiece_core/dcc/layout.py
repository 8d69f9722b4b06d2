"""The folder that hosts load OnePiece from: what lies in it, where it is, and which version is in force.

::

    ROOT/VERSION/  install.json                      what it is, and the command of the worker
                   python/                           onepiece_hosts, onepiece_shelves, Qt.py: all that a host imports
                   maya/ nuke/ houdini/ blender/     what each host loads at its start

ROOT is each user's own, or one that a studio names with ``[hosts] central``. A host is led to a version by its hook-up
in the user's folders or by its environment; ONEPIECE_HOSTS overrides the version that a hook-up names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from onepiece_core.config import Settings
from onepiece_core.dcc.find import Machine
from onepiece_core.errors import HostFilesMissing, InstallFailed

SCHEMA = "onepiece.hosts.1"
INSTALL_FILE = "install.json"
HOSTS_VARIABLE = "ONEPIECE_HOSTS"
SHELVES_VARIABLE = "ONEPIECE_SHELVES"

_HOSTS = ("maya", "nuke", "houdini", "blender")
# Start-up files that stand below another folder than their host's.
_PLACES = {
    ("maya", "userSetup.py"): "scripts",
    ("houdini", "pythonrc.py"): "scripts/python",
    ("houdini", "ready.py"): "scripts/python",
}
_ADDON = "blender/scripts/addons/onepiece"
_EXTENSION = "blender/extensions/user_default/onepiece"
_BLENDER_START = "blender/scripts/startup/onepiece_startup.py"
# A host names the folder of the file itself by this variable.
_HOUDINI_PACKAGE = b"""{
  "hpath": "$HOUDINI_PACKAGE_PATH",
  "env": [{"PYTHONPATH": {"method": "prepend", "value": "$HOUDINI_PACKAGE_PATH/../python"}}]
}
"""


@dataclass(frozen=True)
class HostSources:
    """What the folder is made of; a front end knows where its packages lie.

    Attributes:
        hosts, shelves: the folders of the packages.
        qt: the file Qt.py, None where it is not installed.
        worker: the command that starts a worker.
        version: of OnePiece.
        tools: the studio's and the show's files of tools.
        generated: more files, by their paths in the folder.
    """

    hosts: Path
    shelves: Path
    qt: Path | None
    worker: tuple[str, ...]
    version: str
    tools: tuple[Path, ...] = ()
    generated: Mapping[str, str] = field(default_factory=dict)


def lay_out(sources: HostSources, created_at: datetime | None = None) -> dict[str, bytes]:
    """Every file of the folder by its path in it. Raises InstallFailed when a source cannot be read."""
    files: dict[str, bytes] = {}
    try:
        for name, package in (("onepiece_hosts", sources.hosts), ("onepiece_shelves", sources.shelves)):
            files.update({f"python/{name}/{path}": data for path, data in read_folder(package).items()})
        if sources.qt is not None:
            files["python/Qt.py"] = sources.qt.read_bytes()
        for host in _HOSTS:
            files.update(_startup(sources.hosts / host / "startup", host))
    except OSError as error:
        raise InstallFailed(f"{error.filename} cannot be read: {error.strerror}", path=str(error.filename)) from error
    files.setdefault("maya/onepiece.mod", f"+ onepiece {sources.version} .\nPYTHONPATH +:= ../python\n".encode())
    files.setdefault("houdini/onepiece.json", _HOUDINI_PACKAGE)
    files.update({path: text.encode() for path, text in sources.generated.items()})
    files[INSTALL_FILE] = _install_file(sources, created_at or datetime.now(UTC))
    return files


def is_same(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether ``folder`` holds these files and no others, whenever it was made. Compiled Python does not count."""
    try:
        return _timeless(read_folder(folder)) == _timeless(files)
    except OSError:
        return False


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``, without compiled Python. Raises OSError."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}


def user_root(machine: Machine) -> Path:
    """Where each user's own versions lie."""
    home = home_of(machine)
    if machine.platform == "win32":
        base = Path(machine.environ.get("LOCALAPPDATA") or home / "AppData/Local")
    elif machine.platform == "darwin":
        base = home / "Library/Application Support"
    else:
        base = Path(machine.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return base / "onepiece" / "hosts"


def home_of(machine: Machine) -> Path:
    """The user's folder."""
    name = "USERPROFILE" if machine.platform == "win32" else "HOME"
    return Path(machine.environ.get(name) or Path.home())


def list_versions(root: Path) -> list[str]:
    """The versions that are laid out in ``root``, the newest first."""
    try:
        found = [path.parent.name for path in root.glob(f"*/{INSTALL_FILE}") if not path.parent.name.startswith(".")]
    except OSError:
        return []
    return sorted(found, key=_by_number, reverse=True)


def find_hosts_folder(settings: Settings, machine: Machine, running: str) -> Path | None:
    """The version that is in force: the pinned one, else ``running`` (OnePiece's own), else the newest; None where
    nothing is laid out.

    Raises:
        HostFilesMissing: the pinned version, or a studio's central copy, is not there.
    """
    root = settings.hosts.central or user_root(machine)
    versions = list_versions(root)
    wanted = settings.hosts.version
    if wanted in versions or (wanted is None and versions):
        return root / (wanted or (running if running in versions else versions[0]))
    if wanted is None and settings.hosts.central is None:
        return None
    told = f"version {wanted} of the host files" if wanted else "no version of the host files"
    raise HostFilesMissing(
        f"{root} has {'no ' if wanted else ''}{told}",
        hint=f"It has: {', '.join(versions)}; [hosts] version names one of them." if versions else None,
        root=str(root),
        wanted=wanted,
        versions=versions,
    )


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _startup(folder: Path, host: str) -> dict[str, bytes]:
    """A host's start-up files in the places where it looks for them."""
    files = read_folder(folder)
    if host == "blender":
        return dict(_for_blender(files))
    placed = {}
    for name, data in files.items():
        if name != "__init__.py":
            placed[str(PurePosixPath(host, _PLACES.get((host, name), ""), name))] = data
    return placed


def _for_blender(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """One source makes the add-on of 3.x and the extension of 4.2 and later."""
    for name, data in files.items():
        if name == "onepiece_startup.py":
            yield _BLENDER_START, data
            continue
        yield f"{_EXTENSION}/{name}", data
        if name != "blender_manifest.toml":
            yield f"{_ADDON}/{name}", data


def _install_file(sources: HostSources, created_at: datetime) -> bytes:
    told = {
        "schema": SCHEMA,
        "version": sources.version,
        "worker": list(sources.worker),
        "shelves": [str(path) for path in sources.tools],
        "created_at": created_at.isoformat(timespec="seconds"),
    }
    return (json.dumps(told, indent=2) + "\n").encode()


def _timeless(files: Mapping[str, bytes]) -> dict[str, object]:
    told: dict[str, object] = dict(files)
    try:
        parsed = json.loads(files.get(INSTALL_FILE, b""))
        told[INSTALL_FILE] = {name: value for name, value in parsed.items() if name != "created_at"}
    except (ValueError, AttributeError):
        pass  # it is none of ours, and differs as it stands
    return told


def _by_number(version: str) -> list[tuple[int, str]]:
    parts = version.replace("-", ".").replace("+", ".").split(".")
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
