"""Paths of render jobs: where they lie on this machine, whatever system the one is that named them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from onepiece_core.errors import PathEscapes
from onepiece_core.farm.path_mapping import RootFolders, find_here
from onepiece_core.paths import Roots
from onepiece_core.shown import shown

if TYPE_CHECKING:
    from onepiece_core.config.models import RootSettings, Settings

_OUTSIDE = "Paths of a job lie in a folder of the settings' [roots], so that every machine finds them."


def place(text: str, roots: Roots, folders: RootFolders | None = None) -> tuple[Path, str]:
    """The path on this machine and as ``root:relative``. ``text`` is either; links on the way are followed.

    ``folders``: those of other systems, whose machines may have told ``text``.

    Raises PathEscapes for what lies in no root.
    """
    path = _foreign(text, roots, folders or {}) or (Path(text) if Path(text).is_absolute() else roots.resolve(text))
    if path is None:
        raise PathEscapes(f"{shown(text)} lies in no root of this machine", hint=_OUTSIDE, path=shown(text))
    told = roots.persist(path)
    try:
        real = roots.persist(path.resolve())
    except (OSError, RuntimeError, ValueError) as cause:  # a loop of links; a name that is too long
        raise PathEscapes(f"{shown(text)} cannot be followed", path=shown(text)) from cause
    if told.startswith("@") or real.startswith("@"):
        raise PathEscapes(f"{shown(text)} lies outside the roots", hint=_OUTSIDE, path=shown(text))
    return path, told


def _foreign(text: str, roots: Roots, folders: RootFolders) -> Path | None:
    """The path that a machine of another system told; what lies in a root of this machine is no such path."""
    if "\0" in text or (Path(text).is_absolute() and not roots.persist(Path(text)).startswith("@")):
        return None
    found = find_here(text, folders)
    return None if found is None else Path(found)


def root_folders(settings: Settings) -> dict[str, dict[str, str]]:
    """The roots as jobs carry them: name -> system -> folder."""
    return {name: _folders(root) for name, root in settings.roots.items()}


def _folders(root: RootSettings) -> dict[str, str]:
    told = {"linux": root.linux, "macos": root.macos, "windows": root.windows}
    return {
        # A Windows folder is read on Linux, too.
        system: str(PureWindowsPath(str(folder)) if system == "windows" else PurePosixPath(folder.as_posix()))
        for system, folder in told.items()
        if folder is not None
    }
