"""A small Nuke: scripts in memory, real .nk files on disk, behind names that types-nuke has."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from tests.hosts.stubs.guard import Guard, GuardedModule
from tests.hosts.stubs.nuke_script import Form, Script, ScriptNode
from tests.hosts.stubs.published import Stub, packages_folder, read_stub, read_text

# Where types-nuke 13 takes anything or lacks what Nuke has, by Foundry's Python reference.
CORRECTIONS = read_text(
    """
def allNodes(filter: Optional[str] = ..., group: Any = ..., recurseGroups: bool = ...) -> List[Node]: ...
def scriptClear() -> None: ...
def executeInMainThread(call: Callable, args: Any = ..., kwargs: Any = ...) -> None: ...
def executeInMainThreadWithResult(call: Callable, args: Any = ..., kwargs: Any = ...) -> Any: ...
def pluginAddPath(args: str, addToSysPath: bool = ...) -> None: ...
def addOnScriptLoad(call: Callable, args: Any = ..., kwargs: Any = ..., nodeClass: str = ...) -> None: ...
def addOnScriptSave(call: Callable, args: Any = ..., kwargs: Any = ..., nodeClass: str = ...) -> None: ...
class Menu:
    def addMenu(self, name: str, icon: str = ..., tooltip: str = ..., index: int = ...) -> Menu: ...
    def addSeparator(self, index: int = ...) -> Any: ...
    def addCommand(self, name: str, command: Any = ..., shortcut: str = ..., icon: str = ..., tooltip: str = ...,
        index: int = ..., readonly: bool = ..., node: Any = ..., shortcutContext: int = ...) -> Any: ...
class Knob:
    def setValue(self, val: Any, chan: int = ...) -> bool: ...
class EvalString_Knob:
    def evaluate(self, time: float = ...) -> Optional[str]: ...
class File_Knob:
    def getEvaluatedValue(self, view: str = ...) -> Optional[str]: ...
    def setValue(self, val: str, view: str = ...) -> bool: ...
    def value(self, view: str = ...) -> Optional[str]: ...
class ViewerWindow:
    def node(self) -> Viewer: ...
"""
)
# types-nuke has no nukescripts at all; OnePiece uses none of it, so all of it is refused.
NUKESCRIPTS = Stub()


class Nuke:
    """One running Nuke. ``queued`` waits for its main thread; ``shown`` is what the artist was told."""

    def __init__(self, is_gui: bool = True, is_guarded: bool = True) -> None:
        self.is_gui, self.is_guarded = is_gui, is_guarded
        self.queued: list[Callable[[], Any]] = []
        self.on_save: list[Callable[[], None]] = []
        self.on_load: list[Callable[[], None]] = []
        self.shown: list[str] = []
        self.menus: dict[str, list[tuple[str, Any]]] = {}
        self.has_viewer = is_gui
        self.formats = [Form(2048, 1556, "2K_Super_35(full-ap)"), Form(1920, 1080, "HD_1080")]
        self.script = Script(self)
        self.guard: Guard

    def modules(self) -> dict[str, types.ModuleType]:
        stub = read_stub(packages_folder("nuke-stubs") / "__init__.pyi").with_corrections(CORRECTIONS)
        classes = {
            "Node": NodeModel,
            "Root": RootModel,
            "Knob": KnobModel,
            "String_Knob": KnobModel,
            "Boolean_Knob": KnobModel,
            "Array_Knob": KnobModel,
            "Enumeration_Knob": KnobModel,
            "Format_Knob": KnobModel,
            "File_Knob": FileKnobModel,
            "Format": FormatModel,
            "Menu": MenuModel,
            "Viewer": ViewerModel,
            "ViewerWindow": ViewerWindowModel,
        }
        values = {"GUI": self.is_gui, "NUKE_VERSION_STRING": "16.0v4"}
        self.guard = Guard("nuke", stub, Functions(self), classes, values, is_on=self.is_guarded)
        return {
            "nuke": GuardedModule(self.guard),
            "nukescripts": GuardedModule(Guard("nukescripts", NUKESCRIPTS, is_on=self.is_guarded)),
        }

    def node(self, one: ScriptNode) -> Any:
        return self.guard.make("Root" if one is self.script.root else "Node", _nuke=self, _one=one)

    def form(self, one: Form) -> Any:
        return self.guard.make("Format", _form=one)

    def idle(self) -> None:
        while self.queued:
            self.queued.pop(0)()


class Functions:
    """The module's functions, as far as OnePiece asks."""

    def __init__(self, nuke: Nuke) -> None:
        self._nuke = nuke

    def root(self) -> Any:
        return self._nuke.node(self._nuke.script.root)

    def allNodes(self, recurseGroups: bool = False) -> list[Any]:
        found = self._nuke.script.nodes
        return [self._nuke.node(one) for one in found if recurseGroups or one.group is None]

    def formats(self) -> list[Any]:
        return [self._nuke.form(one) for one in self._nuke.formats]

    def addFormat(self, told: str) -> Any:
        self._nuke.formats.append(Form.told(told))
        return self._nuke.form(self._nuke.formats[-1])

    def scriptSave(self, filename: str | None = None) -> bool:
        return self._write(filename or self._nuke.script.root.values["name"])

    def scriptSaveAs(self, filename: str | None = None, overwrite: bool = False) -> None:
        assert filename
        self._write(filename)

    def _write(self, path: str) -> bool:
        for callback in list(self._nuke.on_save):
            callback()
        try:
            self._nuke.script.write(path)
        except OSError as error:
            raise RuntimeError(f"Can't write {path}: {error}") from error
        return True

    def scriptClear(self) -> None:
        self._nuke.script = Script(self._nuke)

    def scriptOpen(self, filename: str) -> None:
        self._nuke.script = Script.read(self._nuke, filename)
        for callback in list(self._nuke.on_load):
            callback()

    def activeViewer(self) -> Any:
        return self._nuke.guard.make("ViewerWindow", _nuke=self._nuke) if self._nuke.has_viewer else None

    def executeInMainThread(self, call: Any, args: Any = (), kwargs: Any = None) -> None:
        self._nuke.queued.append(lambda: call(*args, **(kwargs or {})))

    def addOnScriptSave(self, call: Any) -> None:
        self._nuke.on_save.append(call)

    def removeOnScriptSave(self, call: Any) -> None:
        self._nuke.on_save.remove(call)

    def addOnScriptLoad(self, call: Any) -> None:
        self._nuke.on_load.append(call)

    def removeOnScriptLoad(self, call: Any) -> None:
        self._nuke.on_load.remove(call)

    def menu(self, name: str) -> Any:
        return self._nuke.guard.make("Menu", _nuke=self._nuke, _name=name)

    def message(self, prompt: str) -> None:
        self._nuke.shown.append(prompt)

    def tprint(self, *told: Any) -> None:
        self._nuke.shown.append(" ".join(map(str, told)))

    def pluginAddPath(self, args: str, addToSysPath: bool = True) -> None:
        pass


