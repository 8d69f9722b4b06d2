"""What is exported can be read by whoever reads it, whatever tools and menus are called."""

from __future__ import annotations

import ast
import re
import sys
import types
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from onepiece_shelves import export_blender, export_houdini, export_maya, export_nuke
from onepiece_shelves.calls import call_of
from onepiece_shelves.load import load_tools
from onepiece_shelves.model import HOSTS, Shelves, Tool
from onepiece_shelves.pictures import ICONS, Look
from tests.hosts.stubs.guard import Guard, GuardedModule
from tests.hosts.stubs.published import packages_folder, read_stub

NAMES = [
    "Publish...",
    'say "hi"',
    "it's",
    "<b>&amp;</b>",
    "]]>",
    "back\\slash",
    "ends in \\",
    'quote then \\"',
    "${HOME} $x `ls` %s {0}",
    "*/ // /* #",
    '"; system("rm -rf ~"); "',
    "Veröffentlichen",
    "公開 🎬",
    "Import/Export",
    "x" * 300,
]
# Refused by the validator; an exporter that gets them all the same still writes what can be read.
UNSEEN = ["two\nlines", "bell\x07", "tab\there", "\ufffe", "lone \ud800"]


def shelves_of(name: str) -> Shelves:
    tools = [
        Tool("first", "First", "studio.tools:first", menu=name, shelf=name),
        Tool("odd", name, "studio.tools:odd", tooltip=name, menu=name, shelf=name, starts_group=True, icon="publish"),
    ]
    return Shelves(tuple(tools))


def mel_strings(text: str) -> list[str]:
    """The strings of a MEL script, in order; what stands between them has no quote."""
    found, at = [], 0
    for match in re.finditer(r'"((?:[^"\\\n]|\\["\\nrt])*)"', text):
        assert '"' not in text[at : match.start()]
        assert "\\" not in text[at : match.start()]
        found.append(
            re.sub(r'\\(["\\nrt])', lambda one: {"n": "\n", "r": "\r", "t": "\t"}.get(one[1], one[1]), match[1])
        )
        at = match.end()
    assert '"' not in text[at:]
    return found


@pytest.mark.parametrize("name", NAMES + UNSEEN[:3])
def test_a_maya_shelf_keeps_names_as_they_are(name: str):
    ((file, text),) = export_maya.export(shelves_of(name)).items()
    assert re.fullmatch(r"shelf_[A-Za-z0-9_]+\.mel", file)
    assert text.startswith(f"global proc {file.removesuffix('.mel')} () {{\n")
    strings = mel_strings(text)
    shown = name.replace("\x07", " ")
    assert strings.count(shown) == 2  # label and annotation
    assert call_of(shelves_of(name).tools[1], "maya") in strings
    assert text.count("{") - name.count("{") * 2 == 1  # nothing but the procedure opens a block


def test_two_shelves_never_share_a_file_in_maya():
    tools = [Tool(f"t{number}", "T", "a:b", shelf=shelf) for number, shelf in enumerate(["A b", "A-b", "A_b"])]
    assert list(export_maya.export(Shelves(tuple(tools)))) == ["shelf_A_b.mel", "shelf_A_b_2.mel", "shelf_A_b_3.mel"]


@pytest.mark.parametrize("name", NAMES + UNSEEN)
def test_a_houdini_shelf_keeps_names_as_they_are(name: str):
    files = export_houdini.export(shelves_of(name))
    shown = name if name in NAMES else re.sub(r"[\n\t\x07\ufffe\ud800]", " ", name)
    shelf = ElementTree.fromstring(files["toolbar/onepiece.shelf"].encode())
    assert [one.get("label") for one in shelf.iter("toolshelf")] == [shown]
    assert [one.get("name") for one in shelf.iter("memberTool")] == ["onepiece_first", "onepiece_odd"]
    assert [one.get("label") for one in shelf.iter("tool")] == ["First", shown]
    assert [one.text for one in shelf.iter("helpText")] == [None, shown]
    scripts = [one.text for one in shelf.iter("script")]
    assert [ast.parse(script or "") and script for script in scripts] == [
        call_of(tool, "houdini") for tool in shelves_of(name).tools
    ]
    menu = ElementTree.fromstring(files["MainMenuCommon.xml"].encode())
    assert [one.text for one in menu.iter("label")] == [shown, "First", shown]
    assert [one.tag for one in menu.find("menuBar/subMenu") or []][2:] == ["scriptItem", "separatorItem", "scriptItem"]


