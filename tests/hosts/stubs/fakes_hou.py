"""A small Houdini: scenes in memory, files on disk, behind names that types-houdini has."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from tests.hosts.stubs.guard import Guard, GuardedModule
from tests.hosts.stubs.hip_file import TYPES, Hip, HipNode
from tests.hosts.stubs.published import packages_folder, read_stub, read_text

# Real API that types-houdini lacks. hou.session, the module of a scene's own Python, is one; OnePiece never reads it,
# so it stays unknown and every use of it is refused.
CORRECTIONS = read_text(
    """
class Parm:
    def set(self, value: int | float | str, language: Any = ..., follow_parm_reference: bool = ...) -> None: ...
"""
)
# Houdini's help on hdefereval: only with a window, safe from any thread.
HDEFEREVAL = read_text(
    """
def executeDeferred(code: Callable | str, *args: Any, **kwargs: Any) -> None: ...
def executeInMainThreadWithResult(code: Callable | str, *args: Any, **kwargs: Any) -> Any: ...
def executeDeferredAfterWaiting(code: Callable | str, num_waits: int, *args: Any, **kwargs: Any) -> None: ...
"""
)


class Houdini:
    """One running Houdini. ``queued`` waits for its main thread; ``shown`` is what the artist was told."""

    def __init__(self, has_window: bool = True, licence: str = "Commercial", is_guarded: bool = True) -> None:
        self.has_window, self.licence, self.is_guarded = has_window, licence, is_guarded
        self.hip = Hip()
        self.queued: list[Callable[[], Any]] = []
        self.callbacks: list[Callable[[Any], None]] = []
        self.shown: list[str] = []
        self.load_warning = ""  # what the next load warns of
        self.flipbook: dict[str, Any] = {}
        self.guard: Guard

    def modules(self) -> dict[str, types.ModuleType]:
        stub = read_stub(packages_folder("hou-stubs") / "__init__.pyi").with_corrections(CORRECTIONS)
        classes = {
            "hipFile": HipFile(self),
            "playbar": Playbar(self),
            "text": Text(self),
            "ui": Ui(self),
            "qt": QtModel(),
            "Color": ColorModel,
            "EnumValue": EnumModel,
            "Vector2": VectorModel,
            "NodeType": NodeTypeModel,
            "OpNodeType": OpNodeTypeModel,
            "OpNodeTypeCategory": CategoryModel,
            "HDADefinition": DefinitionModel,
            "OpNode": OpNodeModel,
            "NetworkMovableItem": ItemModel,
            "Parm": ParmModel,
            "SceneViewer": ViewerModel,
            "FlipbookSettings": FlipbookModel,
            "Error": ErrorModel,
        }
        self.guard = Guard("hou", stub, Functions(self), classes, make_value=self._enum, is_on=self.is_guarded)
        made: dict[str, types.ModuleType] = {"hou": GuardedModule(self.guard)}
        if self.has_window:
            made["hdefereval"] = GuardedModule(Guard("hdefereval", HDEFEREVAL, Deferred(self)))
        return made

    def _enum(self, owner: str, name: str) -> Any:
        return self.guard.make("EnumValue", _owner=owner, _name=name)

    def error(self, kind: str, message: str) -> Exception:
        made: Exception = self.guard.find(kind)(message)
        return made

    def node(self, one: HipNode) -> Any:
        return self.guard.make("OpNode", _houdini=self, _one=one)

    def parm(self, path: str) -> Any:
        owner, _, name = path.rpartition("/")
        if owner not in self.hip.nodes or name not in self.hip.nodes[owner].values:
            return None
        return self.guard.make("Parm", _houdini=self, _one=self.hip.nodes[owner], _name=name)

    def category(self, name: str) -> Any:
        return self.guard.make("OpNodeTypeCategory", _houdini=self, _name=name)

    def pair(self, values: tuple[float, float]) -> Any:
        return self.guard.make("Vector2", _values=values)

    def tell(self, kind: str) -> None:
        for callback in list(self.callbacks):
            callback(getattr(self.guard.find("hipFileEventType"), kind))

    def idle(self) -> None:
        while self.queued:
            self.queued.pop(0)()


class Functions:
    """The module's functions, as far as OnePiece asks."""

    def __init__(self, houdini: Houdini) -> None:
        self._houdini = houdini

    def applicationVersionString(self) -> str:
        return "21.0.512"

    def licenseCategory(self) -> Any:
        return getattr(self._houdini.guard.find("licenseCategoryType"), self._houdini.licence)

    def isUIAvailable(self) -> bool:
        return self._houdini.has_window

    def root(self) -> Any:
        return self._houdini.node(HipNode("/", "root"))

    def node(self, path: str) -> Any:
        one = self._houdini.hip.nodes.get(path)
        return self._houdini.node(one) if one else None

    def parm(self, path: str) -> Any:
        return self._houdini.parm(path)

    def selectedNodes(self) -> tuple[Any, ...]:
        return tuple(self._houdini.node(one) for one in self._houdini.hip.nodes.values() if one.is_selected)

    def clearAllSelected(self) -> None:
        for one in self._houdini.hip.nodes.values():
            one.is_selected = False

    def objNodeTypeCategory(self) -> Any:
        return self._houdini.category("Object")

    def ropNodeTypeCategory(self) -> Any:
        return self._houdini.category("Driver")

    def sopNodeTypeCategory(self) -> Any:
        return self._houdini.category("Sop")

    def lopNodeTypeCategory(self) -> Any:
        return self._houdini.category("Lop")

    def fileReferences(self) -> tuple[tuple[Any, str], ...]:
        found = self._houdini.hip.references()
        return tuple((self._houdini.parm(path) if path else None, told) for path, told in found)

    def fps(self) -> float:
        return self._houdini.hip.fps

    def setFps(self, fps: float, modify_frame_count: bool = True, preserve_keyframes: bool = False) -> None:
        self._houdini.hip.fps, self._houdini.hip.is_modified = fps, True

    def frame(self) -> float:
        return 1.0

    def intFrame(self) -> int:
        return 1