class NodeModel:
    _nuke: Nuke
    _one: ScriptNode

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._one is other._one

    def __hash__(self) -> int:
        return id(self._one)

    def Class(self) -> str:
        return self._one.kind

    def name(self) -> str:
        return self._one.name

    def fullName(self) -> str:
        return self._one.full_name

    def knobs(self) -> dict[str, Any]:
        made = {}
        for name in self._one.values:
            kind = self._one.knob_class(name)
            made[name] = self._nuke.guard.make(kind, _nuke=self._nuke, _one=self._one, _name=name)
        return made

    def isSelected(self) -> bool:
        return self._one.is_selected

    def setSelected(self, selected: bool) -> None:
        self._one.is_selected = selected

    def format(self) -> Any:
        return self._nuke.form(self._nuke.script.form)


class RootModel:
    _nuke: Nuke
    _one: ScriptNode

    def name(self) -> str:
        return self._one.values["name"] or "Root"

    def modified(self) -> bool:
        return self._nuke.script.is_modified

    def firstFrame(self) -> int:
        return int(self._one.values["first_frame"])

    def lastFrame(self) -> int:
        return int(self._one.values["last_frame"])


class KnobModel:
    _nuke: Nuke
    _one: ScriptNode
    _name: str

    def value(self) -> Any:
        return self._one.values[self._name]

    def setValue(self, new: Any) -> bool:
        if self._name == "format":
            known = [one for one in self._nuke.formats if one.name == new]
            if not known:
                raise ValueError(f"no such format: {new}")
            self._nuke.script.form = known[-1]
        known_value = self._one.values[self._name]
        if isinstance(known_value, str) != isinstance(new, str):
            raise TypeError(f"{self._name} cannot be {new!r}")
        self._one.values[self._name] = new
        self._nuke.script.is_modified = True
        return bool(known_value != new)


class FileKnobModel(KnobModel):
    def value(self) -> Any:
        return self._one.values[self._name] or None

    def setValue(self, new: str) -> bool:
        self._one.values[self._name] = new
        self._nuke.script.is_modified = True
        return True

    def getEvaluatedValue(self) -> Any:
        return self._nuke.script.evaluated(self._one.values[self._name]) or None


class FormatModel:
    _form: Form

    def name(self) -> str:
        return self._form.name

    def width(self) -> int:
        return self._form.width

    def height(self) -> int:
        return self._form.height

    def x(self) -> int:
        return 0

    def y(self) -> int:
        return 0

    def r(self) -> int:
        return self._form.width

    def t(self) -> int:
        return self._form.height

    def pixelAspect(self) -> float:
        return self._form.aspect


class MenuModel:
    _nuke: Nuke
    _name: str

    def addMenu(self, name: str, **_: Any) -> Any:
        full = f"{self._name}/{name}"
        self._nuke.menus.setdefault(full, [])
        return self._nuke.guard.make("Menu", _nuke=self._nuke, _name=full)

    def addCommand(self, name: str, command: Any = None, **_: Any) -> None:
        self._nuke.menus[self._name].append((name, command))

    def addSeparator(self) -> None:
        self._nuke.menus[self._name].append(("-", None))


class ViewerModel:
    _nuke: Nuke

    def capture(self, file: str) -> None:
        from PySide6 import QtGui

        picture = QtGui.QImage(640, 360, QtGui.QImage.Format.Format_RGB32)
        picture.fill(0x405060)
        picture.save(file)


class ViewerWindowModel:
    _nuke: Nuke

    def node(self) -> Any:
        return self._nuke.guard.make("Viewer", _nuke=self._nuke)
