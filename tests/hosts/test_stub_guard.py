"""The guard of the fakes: what a host does not have fails, what it has but the fake does not model says so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.hosts.stubs.fakes_hou import Houdini
from tests.hosts.stubs.fakes_maya import Maya
from tests.hosts.stubs.fakes_nuke import Nuke
from tests.hosts.stubs.guard import Guard, GuardedModule, installed
from tests.hosts.stubs.published import read_text

STUB = read_text(
    """
from typing import overload
def one(a: int, *, b: str = ...) -> int: ...
@overload
def two(a: int) -> int: ...
@overload
def two(a: str, b: str) -> int: ...
def three() -> None: ...
VALUE: int
class Base:
    def named(self) -> str: ...
    def other(self, x: int) -> str: ...
class Derived(Base):
    KIND: int = 3
    @staticmethod
    def made() -> Derived: ...
"""
)


@pytest.fixture
def modules() -> Iterator[None]:
    fakes = {**Maya().modules(), **Nuke().modules(), **Houdini().modules()}
    with installed(fakes, "onepiece_hosts.maya"):
        yield


MAYA = [
    pytest.param("cmds.fileInfos(query=True)", AttributeError, id="unknown function"),
    pytest.param("cmds.file(query=True, scenename=True)", TypeError, id="wrong keyword"),
    pytest.param("cmds.objExists('a', 'b')", TypeError, id="too many arguments"),
    pytest.param("cmds.playbackOptions(minTime='first')", TypeError, id="wrong type of a flag"),
    pytest.param("OpenMaya.MSceneMessage.kBeforeClose", AttributeError, id="invented constant"),
    pytest.param("OpenMaya.MSceneMessage.addCallback('kAfterOpen', print)", TypeError, id="a name for a constant"),
    pytest.param("setattr(cmds, 'ours', 1)", AttributeError, id="invented attribute"),
    pytest.param("utils.executeLater(print)", AttributeError, id="unknown function of another module"),
]
NUKE = [
    pytest.param("nuke.scriptIsModified()", AttributeError, id="unknown function"),
    pytest.param("nuke.allNodes(recurse=True)", TypeError, id="wrong keyword"),
    pytest.param("nuke.addFormat()", TypeError, id="too few arguments"),
    pytest.param("nuke.root().filename()", AttributeError, id="unknown method"),
    pytest.param("setattr(nuke.root(), 'title', 'a')", AttributeError, id="invented attribute"),
    pytest.param("nuke.NUKE_VERSION", AttributeError, id="invented constant"),
    pytest.param("nuke.menu('Nuke').addCommand('a', icons='a.png')", TypeError, id="wrong keyword of a method"),
    pytest.param("nukescripts.script_version_up()", AttributeError, id="a module without a stub"),
]
HOUDINI = [
    pytest.param("hou.hipFile.saveAs('a.hip')", AttributeError, id="unknown function"),
    pytest.param("hou.hipFile.load('a.hip', suppress_prompt=True)", TypeError, id="wrong keyword"),
    pytest.param("hou.setFps()", TypeError, id="too few arguments"),
    pytest.param("hou.hipFileEventType.BeforeQuit", AttributeError, id="invented constant"),
    pytest.param("hou.root().setGenericFlag('Bypass', True)", TypeError, id="a name for a constant"),
    pytest.param("hou.root().parm('a', 'b')", TypeError, id="too many arguments of a method"),
    pytest.param("setattr(hou.root(), 'owner', 'a')", AttributeError, id="invented attribute"),
    pytest.param("hou.session.ours", AttributeError, id="a module that no stub has"),
]


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize(("mistake", "error"), [*MAYA, *NUKE, *HOUDINI])
def test_a_planted_mistake_is_caught(mistake: str, error: type[Exception]) -> None:
    names: dict[str, object] = {}
    exec("from maya import cmds, utils\nfrom maya.api import OpenMaya\nimport nuke, nukescripts, hou", names)
    with pytest.raises(error):
        eval(mistake, names)


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize(
    "real",
    [
        "cmds.polySphere(radius=2)",
        "cmds.file(exportAll=True)",
        "OpenMaya.MSceneMessage.addCheckCallback(1)",
        "nuke.undo()",
        "nuke.root().width()",
        "nuke.ALL",
        "hou.setUpdateMode",
        "hou.root().createNode('geo')",
    ],
)
def test_what_is_real_but_not_modelled_says_so(real: str) -> None:
    names: dict[str, object] = {}
    exec("from maya import cmds\nfrom maya.api import OpenMaya\nimport nuke, hou", names)
    if real == "hou.setUpdateMode":
        real += "(hou.updateMode.Manual)"
    with pytest.raises(NotImplementedError):
        eval(real, names)


def module(functions: object = None, **classes: object) -> ModuleType:
    return GuardedModule(Guard("small", STUB, functions, classes))


class Functions:
    def one(self, a: int, b: str = "") -> int:
        return a

    def two(self, *_: object) -> int:
        return 2


class Base:
    def named(self) -> str:
        return "base"


class Derived:
    @staticmethod
    def made() -> str:
        return "made"


def test_a_call_that_binds_is_carried_out() -> None:
    small = module(Functions())
    assert (small.one(3, b="x"), small.two(1), small.two("a", "b")) == (3, 2, 2)


def test_no_overload_takes_the_arguments_of_another() -> None:
    small = module(Functions())
    for wrong in ((), ("a",), (1, 2), ("a", "b", "c")):
        with pytest.raises(TypeError):
            small.two(*wrong)


def test_methods_are_inherited_and_checked() -> None:
    small = module(Base=Base, Derived=Derived)
    made = small._guard.make("Derived")
    assert (made.named(), small.Derived.made(), small.Derived.KIND) == ("base", "made", 3)
    assert isinstance(made, small.Base)
    with pytest.raises(TypeError):
        made.named(1)
    with pytest.raises(NotImplementedError):
        made.other(1)
    with pytest.raises(AttributeError):
        made.unknown  # noqa: B018 - asking is the test


def test_a_fake_may_not_invent_names() -> None:
    class Invents:
        def four(self) -> None: ...

    with pytest.raises(LookupError, match="four"):
        module(Invents())
    with pytest.raises(LookupError, match=r"Base\.four"):
        module(Base=Invents)


def test_nothing_of_a_fake_stays_behind() -> None:
    before = {name for name in sys.modules if name.partition(".")[0] in ("maya", "nuke", "hou", "hdefereval")}
    with installed(Maya().modules(), "onepiece_hosts.maya"):
        import onepiece_hosts.maya.adapter  # noqa: F401 - to be forgotten again
    after = {name for name in sys.modules if name.partition(".")[0] in ("maya", "nuke", "hou", "hdefereval")}
    assert before == after == set()
    assert not [name for name in sys.modules if name.startswith("onepiece_hosts.maya")]
