"""A host without an application: its scene is a dictionary, its event loop is Qt's."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from Qt import QtCore, QtWidgets

from onepiece_hosts.errors import HostError, Unsupported
from onepiece_hosts.host import Action, Camera, Colour, FrameRange, Output, Problem, Resolution, UsedFile


class _Loop(QtCore.QObject):
    """Work from any thread, run by the main one. PySide's queued signal is what carries it over."""

    put = QtCore.Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.put.connect(self._run, QtCore.Qt.ConnectionType.QueuedConnection)

    @QtCore.Slot(object)
    def _run(self, work: Callable[[], None]) -> None:
        work()


class PaperHost:
    """The scene: ``range``, ``fps``, ``files``, ``outputs``, ``problems``, ``selection``; a file of it is JSON."""

    name = "nuke"  # the worker's rules know only real ones
    label = "Paper"
    extensions: tuple[str, ...] = (".nk",)

    def __init__(self, path: str | None = None, window: Any = None, **scene: Any) -> None:
        self.path = path
        self.window = window
        self.modified: bool | None = False
        self.scene: dict[str, Any] = {
            "range": [1001, 1005, 1001, 1005],
            "fps": [24, 1],
            "files": [],
            "outputs": [],
            "problems": [],
            "selection": [],
            **scene,
        }
        self._loop = _Loop()
        self._listeners: dict[str, list[Callable[[], None]]] = {}

    def version(self) -> str:
        return "16.0v4"

    def is_headless(self) -> bool:
        return QtWidgets.QApplication.instance() is None

    def scene_path(self) -> str | None:
        return self.path

    def is_modified(self) -> bool | None:
        return self.modified

    def save(self) -> None:
        if self.path is None:
            raise HostError("host.unnamed_scene", "The scene has no file yet.", "Save it under a name first.")
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self.scene, file)
        self.modified = False
        self._tell("saved")

    def save_as(self, path: str) -> None:
        if os.path.exists(path):
            raise HostError("host.file_exists", f"There is a file {path} already.")
        self.path = path
        self.save()

    def open_scene(self, path: str) -> None:
        try:
            with open(path, encoding="utf-8") as file:
                scene = json.load(file)
        except (OSError, ValueError) as error:
            raise HostError("host.open_failed", f"{path} cannot be opened: {error}") from error
        self.scene.update(scene)
        self.path, self.modified = path, False
        self._tell("opened")

    def frame_range(self) -> FrameRange:
        return FrameRange(*self.scene["range"])

    def fps(self) -> tuple[int, int]:
        first, second = self.scene["fps"]
        return first, second

    def colour(self) -> Colour:
        return Colour("ocio://default", "ACEScg", True)

    def resolution(self) -> Resolution | None:
        return Resolution(2048, 1152)

    def cameras(self) -> list[Camera]:
        return []

    def iter_files(self) -> Iterator[UsedFile | None]:
        for path, node in self.scene["files"]:
            yield UsedFile(path, path, "image", node, node, not os.path.exists(path))

    def outputs(self) -> list[Output]:
        first, last = self.scene["range"][:2]
        return [Output("Write1", "Write1", path, "sequence", first, last) for path in self.scene["outputs"]]

    def iter_problems(self) -> Iterator[Problem | None]:
        for kind, node in self.scene["problems"]:
            yield Problem(kind, node, node)

    def selection(self) -> list[str]:
        return list(self.scene["selection"])

    def actions(self) -> dict[str, Action]:
        return {"select.nodes": self._select, "frames.set_range": self._set_range, "paper.tidy": self._tidy}

    def thumbnail(self, path: str, width: int) -> None:
        raise Unsupported(self.label, "make thumbnails")

    def playblast(self, path: str, first: int, last: int) -> str:
        raise Unsupported(self.label, "make playblasts")

    def call_later(self, work: Callable[[], None]) -> None:
        self._loop.put.emit(work)

    def on(self, event: str, callback: Callable[[], None]) -> Callable[[], None]:
        listeners = self._listeners.setdefault(event, [])
        listeners.append(callback)
        return lambda: listeners.remove(callback)

    def main_window(self) -> Any:
        return self.window

    def capabilities(self) -> dict[str, bool]:
        return {"thumbnail": False, "playblast": False}

    def _select(self, nodes: Sequence[str], _context: dict[str, Any]) -> None:
        self.scene["selection"] = list(nodes)

    def _set_range(self, _nodes: Sequence[str], context: dict[str, Any]) -> None:
        self.scene["range"] = [context[key] for key in ("first", "last", "handle_first", "handle_last")]

    def _tidy(self, nodes: Sequence[str], _context: dict[str, Any]) -> None:
        self.scene["problems"] = [one for one in self.scene["problems"] if one[1] not in nodes]

    def _tell(self, event: str) -> None:
        for callback in list(self._listeners.get(event, ())):
            callback()
