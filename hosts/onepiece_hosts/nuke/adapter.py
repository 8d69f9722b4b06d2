"""Nuke as a Host."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import nuke

from onepiece_hosts import quitting
from onepiece_hosts.errors import HostError, Unsupported
from onepiece_hosts.host import Action, Camera, Colour, FrameRange, Output, Problem, Resolution, UsedFile
from onepiece_hosts.nuke import actions, events, files, outputs, pictures, problems
from onepiece_hosts.nuke.knobs import evaluated, every_node, find, text, value
from onepiece_hosts.patterns import forward
from onepiece_hosts.rates import exact

# What the root is called while its script has no file.
_UNSAVED = ("", "Root", "root")
_CAMERAS = ("Camera", "Camera2", "Camera3", "Camera4")
_WINDOW = "Foundry::UI::DockMainWindow"


class NukeHost:
    """The Host protocol over the nuke module."""

    name = "nuke"
    label = "Nuke"
    extensions: tuple[str, ...] = (".nk",)

    def version(self) -> str:
        return str(nuke.NUKE_VERSION_STRING)

    def is_headless(self) -> bool:
        return not nuke.GUI

    # The scene file

    def scene_path(self) -> str | None:
        name = nuke.root().name()
        return None if name in _UNSAVED else forward(os.path.abspath(name))

    def is_modified(self) -> bool | None:
        return bool(nuke.root().modified())

    def save(self) -> None:
        path = self.scene_path()
        if path is None:
            raise HostError("host.unnamed_scene", "The script has no file yet.", "Save it under a name first.")
        self._write(lambda: nuke.scriptSave(path), path)

    def save_as(self, path: str) -> None:
        if os.path.lexists(path):
            raise HostError("host.file_exists", f"{path} is there already.", "Nothing was overwritten.", path=path)
        # Nobody is asked: that there is no such file was found out above.
        self._write(lambda: nuke.scriptSaveAs(path, overwrite=1), path)

    def _write(self, write: Callable[[], Any], path: str) -> None:
        try:
            write()
        except RuntimeError as error:
            raise HostError("host.save_failed", f"Nuke cannot save {path}.", str(error).strip(), path=path) from error
        if not os.path.isfile(path) or self.scene_path() != path:
            raise HostError("host.save_failed", f"Nuke did not save {path}.", path=path)

    def open_scene(self, path: str) -> None:
        if not os.path.isfile(path):
            raise HostError("host.scene_missing", f"There is no file {path}.", path=path)
        try:
            # A script that is open and changed would make Nuke start another window.
            nuke.scriptClear()
            nuke.scriptOpen(path)
        except RuntimeError as error:
            raise HostError("host.open_failed", f"Nuke cannot open {path}.", str(error).strip(), path=path) from error

    # What the scene is set to

    def frame_range(self) -> FrameRange:
        first, last = int(nuke.root().firstFrame()), int(nuke.root().lastFrame())
        return FrameRange(first, last, first, last)

    def fps(self) -> tuple[int, int]:
        return exact(float(value(nuke.root(), "fps", 24.0)))

    def colour(self) -> Colour:
        root = nuke.root()
        space = text(root, "workingSpaceLUT") or None
        if text(root, "colorManagement") != "OCIO":
            return Colour(None, space, True)
        # Nuke prefers the variable to the script's own configuration.
        config = os.environ.get("OCIO") or text(root, "OCIO_config")
        if config == "custom":
            config = files.absolute(evaluated(find(root, "customOCIOConfigPath")), files.project_folder())
        is_file = "/" in forward(config) and not config.startswith("ocio://")
        return Colour(forward(config) or None, space, os.path.isfile(config) if is_file else bool(config))

    def resolution(self) -> Resolution:
        form = nuke.root().format()
        return Resolution(form.width(), form.height(), form.pixelAspect())

    def cameras(self) -> list[Camera]:
        return [
            Camera(node.fullName(), node.name(), not value(node, "disable", False), False)
            for node in sorted(every_node(), key=lambda node: node.fullName())
            if node.Class() in _CAMERAS
        ]

    # What the scene uses and makes

    def iter_files(self) -> Iterator[UsedFile | None]:
        return files.iter_files()

    def outputs(self) -> list[Output]:
        return list(outputs.iter_outputs())

    def iter_problems(self) -> Iterator[Problem | None]:
        return problems.iter_problems()

    def selection(self) -> list[str]:
        return sorted(node.fullName() for node in every_node() if node.isSelected())

    def actions(self) -> dict[str, Action]:
        return actions.actions(self)

    # Pictures

    def thumbnail(self, path: str, width: int) -> None:
        if self.is_headless():
            raise Unsupported(self.label, "take a picture without a window")
        pictures.thumbnail(path, width)

    def playblast(self, path: str, first: int, last: int) -> str:  # noqa: ARG002 - the protocol's
        raise Unsupported(self.label, "make a playblast: its Write nodes make movies")

    # The application

    def call_later(self, work: Callable[[], None]) -> None:
        nuke.executeInMainThread(work)

    def on(self, event: str, callback: Callable[[], None]) -> Callable[[], None]:
        # Without a window nothing turns Nuke's loop: told a moment too early is better than never.
        return events.on(event, callback, _at_once if self.is_headless() else self.call_later)

    def main_window(self) -> Any:
        if self.is_headless():
            return None
        from Qt import QtWidgets

        windows = QtWidgets.QApplication.topLevelWidgets()
        return next((one for one in windows if one.metaObject().className() == _WINDOW), None)

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


def _at_once(work: Callable[[], None]) -> None:
    work()