class Deferred:
    def __init__(self, houdini: Houdini) -> None:
        self._houdini = houdini

    def executeDeferred(self, code: Any, *arguments: Any, **keywords: Any) -> None:
        self._houdini.queued.append(lambda: code(*arguments, **keywords))


class HipFile:
    def __init__(self, houdini: Houdini) -> None:
        self._houdini = houdini

    def path(self) -> str:
        return self._houdini.hip.path or "/projects/untitled.hip"

    def isNewFile(self) -> bool:
        return not self._houdini.hip.path

    def hasUnsavedChanges(self) -> bool:
        return self._houdini.hip.is_modified

    def save(self, file_name: str | None = None, save_to_recent_files: bool = True) -> None:
        path = file_name or self._houdini.hip.path
        if self._houdini.licence == "Apprentice":
            path = path.rpartition(".")[0] + ".hipnc"
        try:
            self._houdini.hip.write(path)
        except OSError as error:
            raise self._houdini.error("OperationFailed", f"Unable to save: {error}") from error
        self._houdini.tell("AfterSave")

    def load(self, file_name: str, suppress_save_prompt: bool = False, ignore_load_warnings: bool = False) -> None:
        if self._houdini.hip.is_modified and not suppress_save_prompt:
            raise AssertionError("Houdini would ask, and wait")
        try:
            self._houdini.hip = Hip.read(file_name)
        except (OSError, ValueError) as error:
            raise self._houdini.error("OperationFailed", f"Unable to load: {error}") from error
        self._houdini.tell("AfterLoad")
        if self._houdini.load_warning and not ignore_load_warnings:
            raise self._houdini.error("LoadWarning", self._houdini.load_warning)

    def addEventCallback(self, callback: Any) -> None:
        self._houdini.callbacks.append(callback)

    def removeEventCallback(self, callback: Any) -> None:
        self._houdini.callbacks.remove(callback)

    def eventCallbacks(self) -> tuple[Any, ...]:
        return tuple(self._houdini.callbacks)


class Playbar:
    def __init__(self, houdini: Houdini) -> None:
        self._houdini = houdini

    def playbackRange(self) -> Any:
        return self._houdini.pair(self._houdini.hip.seen)

    def frameRange(self) -> Any:
        return self._houdini.pair(self._houdini.hip.whole)

    def setPlaybackRange(self, start: float, end: float) -> None:
        self._houdini.hip.seen, self._houdini.hip.is_modified = (start, end), True

    def setFrameRange(self, start: float, end: float) -> None:
        self._houdini.hip.whole, self._houdini.hip.is_modified = (start, end), True


class Text:
    def __init__(self, houdini: Houdini) -> None:
        self._houdini = houdini

    def expandString(self, told: str) -> str:
        return self._houdini.hip.expanded(told)


class Ui:
    def __init__(self, houdini: Houdini) -> None:
        self._houdini = houdini

    def paneTabOfType(self, type: Any, index: int = 0) -> Any:  # noqa: A002 - hou's name
        return self._houdini.guard.make("SceneViewer", _houdini=self._houdini) if self._houdini.has_window else None

    def displayMessage(self, text: str, **_: Any) -> int:
        self._houdini.shown.append(text)
        return 0

    def setStatusMessage(self, message: str, **_: Any) -> None:
        self._houdini.shown.append(message)


