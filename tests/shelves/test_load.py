"""Files of a studio and a show, merged over our own tools; hostile ones harm nobody."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from onepiece_shelves.load import OURS, files_of_session, load_tools
from onepiece_shelves.model import HOSTS, Finding, Shelves, Tool
from onepiece_shelves.pictures import SIZES, THEMES, find_picture
from onepiece_shelves.read import LARGEST_BYTES
from onepiece_shelves.validate import MOST_FINDINGS

SCHEMA = "onepiece.shelves.1"
DAILIES = {"id": "dailies", "label": "Dailies", "command": "studio.dailies:main", "menu": "Studio"}


def write(path: Path, told: Any = None, **more: Any) -> str:
    """A file of tools."""
    path.write_text(json.dumps(told if told is not None else {"schema": SCHEMA, **more}), encoding="utf-8")
    return str(path)


def ids(shelves: Shelves) -> list[str]:
    return [tool.id for tool in shelves.tools]


def get(shelves: Shelves, name: str) -> Tool:
    return next(tool for tool in shelves.tools if tool.id == name)


def test_our_own_tools_are_sound_and_stand_in_every_host():
    shelves = load_tools()
    assert shelves.findings == ()
    assert ids(shelves) == ["publish", "open_shot", "save_next", "recover", "about"]
    for host in HOSTS:
        assert [tool.id for tool in shelves.menus(host)["OnePiece"]] == ids(shelves)
        assert [tool.id for tool in shelves.shelves(host)["OnePiece"]] == ["publish", "open_shot", "save_next"]


def test_our_own_tools_have_pictures_for_every_window_and_size():
    for tool in load_tools().tools:
        for theme in THEMES:
            for size in SIZES:
                assert tool.icon is not None
                assert find_picture(tool.icon, theme=theme, size=size)


def test_our_own_commands_are_there():
    from onepiece_shelves.calls import find_command

    assert all(callable(find_command(tool.command)) for tool in load_tools().tools)


def test_a_show_is_stronger_than_a_studio_and_both_than_we(tmp_path: Path):
    studio = write(
        tmp_path / "studio.json",
        tools=[DAILIES, {"id": "publish", "label": "Freeze", "tooltip": "Studio's"}],
        hide=["about"],
        order=["recover", "open_shot"],
    )
    show = write(tmp_path / "show.json", tools=[{"id": "publish", "label": "Publish to FG"}], order=["dailies"])
    shelves = load_tools([studio, show])
    assert shelves.findings == ()
    assert ids(shelves) == ["dailies", "recover", "open_shot", "publish", "save_next"]
    publish = get(shelves, "publish")
    assert (publish.label, publish.tooltip, publish.icon, publish.file) == (
        "Publish to FG",
        "Studio's",
        "publish",
        show,
    )


def test_a_hidden_tool_comes_back_when_a_stronger_file_names_it(tmp_path: Path):
    studio = write(tmp_path / "studio.json", hide=["about"])
    show = write(tmp_path / "show.json", tools=[{"id": "about"}])
    assert "about" not in ids(load_tools([studio]))
    assert "about" in ids(load_tools([studio, show]))


def test_a_tool_may_be_taken_off_its_menu_and_out_of_hosts(tmp_path: Path):
    file = write(tmp_path / "show.json", tools=[{"id": "recover", "menu": None, "hosts": ["nuke", "nuke"]}])
    shelves = load_tools([file])
    assert get(shelves, "recover").hosts == ("nuke",)
    assert all("recover" not in [tool.id for tool in shelves.menus(host)["OnePiece"]] for host in HOSTS)


def test_a_studios_icon_lies_beside_its_file(tmp_path: Path):
    (tmp_path / "icons").mkdir()
    (tmp_path / "icons" / "dailies.PNG").write_bytes(b"png")
    tools = [{**DAILIES, "icon": "icons/dailies.PNG"}, {"id": "publish", "icon": "icons/gone.svg"}]
    shelves = load_tools([write(tmp_path / "studio.json", tools=tools)])
    assert get(shelves, "dailies").icon == str(tmp_path / "icons" / "dailies.PNG")
    assert get(shelves, "publish").icon is None
    assert [(one.path, one.severity) for one in shelves.findings] == [("tools[1].icon", "warning")]


BROKEN = {
    "nothing": b"",
    "no JSON": b"{tools: []}",
    "half": b'{"schema": "onepiece.shelves.1", "tools": [{"id"',
    "no UTF-8": b'{"schema": "\xff\xfe"}',
    "a list": b"[]",
    "null": b"null",
    "a number": b"1" * 5000,
    "another schema": b'{"schema": "onepiece.shelves.9"}',
    "too deep": b'{"schema": ' * 100_000,
    "deep lists": b"[" * 100_000,
    "not a number": b'{"schema": "onepiece.shelves.1", "tools": [NaN]}',
    "twice the same key": b'{"schema": "onepiece.shelves.1", "schema": "onepiece.shelves.1"}',
    "too large": b" " * (LARGEST_BYTES + 1),
    "tools is text": b'{"schema": "onepiece.shelves.1", "tools": "publish"}',
    "hide is an object": b'{"schema": "onepiece.shelves.1", "hide": {"publish": true}}',
    "order of lists": b'{"schema": "onepiece.shelves.1", "order": [["publish"]]}',
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_reported_and_stops_no_other(tmp_path: Path, data: bytes):
    broken = tmp_path / "broken.json"
    broken.write_bytes(data)
    sound = write(tmp_path / "sound.json", tools=[DAILIES])
    shelves = load_tools([str(broken), sound])
    assert ids(shelves) == ["publish", "open_shot", "save_next", "recover", "about", "dailies"]
    assert [one.file for one in shelves.findings] == [str(broken)]
    assert shelves.findings[0].severity == "error"
    assert 0 < len(shelves.findings[0].message) < 300


def test_what_is_no_file_is_reported(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    files = [str(tmp_path / name) for name in ("gone.json", "pipe", "loop")]
    shelves = load_tools([*files, str(tmp_path), "a\0b"])
    assert [one.file for one in shelves.findings] == [*files, str(tmp_path), "a\0b"]
    assert len(shelves.tools) == 5


WRONG = {
    "id": [None, 1, "", "Publish", "a b", "ä", "x" * 65, "../x", ["publish"], {}],
    "label": [None, 1, "", "  ", "two\nlines", "\ud800", "\u202eback", "x" * 81, ["a"]],
    "tooltip": [None, "two\nlines", "x" * 301, False],
    "icon": [1, "a\0b.png", ["a.png"]],
    "hosts": [None, "maya", ["flame"], [["maya"]], [{}]],
    "menu": ["", 3, "x" * 81],
    "shelf": ["", 3, "a\tb"],
    "command": [None, "", "studio", "studio:", ":main", "a.b:c.d", "os:system('x')", "a b:c", "ü:x", "import:x", 5],
    "starts_group": [None, "yes", 1],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_named_with_its_place_and_leaves_the_rest(tmp_path: Path, name: str, value: Any):
    file = write(tmp_path / "studio.json", tools=[{**DAILIES, name: value}, {"id": "publish", "label": "Freeze"}])
    shelves = load_tools([file])
    assert (shelves.findings[0].path, shelves.findings[0].severity) == (f"tools[0].{name}", "error")
    assert "dailies" not in ids(shelves)
    assert get(shelves, "publish").label == "Freeze"


def test_slips_of_the_pen_are_told_with_what_was_meant(tmp_path: Path):
    file = write(tmp_path / "a.json", tools=[{**DAILIES, "lable": "x"}], hide=["abuot"], order=["dailies"] * 2, tool=[])
    assert load_tools([file]).findings == (
        Finding(file, "tool", "warning", "nobody reads this key; did you mean 'tools'?"),
        Finding(file, "tools[0].lable", "warning", "nobody reads this key; did you mean 'label'?"),
        Finding(file, "hide[0]", "warning", "there is no tool 'abuot'; did you mean 'about'?"),
        Finding(file, "order[1]", "warning", "'dailies' stands twice"),
    )


def test_a_new_tool_needs_a_label_and_a_command_and_one_place_in_its_file(tmp_path: Path):
    file = write(tmp_path / "a.json", tools=[{"id": "new"}, DAILIES, DAILIES, {"label": "x"}, 3])
    found = [one.path for one in load_tools([file]).findings]
    assert found == ["tools[0].label", "tools[0].command", "tools[2].id", "tools[3].id", "tools[4]"]


def test_a_file_of_nothing_but_mistakes_is_reported_in_part(tmp_path: Path):
    file = write(tmp_path / "a.json", {"schema": SCHEMA, **{f"key{number}": 1 for number in range(50_000)}})
    findings = load_tools([file]).findings
    assert len(findings) == MOST_FINDINGS + 1
    assert "there is more wrong" in findings[-1].message


def test_files_of_a_session_come_from_its_environment(tmp_path: Path):
    assert files_of_session({"ONEPIECE_SHELVES": os.pathsep.join(["/a.json", "", "/b.json"])}) == ["/a.json", "/b.json"]
    assert files_of_session({"ONEPIECE_SHELVES": ""}) == []


def test_the_repository_is_no_installation():
    assert files_of_session({}) == []
    assert Path(OURS).is_file()


def test_the_example_of_the_manual_is_sound(tmp_path: Path):
    page = (Path(__file__).parents[2] / "docs/how-to/shelves.md").read_text(encoding="utf-8")
    (tmp_path / "show.json").write_text(page.partition("```json\n")[2].partition("```")[0])
    (tmp_path / "icons").mkdir()
    (tmp_path / "icons/dailies.png").write_bytes(b"png")
    shelves = load_tools([str(tmp_path / "show.json")])
    assert shelves.findings == ()
    assert ids(shelves) == ["dailies", "publish", "open_shot", "save_next", "recover"]
