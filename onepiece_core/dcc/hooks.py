"""What leads a host to our folder: files and marked blocks in the user's own folders, where the host looks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.dcc.find import Machine
from onepiece_core.dcc.layout import HOSTS_VARIABLE, home_of
from onepiece_core.dcc.table import Dcc

_BEGIN = b"# >>> OnePiece >>>"
_BEGIN_AFTER_LINE_END = b"# >>> OnePiece, and the line end before it >>>"
_END = b"# <<< OnePiece <<<"
_BLOCK = re.compile(
    rb"(?:\r?\n"
    + re.escape(_BEGIN_AFTER_LINE_END)
    + rb"|"
    + re.escape(_BEGIN)
    + rb").*?"
    + re.escape(_END)
    + rb"\r?\n",
    re.DOTALL,
)


@dataclass(frozen=True)
class FileHook:
    """A file of ours alone."""

    path: Path
    data: bytes


@dataclass(frozen=True)
class BlockHook:
    """Lines of ours in a file that may be the user's; ``text`` without the marks around it."""

    path: Path
    text: str


Hook = FileHook | BlockHook


def hooks_of(
    dcc: Dcc, versions: tuple[str, ...], machine: Machine, folder: Path, files: Mapping[str, bytes]
) -> list[Hook]:
    """What leads ``dcc`` to the installed ``folder``, which holds ``files``.

    ``versions``: of the host; Blender and Houdini have a folder for each, Maya and Nuke one for all.
    """
    if dcc.name == "maya":
        return [FileHook(maya_modules(machine) / "onepiece.mod", _maya_module(folder, files["maya/onepiece.mod"]))]
    if dcc.name == "nuke":
        return [BlockHook(home_of(machine) / ".nuke" / "init.py", _nuke_lines(folder))]
    places = dict.fromkeys(_places_of(dcc, versions, machine))
    if dcc.name == "houdini":
        package = _houdini_package(folder, files["houdini/onepiece.json"])
        return [FileHook(place / "packages" / "onepiece.json", package) for place in places]
    return [hook for place in places for hook in _blender_addon(place, folder, files)]


def _places_of(dcc: Dcc, versions: tuple[str, ...], machine: Machine) -> Iterator[Path]:
    for version in versions:
        numbers = re.findall(r"\d+", version)
        if len(numbers) > 1:
            short = ".".join(numbers[:2])
            yield houdini_prefs(machine, short) if dcc.name == "houdini" else blender_scripts(machine, short)


def with_block(data: bytes, text: str) -> bytes:
    """``data`` with our block at its end, or in its old place."""
    line = b"\r\n" if b"\r\n" in data else b"\n"
    lines = line.join(part.encode() for part in text.splitlines())
    if _BLOCK.search(data):
        # The first mark stays as it is: it knows whether the line end before it is ours.
        fresh = _END.join([line + lines + line, line])
        return _BLOCK.sub(lambda found: _first_mark(found[0]) + fresh, data, count=1)
    begin = line + _BEGIN_AFTER_LINE_END if data and not data.endswith(b"\n") else _BEGIN
    return data + begin + line + lines + line + _END + line


def without_block(data: bytes) -> bytes:
    """``data`` as it was before our block."""
    return _BLOCK.sub(b"", data)


def _first_mark(block: bytes) -> bytes:
    at = block.index(b">>>", block.index(b">>>") + 3) + 3
    return block[:at]


def maya_modules(machine: Machine) -> Path:
    """Where Maya looks for the user's modules, in all versions."""
    if told := machine.environ.get("MAYA_APP_DIR"):
        return Path(told) / "modules"
    below = {"darwin": "Library/Preferences/Autodesk/maya", "win32": "Documents/maya"}
    return home_of(machine) / below.get(machine.platform, "maya") / "modules"


def houdini_prefs(machine: Machine, version: str) -> Path:
    """The user's folder of one Houdini (20.5)."""
    if told := machine.environ.get("HOUDINI_USER_PREF_DIR"):
        return Path(told.replace("__HVER__", version))
    if machine.platform == "darwin":
        return home_of(machine) / "Library/Preferences/houdini" / version
    return home_of(machine) / ("Documents" if machine.platform == "win32" else "") / f"houdini{version}"


def blender_scripts(machine: Machine, version: str) -> Path:
    """The user's scripts of one Blender (4.2)."""
    if told := machine.environ.get("BLENDER_USER_SCRIPTS"):
        return Path(told)
    if told := machine.environ.get("BLENDER_USER_RESOURCES"):
        return Path(told) / "scripts"
    return blender_resources(machine) / version / "scripts"


def blender_resources(machine: Machine) -> Path:
    """What holds a folder for each Blender."""
    if machine.platform == "win32":
        roaming = machine.environ.get("APPDATA") or home_of(machine) / "AppData/Roaming"
        return Path(roaming) / "Blender Foundation/Blender"
    if machine.platform == "darwin":
        return home_of(machine) / "Library/Application Support/Blender"
    return Path(machine.environ.get("XDG_CONFIG_HOME") or home_of(machine) / ".config") / "blender"


def _maya_module(folder: Path, laid_out: bytes) -> bytes:
    """The module as it is laid out, its folder written out: this file stands elsewhere."""
    home = (folder / "maya").as_posix()
    return re.sub(r"^(\+.*\s)\.$", lambda found: found[1] + home, laid_out.decode(), flags=re.MULTILINE).encode()


def _houdini_package(folder: Path, laid_out: bytes) -> bytes:
    # In a package of Houdini's, this variable is the folder of the file itself.
    home = json.dumps((folder / "houdini").as_posix())[1:-1]
    return laid_out.decode().replace("$HOUDINI_PACKAGE_PATH", home).encode()


def _nuke_lines(folder: Path) -> str:
    return f"""try:
    import os, nuke
    onepiece = os.environ.get("{HOSTS_VARIABLE}", {folder.as_posix()!a}) + "/nuke"
    if onepiece not in nuke.pluginPath():
        nuke.pluginAddPath(onepiece)
except Exception as error:
    print("OnePiece could not start: %s" % error)"""


def _blender_addon(scripts: Path, folder: Path, files: Mapping[str, bytes]) -> Iterator[Hook]:
    laid_out = "blender/scripts/"
    for name, data in files.items():
        if name.startswith(laid_out):
            yield FileHook(scripts / name.removeprefix(laid_out), data)
    # The way from the copy to the folder; see startup/boot.py.
    yield FileHook(scripts / "addons" / "onepiece" / "installation.txt", f"{folder.as_posix()}\n".encode())