class Menus:
    """What a Nuke has of menus."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.commands: list[tuple[str, str, dict[str, Any]]] = []
        self.gaps = 0


def nuke_with(menus: Menus) -> types.ModuleType:
    class Menu:
        def addMenu(self, name: str) -> Any:
            menus.made.append((self._name, name))
            return guard.make("Menu", _name=name)

        def addCommand(self, name: str, command: str, **options: Any) -> None:
            menus.commands.append((name, command, options))

        def addSeparator(self) -> None:
            menus.gaps += 1

    class Functions:
        def menu(self, name: str) -> Any:
            return guard.make("Menu", _name=name)

    stub = read_stub(packages_folder("nuke-stubs") / "_nuke.pyi")
    guard = Guard("nuke", stub, Functions(), {"Menu": Menu})
    return GuardedModule(guard)


@pytest.mark.parametrize("name", NAMES + UNSEEN)
def test_a_nuke_menu_keeps_names_as_they_are(name: str):
    ((file, text),) = export_nuke.export(shelves_of(name)).items()
    menus = Menus()
    space: dict[str, Any] = {"__name__": file}
    sys.modules["nuke"] = nuke_with(menus)
    try:
        exec(compile(text, file, "exec"), space)
        space["build"]()
    finally:
        del sys.modules["nuke"]
    shown = name.replace("/", "\u2215")  # a slash would open a menu below
    assert menus.made == [("Nuke", shown), ("Nodes", shown)]
    assert [command[0] for command in menus.commands] == ["First", shown] * 2
    assert menus.commands[1][1] == call_of(shelves_of(name).tools[1], "nuke")
    assert menus.commands[1][2] == {"icon": f"{ICONS}/publish_dark_32.png", "tooltip": name}
    assert menus.gaps == 2


@pytest.mark.parametrize("name", NAMES + UNSEEN)
def test_a_blender_menu_keeps_names_as_they_are(name: str):
    ((file, text),) = export_blender.export(shelves_of(name)).items()
    tree = ast.parse(text, file)
    tables = {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    (menu,) = tables["MENUS"]
    assert menu[0] == name
    assert [tool["label"] for tool in menu[1]] == ["First", name]
    assert tables["SHELVES"] == tables["MENUS"]


def test_the_menu_of_the_add_on_is_not_drawn_twice_in_blender():
    assert export_blender.menu_data(load_tools())["menus"] == []


@pytest.mark.parametrize("host", HOSTS)
def test_what_a_button_does_is_one_line_of_ascii(host: str):
    for tool in load_tools().tools:
        line = call_of(tool, host)
        ast.parse(line)
        assert line.isascii()
        assert "\n" not in line


def test_our_pictures_may_be_named_where_the_export_is_used():
    look = Look("light", "C:/hosts/icons")
    text = export_houdini.export(load_tools(), look)["toolbar/onepiece.shelf"]
    icons = [one.get("icon") for one in ElementTree.fromstring(text).iter("tool")]
    assert icons == [f"C:/hosts/icons/{name}_light_32.png" for name in ("publish", "open_shot", "save_next")]
    assert Look().picture("nobody") is None
    assert Look().picture(None) is None


def test_a_host_without_shelves_gets_files_that_are_sound(tmp_path: Path):
    nothing = Shelves(())
    assert export_maya.export(nothing) == {}
    for text in export_houdini.export(nothing).values():
        ElementTree.fromstring(text)
    for exporter in (export_nuke, export_blender):
        for name, text in exporter.export(nothing).items():
            compile(text, name, "exec")
