"""What a DCC's environment gets so that it loads OnePiece, in the version that is in force."""

from __future__ import annotations

import os
from pathlib import Path

from onepiece_core import __version__
from onepiece_core.config import Settings
from onepiece_core.dcc.find import Machine
from onepiece_core.dcc.hooks import blender_resources
from onepiece_core.dcc.layout import HOSTS_VARIABLE, SHELVES_VARIABLE, find_hosts_folder
from onepiece_core.dcc.table import Dcc

# Lists of folders, ours to be put first -> where it lies in the version folder.
LISTS = {
    "maya": ("MAYA_MODULE_PATH", "maya"),
    "nuke": ("NUKE_PATH", "nuke"),
    "houdini": ("HOUDINI_PACKAGE_DIR", "houdini"),
}
_BLENDER_SCRIPTS = "BLENDER_USER_SCRIPTS"


def host_environment(dcc: Dcc, settings: Settings, state_dir: Path, machine: Machine) -> dict[str, str]:
    """Variables to set for ``dcc``, those of LISTS before what they hold; none when nothing of ours is installed.

    Nothing of OnePiece's own Python is in it: a host imports from the version folder alone.

    Raises:
        HostFilesMissing: the version that the settings pin is not there.
    """
    folder = find_hosts_folder(settings, machine, __version__)
    if folder is None:
        return {}
    told = {HOSTS_VARIABLE: folder.as_posix(), "ONEPIECE_STATE_DIR": str(settings.state_dir or state_dir)}
    if settings.hosts.shelves:
        told[SHELVES_VARIABLE] = os.pathsep.join(map(str, settings.hosts.shelves))
    if settings.profile:
        told["ONEPIECE_PROFILE"] = settings.profile
    if dcc.name in LISTS:
        variable, below = LISTS[dcc.name]
        return {**told, variable: str(folder / below)}
    return _for_blender(told, folder, machine)


def _for_blender(told: dict[str, str], folder: Path, machine: Machine) -> dict[str, str]:
    """Blender has one folder of scripts: naming ours would hide the artist's own add-ons."""
    if machine.environ.get(_BLENDER_SCRIPTS):
        own = [Path(machine.environ[_BLENDER_SCRIPTS])]
    else:
        own = sorted(blender_resources(machine).glob("*/scripts"))
    if any((scripts / "addons" / "onepiece").is_dir() for scripts in own):
        return told  # the add-on follows the variable to the version in force
    if any(path.is_file() for scripts in own for path in scripts.rglob("*")):
        return {}
    return {**told, _BLENDER_SCRIPTS: str(folder / "blender" / "scripts")}
