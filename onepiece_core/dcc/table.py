"""The DCCs, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from onepiece_core.errors import DccUnknown


@dataclass(frozen=True, slots=True)
class Dcc:
    """One application.

    Attributes:
        name: how options and manifests call it.
        label: how its makers call it.
        extensions: of its scenes, lower case with the dot.
        programs: names to look for on PATH, the best first.
        variables: environment variable -> where the program lies below its value.
        places: ``linux``, ``darwin``, ``win32`` -> patterns below the root of the file system; on Windows
            below a ``ProgramFiles`` folder.
        open_options: stand before the scene on the command line.
        release_parts: how many numbers of a version name a release: an earlier one may not read its scenes.
        version_options: make the program print its version and end, where it does so without a window or a licence.
    """

    name: str
    label: str
    extensions: tuple[str, ...]
    programs: tuple[str, ...]
    variables: Mapping[str, str]
    places: Mapping[str, tuple[str, ...]]
    open_options: tuple[str, ...] = ()
    release_parts: int = 2
    version_options: tuple[str, ...] = ()


DCCS = (
    Dcc(
        name="maya",
        label="Maya",
        extensions=(".ma", ".mb"),
        programs=("maya",),
        variables={"MAYA_LOCATION": "bin/maya"},
        places={
            "linux": ("usr/autodesk/maya*/bin/maya", "opt/autodesk/maya*/bin/maya"),
            "darwin": ("Applications/Autodesk/maya*/Maya.app/Contents/bin/maya",),
            "win32": ("Autodesk/Maya*/bin/maya.exe",),
        },
        open_options=("-file",),
        release_parts=1,
    ),
    Dcc(
        name="nuke",
        label="Nuke",
        extensions=(".nk", ".nknc", ".nkind"),
        # The installers name the program after its version, studios link it as "nuke".
        programs=("nuke", "Nuke", "Nuke[0-9]*"),
        variables={},
        places={
            "linux": ("usr/local/Nuke*/Nuke[0-9]*", "opt/Nuke*/Nuke[0-9]*"),
            "darwin": ("Applications/Nuke*/Nuke[0-9]*.app/Contents/MacOS/Nuke[0-9]*",),
            "win32": ("Nuke*/Nuke[0-9]*.exe",),
        },
    ),
    Dcc(
        name="houdini",
        label="Houdini",
        extensions=(".hip", ".hiplc", ".hipnc"),
        programs=("houdini", "houdinifx", "houdinicore"),
        variables={"HFS": "bin/houdini"},
        places={
            "linux": ("opt/hfs*/bin/houdini",),
            "darwin": (
                "Applications/Houdini/Houdini*/Frameworks/Houdini.framework/Versions/Current/Resources/bin/houdini",
            ),
            "win32": ("Side Effects Software/Houdini*/bin/houdini.exe",),
        },
    ),
    Dcc(
        name="blender",
        label="Blender",
        extensions=(".blend",),
        programs=("blender",),
        variables={},
        places={
            "linux": ("opt/blender*/blender", "usr/local/blender*/blender", "snap/bin/blender"),
            "darwin": ("Applications/Blender*.app/Contents/MacOS/Blender",),
            "win32": ("Blender Foundation/Blender*/blender.exe",),
        },
        version_options=("--version",),
    ),
)


def get_dcc(name: str) -> Dcc:
    """The DCC called ``name``, in any case.

    Raises:
        DccUnknown: none is called that.
    """
    for dcc in DCCS:
        if dcc.name == name.strip().lower():
            return dcc
    known = [dcc.name for dcc in DCCS]
    raise DccUnknown(f"no DCC is called {name!r}", hint=f"Known: {', '.join(known)}.", dcc=name, known=known)


def find_dcc_for(scene: PurePath) -> Dcc | None:
    """The DCC whose scenes end like ``scene``."""
    ending = scene.suffix.lower()
    return next((dcc for dcc in DCCS if ending in dcc.extensions), None)
