"""Houdini as a Host."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import hou

from onepiece_hosts import quitting
from onepiece_hosts.errors import HostError, Unsupported
from onepiece_hosts.host import Action, Camera, Colour, FrameRange, Output, Problem, Resolution, UsedFile
from onepiece_hosts.houdini import actions, cameras, events, files, outputs, pictures, problems
from onepiece_hosts.houdini.nodes import number
from onepiece_hosts.patterns import forward
from onepiece_hosts.rates import exact

_EXTENSIONS = (".hip", ".hiplc", ".hipnc")
# A licence writes scenes of its own kind only, whatever they are called.
_BY_LICENCE = {"Indie": ".hiplc", "Apprentice": ".hipnc", "ApprenticeHD": ".hipnc", "Education": ".hipnc"}


class HoudiniHost:
    """The Host protocol over hou."""

    name = "houdini"
    label = "Houdini"

    def __init__(self) -> None:
        usual = _BY_LICENCE.get(hou.licenseCategory().name(), ".hip")
        self.extensions: tuple[str, ...] = (usual, *(one for one in _EXTENSIONS if one != usual))

    def version(self) -> str:
        return hou.applicationVersionString()

    def is_headless(self) -> bool:
        return not hou.isUIAvailable()

    # The scene file

    def scene_path(self) -> str | None:
        return None if hou.hipFile.isNewFile() else forward(hou.hipFile.path())

    def is_modified(self) -> bool | None:
        return hou.hipFile.hasUnsavedChanges()

    def save(self) -> None:
        path = self.scene_path()
        if path is None:
            raise HostError("host.unnamed_scene", "The scene has no file yet.", "Save it under a name first.")
        self._write(path)

    def save_as(self, path: str) -> None:
        if os.path.lexists(path):
            raise HostError("host.file_exists", f"{path} is there already.", "Nothing was overwritten.", path=path)
        if not os.path.isdir(os.path.dirname(path)):
            # Houdini may give the scene its new name before it finds that out.
            raise HostError("host.save_failed", f"There is no folder {os.path.dirname(path)}.", path=path)
        self._write(path)

    def _write(self, path: str) -> None:
        try:
            hou.hipFile.save(file_name=path)
        except hou.OperationFailed as error:
            raise HostError(
                "host.save_failed", f"Houdini cannot save {path}.", str(error).strip(), path=path
            ) from error
        if not os.path.isfile(path) or self.scene_path() != path:
            hint = f"With this licence scenes are called {self.extensions[0]}."
            raise HostError("host.save_failed", f"Houdini did not save {path}.", hint, path=path)

    def open_scene(self, path: str) -> None:
        if not os.path.isfile(path):
            raise HostError("host.scene_missing", f"There is no file {path}.", path=path)
        try:
            hou.hipFile.load(path, suppress_save_prompt=True)
        except hou.LoadWarning:
            pass  # it is open; what it lacks are problems of the scene
        except hou.OperationFailed as error:
            raise HostError(
                "host.open_failed", f"Houdini cannot open {path}.", str(error).strip(), path=path
            ) from error

    # What the scene is set to

    def frame_range(self) -> FrameRange:
        seen, whole = hou.playbar.playbackRange(), hou.playbar.frameRange()
        first, last = round(seen[0]), round(seen[1])
        return FrameRange(first, last, min(round(whole[0]), first), max(round(whole[1]), last))

    def fps(self) -> tuple[int, int]:
        return exact(hou.fps())

    def colour(self) -> Colour:
        config = hou.Color.ocio_configPath()
        if not config:
            return Colour(None, None, True)
        return Colour(forward(config), None, config.startswith("ocio://") or os.path.isfile(config))

    def resolution(self) -> Resolution | None:
        camera = cameras.main_camera()
        if camera is None:
            return None
        width, height = round(number(camera, "resx")), round(number(camera, "resy"))
        return Resolution(width, height, number(camera, "aspect", 1.0))

    def cameras(self) -> list[Camera]:
        return cameras.list_cameras()

    # What the scene uses and makes

    def iter_files(self) -> Iterator[UsedFile | None]:
        return files.iter_files()

    def outputs(self) -> list[Output]:
        return list(outputs.iter_outputs())

    def iter_problems(self) -> Iterator[Problem | None]:
        return problems.iter_problems()

    def selection(self) -> list[str]:
        return sorted(node.path() for node in hou.selectedNodes())

    def actions(self) -> dict[str, Action]:
        return actions.actions(self)

    # Pictures

    def thumbnail(self, path: str, width: int) -> None:
        if self.is_headless():
            raise Unsupported(self.label, "take a picture without a window")
        pictures.thumbnail(path, width, self.resolution())

    def playblast(self, path: str, first: int, last: int) -> str:  # noqa: ARG002 - the protocol's
        raise Unsupported(self.label, "make a playblast: its flipbooks are pictures, not movies")

    # The application

    def call_later(self, work: Callable[[], None]) -> None:
        if self.is_headless():
            raise Unsupported(self.label, "call back without a window")
        # Houdini has it only with a window, and no stub has it.
        import hdefereval  # type: ignore[import-not-found]

        hdefereval.executeDeferred(work)

    def on(self, event: str, callback: Callable[[], None]) -> Callable[[], None]:
        return events.on(event, callback)

    def main_window(self) -> Any:
        return None if self.is_headless() else hou.qt.mainWindow()

    def capabilities(self) -> dict[str, bool]:
        window = not self.is_headless()
        return {
            "is_modified": True,
            "thumbnail": window,
            "playblast": False,
            "selection": True,
            "on.opened": True,
            "on.saved": True,
            "on.closing": window and quitting.can_tell(),
        }
