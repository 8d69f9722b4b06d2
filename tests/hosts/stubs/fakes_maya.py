"""A small Maya: scenes in memory, real .ma files on disk, behind names that maya-stubs has."""

from __future__ import annotations

import os
import types
from collections.abc import Callable
from typing import Any

from tests.hosts.stubs.guard import Guard, GuardedModule, package
from tests.hosts.stubs.maya_scene import MayaScene, Node
from tests.hosts.stubs.published import packages_folder, read_stub, read_text

# Where maya-stubs is wrong or lacks what Maya has.
CORRECTIONS = read_text(
    """
# The stub says ``*args: str``; the command takes values of the attribute's type.
def setAttr(*args: Any, edit: bool = ..., type: str = ..., lock: bool = ..., clamp: bool = ...) -> bool: ...
"""
)
# The stub's ``*args: Unknown`` of the API classes, by the documentation of maya.api.OpenMaya and MQtUtil.
API_CORRECTIONS = read_text(
    """
class MSceneMessage:
    @staticmethod
    def addCallback(message: int, function: Callable, clientData: Any = ..., /) -> int: ...
class MMessage:
    @staticmethod
    def removeCallback(id: int, /) -> None: ...
"""
)
UTILS_CORRECTIONS = read_text(
    "def executeDeferred(function: Callable | str, /, *args: Any, **kwargs: Any) -> None: ..."
)
MEL_CORRECTIONS = read_text("def eval(command: str, /) -> Any: ...")
UI_CORRECTIONS = read_text(
    """
class MQtUtil:
    @staticmethod
    def mainWindow() -> Any: ...
"""
)
_RATES = {"game", "film", "pal", "ntsc", "show", "palf", "ntscf", "sec", "millisec", "min", "hour"}
_RATES |= {f"{rate}fps" for rate in ("2", "12", "40", "100", "120", "23.976", "29.97", "47.952", "59.94", "119.88")}


class Maya:
    """One running Maya. ``deferred`` is what waits for it to be idle; ``shown`` what the artist was told."""

    def __init__(self, is_batch: bool = False, is_guarded: bool = True) -> None:
        self.is_batch, self.is_guarded = is_batch, is_guarded
        self.scene = MayaScene()
        self.deferred: list[Callable[[], Any]] = []
        self.callbacks: dict[int, tuple[int, Callable[..., Any]]] = {}
        self.shown: list[str] = []
        self.menus: dict[str, list[dict[str, Any]]] = {}
        self.project = ""

    def modules(self) -> dict[str, types.ModuleType]:
        folder = packages_folder("maya-stubs")
        commands = read_stub(folder / "cmds" / "__init__.pyi").with_corrections(CORRECTIONS)
        api = read_stub(folder / "api" / "OpenMaya.pyi").with_corrections(API_CORRECTIONS)
        utils = read_stub(folder / "utils.pyi").with_corrections(UTILS_CORRECTIONS)
        ui = read_stub(folder / "OpenMayaUI.pyi").with_corrections(UI_CORRECTIONS)
        mel = read_stub(folder / "mel" / "__init__.pyi").with_corrections(MEL_CORRECTIONS)
        scene = {"MSceneMessage": SceneMessage(self), "MMessage": Message(self)}
        on = self.is_guarded
        made: dict[str, types.ModuleType] = {
            guard.name: GuardedModule(guard)
            for guard in (
                Guard("maya.cmds", commands, Commands(self), is_on=on),
                Guard("maya.utils", utils, Utils(self), is_on=on),
                Guard("maya.mel", mel, Mel(), is_on=on),
                Guard("maya.OpenMayaUI", ui, classes={"MQtUtil": QtUtil()}, is_on=on),
                Guard("maya.api.OpenMaya", api, classes=scene, is_on=on),
            )
        }
        made["maya.api"] = package("maya.api", OpenMaya=made["maya.api.OpenMaya"])
        made["maya"] = package(
            "maya",
            cmds=made["maya.cmds"],
            mel=made["maya.mel"],
            utils=made["maya.utils"],
            api=made["maya.api"],
            OpenMayaUI=made["maya.OpenMayaUI"],
        )
        return made

    def tell(self, message: int) -> None:
        for wanted, callback in list(self.callbacks.values()):
            if wanted == message:
                callback(None)

    def idle(self) -> None:
        while self.deferred:
            self.deferred.pop(0)()