class QtModel:
    def mainWindow(self) -> Any:
        return None  # no Qt window here


class ErrorModel:
    def instanceMessage(self) -> str:
        return str(self.args[0])  # type: ignore[attr-defined]


class ColorModel:
    @staticmethod
    def ocio_configPath() -> str:
        return ""


class EnumModel:
    _owner: str
    _name: str

    def name(self) -> str:
        return self._name


class VectorModel:
    _values: tuple[float, float]

    def __getitem__(self, index: int) -> float:
        return self._values[index]


class DefinitionModel:
    _one: HipNode

    def libraryFilePath(self) -> str:
        return self._one.library or "Embedded"


class CategoryModel:
    _houdini: Houdini
    _name: str

    def nodeTypes(self) -> dict[str, Any]:
        found = [kind for kind, (category, _) in TYPES.items() if category == self._name]
        return {kind: self._houdini.guard.make("OpNodeType", _houdini=self._houdini, _name=kind) for kind in found}


class NodeTypeModel:
    _houdini: Houdini
    _name: str
    _one: HipNode | None = None

    def name(self) -> str:
        return self._name

    def nameComponents(self) -> tuple[str, str, str, str]:
        parts = self._name.split("::")
        version = parts.pop() if len(parts) > 1 and parts[-1][0].isdigit() else ""
        return "", parts[0] if len(parts) > 1 else "", parts[-1], version


class OpNodeTypeModel(NodeTypeModel):
    def definition(self) -> Any:
        has_one = self._one is not None and self._one.library is not None
        return self._houdini.guard.make("HDADefinition", _one=self._one) if has_one else None

    def instances(self) -> tuple[Any, ...]:
        return tuple(self._houdini.node(one) for one in self._houdini.hip.nodes.values() if one.kind == self._name)


class ItemModel:
    _houdini: Houdini
    _one: HipNode

    def path(self) -> str:
        return self._one.path

    def name(self) -> str:
        return self._one.path.rpartition("/")[2]


class OpNodeModel(ItemModel):
    def type(self) -> Any:
        return self._houdini.guard.make("OpNodeType", _houdini=self._houdini, _name=self._one.kind, _one=self._one)

    def children(self) -> tuple[Any, ...]:
        return tuple(self._houdini.node(one) for one in self._houdini.hip.children(self._one.path))

    def warnings(self) -> tuple[str, ...]:
        return self._one.warnings

    def errors(self) -> tuple[str, ...]:
        return ()

    def isInsideLockedHDA(self) -> bool:
        return self._one.is_locked_inside

    def parm(self, name: str) -> Any:
        return self._houdini.parm(f"{self._one.path}/{name}")

    def isGenericFlagSet(self, flag: Any) -> bool:
        return self._one.is_bypassed

    def setGenericFlag(self, flag: Any, value: bool) -> None:
        self._one.is_bypassed = value

    def setSelected(self, on: bool, **_: Any) -> None:
        self._one.is_selected = on


class ParmModel:
    _houdini: Houdini
    _one: HipNode
    _name: str

    def __bool__(self) -> bool:
        return True

    def path(self) -> str:
        return f"{self._one.path}/{self._name}"

    def name(self) -> str:
        return self._name

    def node(self) -> Any:
        return self._houdini.node(self._one)

    def unexpandedString(self) -> str:
        return str(self._one.values[self._name])

    def evalAsString(self) -> str:
        return self._houdini.hip.expanded(str(self._one.values[self._name]))

    def evalAsFloat(self) -> float:
        return float(self._one.values[self._name])

    def set(self, value: Any) -> None:
        self._one.values[self._name] = value
        self._houdini.hip.is_modified = True


class ViewerModel:
    _houdini: Houdini

    def curViewport(self) -> Any:
        return self._houdini.guard.make("GeometryViewport")

    def flipbookSettings(self) -> Any:
        return self._houdini.guard.make("FlipbookSettings", _told={})

    def flipbook(self, viewport: Any, settings: Any) -> None:
        self._houdini.flipbook = settings._told
        with open(settings._told["output"], "wb") as file:
            file.write(b"a picture")


class FlipbookModel:
    _told: dict[str, Any]

    def stash(self) -> Any:
        return self

    def output(self, value: str) -> None:
        self._told["output"] = value

    def outputToMPlay(self, value: bool) -> None:
        self._told["to_mplay"] = value

    def frameRange(self, value: Any) -> None:
        self._told["frames"] = value

    def useResolution(self, value: bool) -> None:
        self._told["use_resolution"] = value

    def resolution(self, value: Any) -> None:
        self._told["resolution"] = value
