"""Maya as a Host."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from maya import cmds, utils

from onepiece_hosts.errors import HostError, Unsupported
from onepiece_hosts.host import Action, Camera, Colour, FrameRange, Output, Problem, Resolution, UsedFile
from onepiece_hosts.maya import actions, events, files, outputs, pictures, problems
from onepiece_hosts.maya.asked import flag, names, number
from onepiece_hosts.maya.units import rate_of
from onepiece_hosts.patterns import forward

_TYPES = {".ma": "mayaAscii", ".mb": "mayaBinary"}
# How Maya names configurations that it brings along.
_ITS_OWN = ("<MAYA_RESOURCES>", "ocio://")


class MayaHost:
    """The Host protocol over maya.cmds."""

    name = "maya"
    label = "Maya"
    extensions: tuple[str, ...] = (".ma", ".mb")

    def version(self) -> str:
        return str(cmds.about(version=True))

    def is_headless(self) -> bool:
        return bool(cmds.about(batch=True))

    # The scene file

    def scene_path(self) -> str | None:
        return forward(str(cmds.file(query=True, sceneName=True) or "")) or None

    def is_modified(self) -> bool | None:
        return bool(cmds.file(query=True, modified=True))

    def save(self) -> None:
        path = self.scene_path()
        if path is None:
            raise HostError("host.unnamed_scene", "The scene has no file yet.", "Save it under a name first.")
        self._write(path)

    def save_as(self, path: str) -> None:
        if os.path.lexists(path):
            raise HostError("host.file_exists", f"{path} is there already.", "Nothing was overwritten.", path=path)
        if not os.path.isdir(os.path.dirname(path)):
            # Found out here, because the scene would have its new name already.
            raise HostError("host.save_failed", f"There is no folder {os.path.dirname(path)}.", path=path)
        before = self.scene_path()
        cmds.file(rename=path)
        try:
            self._write(path)
        except HostError:
            if before is not None:
                cmds.file(rename=before)
            raise

    def _write(self, path: str) -> None:
        kind = _TYPES.get(os.path.splitext(path)[1].lower())
        if kind is None:
            raise HostError("host.save_failed", f"{path} is not named as a Maya scene.", "Use .ma or .mb.", path=path)
        try:
            cmds.file(save=True, force=True, type=kind)
        except RuntimeError as error:
            raise HostError("host.save_failed", f"Maya cannot save {path}.", str(error).strip(), path=path) from error
        if not os.path.isfile(path):
            raise HostError("host.save_failed", f"Maya did not save {path}.", path=path)

    def open_scene(self, path: str) -> None:
        if not os.path.isfile(path):
            raise HostError("host.scene_missing", f"There is no file {path}.", path=path)
        try:
            cmds.file(path, open=True, force=True)
        except RuntimeError as error:
            # A scene that was read, but not all of it (a plug-in is missing): Maya's own window tells what.
            if self.scene_path() != forward(path):
                raise HostError(
                    "host.open_failed", f"Maya cannot open {path}.", str(error).strip(), path=path
                ) from error

    # What the scene is set to

    def frame_range(self) -> FrameRange:
        first = round(float(cmds.playbackOptions(query=True, minTime=True)))
        last = round(float(cmds.playbackOptions(query=True, maxTime=True)))
        start = round(float(cmds.playbackOptions(query=True, animationStartTime=True)))
        end = round(float(cmds.playbackOptions(query=True, animationEndTime=True)))
        return FrameRange(first, last, min(start, first), max(end, last))

    def fps(self) -> tuple[int, int]:
        return rate_of(str(cmds.currentUnit(query=True, time=True)))

    def colour(self) -> Colour:
        if not cmds.colorManagementPrefs(query=True, cmEnabled=True):
            return Colour(None, None, True)
        space = str(cmds.colorManagementPrefs(query=True, renderingSpaceName=True) or "") or None
        # Maya prefers the variable to the scene's own configuration.
        config = os.environ.get("OCIO") or str(cmds.colorManagementPrefs(query=True, configFilePath=True) or "")
        if not config:
            return Colour(None, space, True)
        return Colour(forward(config), space, config.startswith(_ITS_OWN) or os.path.isfile(config))

    def resolution(self) -> Resolution:
        width, height = round(number("defaultResolution.width")), round(number("defaultResolution.height"))
        return Resolution(width, height, number("defaultResolution.pixelAspect"))

    def cameras(self) -> list[Camera]:
        return [
            Camera(
                shape,
                shape.rpartition("|")[0].rpartition("|")[2],
                flag(f"{shape}.renderable"),
                bool(cmds.camera(shape, query=True, startupCamera=True)),
            )
            for shape in sorted(names(cmds.ls(type="camera", long=True)))
        ]

    # What the scene uses and makes

    def iter_files(self) -> Iterator[UsedFile | None]:
        return files.iter_files()

    def outputs(self) -> list[Output]:
        return list(outputs.iter_outputs())

    def iter_problems(self) -> Iterator[Problem | None]:
        return problems.iter_problems()

    def selection(self) -> list[str]:
        return sorted(names(cmds.ls(selection=True, long=True)))

    def actions(self) -> dict[str, Action]:
        return actions.actions(self)

    # Pictures

    def thumbnail(self, path: str, width: int) -> None:
        if self.is_headless():
            raise Unsupported(self.label, "take a picture without a window")
        pictures.thumbnail(path, width)

    def playblast(self, path: str, first: int, last: int) -> str:
        if self.is_headless():
            raise Unsupported(self.label, "make a playblast without a window")
        return pictures.playblast(path, first, last)

    # The application

    def call_later(self, work: Callable[[], None]) -> None:
        utils.executeDeferred(work)

    def on(self, event: str, callback: Callable[[], None]) -> Callable[[], None]:
        return events.on(event, callback)

    def main_window(self) -> Any:
        if self.is_headless():
            return None
        from maya import OpenMayaUI
        from Qt import QtCompat, QtWidgets

        pointer = OpenMayaUI.MQtUtil.mainWindow()
        return QtCompat.wrapInstance(int(pointer), QtWidgets.QWidget) if pointer else None

    def capabilities(self) -> dict[str, bool]:
        window = not self.is_headless()
        return {
            "is_modified": True,
            "thumbnail": window,
            "playblast": window,
            "selection": True,
            "on.opened": True,
            "on.saved": True,
            "on.closing": True,
        }