AFTER_OPEN, AFTER_SAVE, EXITING = 6, 13, 30


class Utils:
    def __init__(self, maya: Maya) -> None:
        self._maya = maya

    def executeDeferred(self, function: Any, *arguments: Any, **keywords: Any) -> None:
        self._maya.deferred.append(lambda: function(*arguments, **keywords))


class Mel:
    def eval(self, command: str) -> Any:
        if "$gMainWindow" in command:
            return "MayaWindow"
        raise NotImplementedError(command)


class QtUtil:
    def mainWindow(self) -> Any:
        return None  # no Qt window here


class SceneMessage:
    def __init__(self, maya: Maya) -> None:
        self._maya = maya

    def addCallback(self, message: int, function: Any, clientData: Any = None) -> int:
        number = max(self._maya.callbacks, default=0) + 1
        self._maya.callbacks[number] = (message, function)
        return number


class Message:
    def __init__(self, maya: Maya) -> None:
        self._maya = maya

    def removeCallback(self, number: int) -> None:
        del self._maya.callbacks[number]


class Commands:
    """maya.cmds, as far as OnePiece asks."""

    def __init__(self, maya: Maya) -> None:
        self._maya = maya

    @property
    def _scene(self) -> MayaScene:
        return self._maya.scene

    def about(self, **flags: bool) -> Any:
        known = {"version": "2026", "batch": self._maya.is_batch}
        return known[_only(flags)]

    # Files

    def file(self, *paths: str, query: bool = False, **flags: Any) -> Any:
        if query:
            known = {"sceneName": self._scene.path, "modified": self._scene.is_modified}
            return known[_only(flags)]
        for name in ("rename", "save", "open", "newFile", "loadReference", "unloadReference"):
            if name in flags:
                return getattr(self, f"_{name}")(*paths, **flags)
        raise NotImplementedError(f"file {flags}")

    def _rename(self, rename: str) -> str:
        self._scene.path, self._scene.is_modified = rename, True
        return rename

    def _save(self, save: bool, type: str, force: bool = False) -> str:  # noqa: A002 - the command's flag
        if type == "mayaBinary" or self._scene.of_type("unknown"):
            raise RuntimeError(f"this scene cannot be saved as {type}")
        try:
            self._scene.write()
        except OSError as error:
            raise RuntimeError(f"The file could not be written: {error}") from error
        self._maya.tell(AFTER_SAVE)
        return self._scene.path

    def _open(self, path: str, open: bool, force: bool = False) -> str:  # noqa: A002
        if self._scene.is_modified and not force:
            raise RuntimeError("Unsaved changes.")
        self._maya.scene = MayaScene()
        self._maya.scene = MayaScene.read(path)
        self._maya.tell(AFTER_OPEN)
        return path

    def _newFile(self, newFile: bool, force: bool = False) -> str:
        self._maya.scene = MayaScene()
        return "untitled"

    def _loadReference(self, loadReference: str) -> str:
        node = self._scene.get(loadReference)
        if not os.path.isfile(node.values["path"]):
            raise RuntimeError(f"Could not open file: {node.values['path']}")
        node.values["loaded"] = True
        return node.values["path"]

    def _unloadReference(self, unloadReference: str) -> str:
        self._scene.get(unloadReference).values["loaded"] = False
        return unloadReference

    def filePathEditor(self, **flags: Any) -> Any:
        if "refresh" in flags:
            return True
        listed = [(plug, path) for plug, path in self._scene.files()]
        if "listDirectories" in flags:
            return sorted({os.path.dirname(path) for _, path in listed}) or None
        folder = flags["listFiles"]
        pairs = [(os.path.basename(path), plug) for plug, path in listed if os.path.dirname(path) == folder]
        return [one for pair in pairs for one in (pair if flags.get("withAttribute") else pair[:1])] or None

    def referenceQuery(self, node: str, **flags: bool) -> Any:
        found = self._scene.get(node)
        if "path" not in found.values:
            raise RuntimeError(f"Reference node '{node}' is not associated with a reference file.")
        return found.values["loaded"] if "isLoaded" in flags else found.values["path"]

    def workspace(self, query: bool, rootDirectory: bool) -> str:
        return self._maya.project

    # Nodes

    def ls(self, *names: str, **flags: Any) -> Any:
        scene = self._scene
        if flags.get("selection"):
            return [scene.long_name(name) for name in scene.selection]
        kinds = flags.get("type", flags.get("exactType"))
        found = scene.of_type(kinds)
        return [scene.long_name(name) for name in found] if flags.get("long") else found

    def nodeType(self, name: str) -> str:
        return self._scene.get(name).kind

    def objExists(self, name: str) -> bool:
        return self._scene.find(name) is not None

    def unknownNode(self, name: str, query: bool, plugin: bool) -> str:
        return self._scene.get(name).values.get("plugin", "")

    def camera(self, name: str, query: bool, startupCamera: bool) -> bool:
        return bool(self._scene.get(name).values.get("startup"))

    def select(self, *names: str, replace: bool = False, clear: bool = False, noExpand: bool = False) -> None:
        if not names and not clear:
            raise TypeError("nothing to select")
        for name in names:
            self._scene.get(name)
        self._scene.selection = [] if clear else [name.rpartition("|")[2] for name in names]

    def getAttr(self, plug: str) -> Any:
        node, _, attribute = plug.partition(".")
        values = self._scene.get(node).values
        if attribute not in values:
            raise ValueError(f"No object matches name: {plug}")
        return values[attribute]

    def setAttr(self, plug: str, value: Any, type: str | None = None) -> None:  # noqa: A002
        self.getAttr(plug)
        if isinstance(value, str) != (type == "string"):
            raise RuntimeError(f"Error reading data element number 1: {value}")
        node, _, attribute = plug.partition(".")
        self._scene.put(node, attribute, value)

    # Settings

    def currentUnit(self, query: bool = False, time: Any = None, updateAnimation: bool = True) -> Any:
        if query:
            return self._scene.unit
        if time not in _RATES:
            raise RuntimeError(f"Invalid time unit: {time}")
        self._scene.unit, self._scene.is_modified = time, True
        return None

    def playbackOptions(self, query: bool = False, edit: bool = False, **flags: Any) -> Any:
        if query:
            return float(self._scene.playback[_only(flags)])
        self._scene.playback.update(flags)
        self._scene.is_modified = True
        return None

    def currentTime(self, query: bool) -> float:
        return 1.0

    def colorManagementPrefs(self, query: bool, **flags: bool) -> Any:
        return self._scene.colour[_only(flags)]

    def renderSettings(self, **flags: Any) -> list[str]:
        frame = flags.get("genericFrameImageName", "0001")
        scene = os.path.splitext(os.path.basename(self._scene.path))[0] or "untitled"
        return [f"{self._maya.project or '/projects/default'}/images/{scene}.{frame}.exr"]

    # Pictures, windows

    def playblast(self, **flags: Any) -> str:
        path = flags.get("completeFilename") or f"{flags['filename']}.mov"
        with open(path, "wb") as file:
            file.write(b"a picture")
        return path

    def menu(self, *names: str, **flags: Any) -> Any:
        if flags.get("exists"):
            return names[0] in self._maya.menus
        self._maya.menus[names[0]] = []
        return names[0]

    def menuItem(self, *names: str, **flags: Any) -> str:
        self._maya.menus[flags["parent"]].append(flags)
        return "menuItem"

    def deleteUI(self, name: str, **flags: Any) -> None:
        del self._maya.menus[name]

    def evalDeferred(self, work: Any, **flags: Any) -> None:
        self._maya.deferred.append(work)

    def inViewMessage(self, **flags: Any) -> bool:
        self._maya.shown.append(flags["statusMessage"])
        return True

    def confirmDialog(self, **flags: Any) -> str:
        self._maya.shown.append(flags["message"])
        return "OK"

    def warning(self, text: str) -> bool:
        self._maya.shown.append(text)
        return True


def _only(flags: dict[str, Any]) -> str:
    """The one flag that is asked for."""
    (name,) = [name for name, value in flags.items() if value]
    return name


__all__ = ["Maya", "Node"]
