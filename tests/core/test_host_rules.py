"""The rules of an open scene: each finds what it is for, and is silent about a sound one."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import pytest

from onepiece_core.errors import ChecksFailed, UsageError
from onepiece_core.rules.host_facts import parse_facts
from onepiece_core.rules.host_rule import HostFinding, SceneCheck, ShotValues
from onepiece_core.rules.host_rules import RULES, Ignored, check_scene, judge

NAME = "FG_ep010_sc02_0010_comp_v004"
HOME = "/projects/FG/ep010/sc02/0010/comp/work"
SHOT = ShotValues("ep010_sc02_0010", 1009, 1100, 1001, 1108, Fraction(24), 2048, 1152)
FILE = {"path": "/projects/FG/plates/a.%04d.exr", "written": "$SHOW/plates/a.%04d.exr", "kind": "sequence"}
OUTPUT = {"id": "Write1", "label": "Write1", "path": f"{HOME}/renders/x.%04d.exr", "first": 1001, "last": 1108}
CAMERA = {"id": "|cam|shot", "label": "shot", "is_renderable": True, "is_default": False}


def facts(**more: Any) -> dict[str, Any]:
    return {
        "schema": "onepiece.scene-facts.1",
        "host": "nuke",
        "scene": f"{HOME}/{NAME}.nk",
        "modified": False,
        "range": frames(1009, 1100),
        "fps": [24, 1],
        "colour": {"config": "/projects/config.ocio", "working_space": "ACEScg", "is_known": True},
        "resolution": {"width": 2048, "height": 1152},
        "cameras": [CAMERA],
        "outputs": [OUTPUT],
        "files": [file(node="Read1")],
        **more,
    }


def frames(first: int, last: int) -> dict[str, int]:
    return {"first": first, "last": last, "handle_first": first, "handle_last": last}


def file(path: str = FILE["path"], **more: Any) -> dict[str, Any]:
    return {**FILE, "path": path, "label": "a", "node": "Read1", "is_missing": False, **more}


def problem(kind: str, node: str = "n1") -> dict[str, Any]:
    return {"kind": kind, "node": node, "label": node, "context": {}}


def scene(told: dict[str, Any] | None = None, **more: Any) -> SceneCheck:
    known: dict[str, Any] = {"shot": SHOT, "entity": "ep010_sc02_0010", "roots": ("/projects",), "scene_name": NAME}
    return SceneCheck(parse_facts(told or facts()), **{**known, **more})


def found(told: dict[str, Any] | None = None, **more: Any) -> list[HostFinding]:
    return list(check_scene(scene(told, **more)))


def test_a_sound_scene_has_no_findings() -> None:
    assert found() == []


# What is wrong with the scene, what the shot is then -> the findings: rule, severity, fix, nodes.
FINDS: list[tuple[str, dict[str, Any], dict[str, Any], str, str, str | None, tuple[str, ...]]] = [
    ("never saved", {"scene": None}, {"scene_name": None}, "scene.unsaved", "error", None, ()),
    ("modified", {"modified": True}, {}, "scene.unsaved", "error", "scene.save", ()),
    ("nobody knows", {"modified": None}, {}, "scene.unsaved", "warning", "scene.save", ()),
    ("missing", {"files": [file(is_missing=True)]}, {}, "scene.missing_files", "error", None, ("Read1",)),
    ("range", {"range": frames(1, 250)}, {}, "scene.range", "error", "frames.set_range", ()),
    ("rate", {"fps": [25, 1]}, {}, "scene.fps", "error", "scene.set_fps", ()),
    ("no rate", {"fps": [0, 0]}, {}, "scene.fps", "error", "scene.set_fps", ()),
    (
        "resolution",
        {"resolution": {"width": 1920, "height": 1080}},
        {},
        "scene.resolution",
        "warning",
        "scene.set_resolution",
        (),
    ),
    ("outside", {"files": [file("/mnt/other/a.exr")]}, {}, "scene.outside_roots", "warning", None, ("Read1",)),
    ("beside a root", {"files": [file("/projects2/a.exr")]}, {}, "scene.outside_roots", "warning", None, ("Read1",)),
    ("home", {"files": [file("/home/elif/a.exr")]}, {}, "scene.personal_paths", "error", None, ("Read1",)),
    (
        "rendered into temp",
        {"outputs": [{**OUTPUT, "path": "/tmp/x.%04d.png"}]},
        {},
        "scene.personal_paths",
        "warning",
        None,
        ("Write1",),
    ),
    (
        "absolute",
        {"files": [file(f"{HOME}/tex/a.exr", written=f"{HOME}/tex/a.exr")]},
        {},
        "scene.absolute_paths",
        "warning",
        "files.make_relative",
        ("Read1",),
    ),
    (
        "absolute in Blender",
        {"host": "blender", "files": [file("/projects/lib/a.exr", written="/projects/lib/a.exr", node="images/a")]},
        {},
        "scene.absolute_paths",
        "warning",
        "files.make_relative",
        ("images/a",),
    ),
    (
        "colour",
        {"colour": {"config": "/gone.ocio", "working_space": None, "is_known": False}},
        {},
        "scene.colour_unknown",
        "error",
        None,
        (),
    ),
    (
        "persp",
        {"cameras": [{"id": "persp", "label": "persp", "is_renderable": True, "is_default": True}]},
        {},
        "scene.default_camera",
        "warning",
        None,
        ("persp",),
    ),
    (
        "two Writes",
        {"outputs": [OUTPUT, {**OUTPUT, "id": "Write2", "label": "Write2"}]},
        {},
        "scene.duplicate_names",
        "error",
        None,
        ("Write1", "Write2"),
    ),
    (
        "two cameras",
        {"cameras": [CAMERA, {**CAMERA, "id": "|other|shot"}]},
        {},
        "scene.duplicate_names",
        "warning",
        None,
        ("|cam|shot", "|other|shot"),
    ),
    ("taken", {}, {"taken": "/projects/FG/publish/x"}, "scene.version_exists", "error", None, ()),
    ("free name", {}, {"scene_name": "final_final2"}, "scene.name", "warning", None, ()),
    ("no name", {}, {"scene_name": "my scene"}, "scene.name", "error", None, ()),
    ("another shot", {}, {"entity": "ep010_sc02_0020"}, "scene.name", "error", None, ()),
    ("no bucket", {}, {"lacking": ("bucket",)}, "scene.lacking", "error", None, ()),
    ("no shot", {}, {"entity": None, "shot": None}, "scene.context", "warning", None, ()),
    ("site away", {}, {"shot": None, "trouble": "it is away"}, "scene.context", "warning", None, ()),
    ("too many", {"left_out": 7}, {}, "scene.too_many_files", "warning", None, ()),
    ("files unread", {"unread": [{"what": "files", "message": "no"}]}, {}, "host.unread", "error", None, ()),
    ("fps unread", {"unread": [{"what": "fps", "message": "no"}]}, {}, "host.unread", "warning", None, ()),
    ("something new", {"problems": [problem("haunted_node")]}, {}, "host.problem", "warning", None, ("n1",)),
]
FINDS += [
    (f"{host} {kind}", {"host": host, "problems": [problem(kind)]}, {}, rule, severity, fix, ("n1",))
    for host, kind, rule, severity, fix in (
        ("nuke", "disabled_write", "nuke.disabled_write", "warning", "nodes.enable"),
        ("nuke", "missing_write_path", "nuke.missing_write_path", "error", None),
        ("maya", "unlocked_reference", "maya.unlocked_reference", "warning", "references.lock"),
        ("maya", "unloaded_reference", "maya.unloaded_reference", "warning", "references.load"),
        ("maya", "missing_reference", "maya.missing_reference", "error", None),
        ("blender", "unpacked_image", "blender.unpacked_image", "warning", "images.pack"),
        ("blender", "missing_image", "blender.missing_image", "error", None),
        ("blender", "missing_reference", "blender.missing_library", "error", None),
        ("houdini", "missing_hda", "houdini.missing_hda", "error", None),
    )
]


@pytest.mark.parametrize(
    ("wrong", "shot", "rule", "severity", "fix", "nodes"), [case[1:] for case in FINDS], ids=[case[0] for case in FINDS]
)
def test_a_rule_finds_what_it_is_for(
    wrong: dict[str, Any],
    shot: dict[str, Any],
    rule: str,
    severity: str,
    fix: str | None,
    nodes: tuple[str, ...],
) -> None:
    (finding,) = found(facts(**wrong), **shot)
    assert (finding.rule, finding.severity, finding.fix, finding.nodes) == (rule, severity, fix, nodes)
    assert finding.message
    assert finding.hint
    assert finding.select == ("select.nodes" if nodes else None)


def test_every_rule_is_tried() -> None:
    assert {rule.id for rule in RULES} == {case[3] for case in FINDS}


# What looks alike and is fine.
SILENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("the range with handles", {"range": frames(1001, 1108)}, {}),
    ("a shot without a cut", {"range": frames(1, 250)}, {"shot": ShotValues("x", 1009, None)}),
    ("a cut that ends before it begins", {"range": frames(1, 250)}, {"shot": ShotValues("x", 1100, 1009)}),
    ("a shot without a rate or size", {"fps": [25, 1]}, {"shot": ShotValues("x")}),
    ("what the host cannot tell", {"range": None, "fps": None, "resolution": None, "colour": None}, {}),
    ("missing but carried inside", {"files": [file(is_missing=True, is_packed=True)]}, {}),
    ("nobody knows whether it is missing", {"files": [file(is_missing=None)]}, {}),
    ("a home below a root", {"files": [file("/home/show/a.exr")]}, {"roots": ("/projects", "/home/show/")}),
    ("no roots are configured", {"files": [file("/mnt/x/a.exr")]}, {"roots": ()}),
    (
        "Windows paths in any case",
        {"files": [file("P:\\Projects\\FG\\a.exr")]},
        {"roots": ("p:/projects", "/projects")},
    ),
    ("a font of the system", {"files": [file("/usr/share/fonts/a.ttf", kind="font")]}, {}),
    ("Blender's relative path", {"host": "blender", "files": [file(f"{HOME}/a.exr", written="//a.exr")]}, {}),
    ("a path with a variable", {"files": [file(f"{HOME}/a.exr", written="$HIP/a.exr")]}, {}),
    ("a disabled Write into temp", {"outputs": [{**OUTPUT, "path": "/tmp/x", "is_enabled": False}]}, {}),
    (
        "a default camera that is not rendered",
        {"cameras": [{"id": "persp", "label": "persp", "is_renderable": False, "is_default": True}]},
        {},
    ),
    ("a name without a version", {}, {"scene_name": NAME.removesuffix("_v004")}),
    ("the shot by its short code", {}, {"entity": "0010"}),
    ("the shot with its sequence", {}, {"entity": "sc02_0010"}),
    ("the shot with its show", {}, {"entity": "FG_ep010_sc02_0010"}),
    ("the host's own missing image", {"host": "blender", "files": [], "problems": []}, {}),
]


@pytest.mark.parametrize(("right", "shot"), [case[1:] for case in SILENT], ids=[case[0] for case in SILENT])
def test_a_rule_is_silent_about(right: dict[str, Any], shot: dict[str, Any]) -> None:
    assert [f"{each.rule}: {each.message}" for each in found(facts(**right), **shot)] == []


@pytest.mark.parametrize(
    "path",
    [
        "/home/elif/a.exr",
        "/root/a.exr",
        "/Users/elif/Desktop/a.exr",
        "C:\\Users\\elif\\a.exr",
        "c:/users/ELIF/a.exr",
        "D:/Downloads/a.exr",
        "/mnt/disk/Downloads/a.exr",
        "/tmp/a.exr",
        "/private/var/folders/x/a.exr",
        "C:/Temp/a.exr",
        "C:/Windows/Temp/a.exr",
        "~/a.exr",
    ],
)
def test_a_path_is_personal(path: str) -> None:
    assert [each.rule for each in found(facts(files=[file(path)]))] == ["scene.personal_paths"]


@pytest.mark.parametrize("path", ["/mnt/homes/a.exr", "/Users/Shared/a.exr", "C:/Users/Public/a.exr", "/tmpfs/a.exr"])
def test_a_path_is_not_personal(path: str) -> None:
    assert [each.rule for each in found(facts(files=[file(path)]))] == ["scene.outside_roots"]


def test_a_fix_is_told_what_the_shot_is() -> None:
    (finding,) = found(facts(range=frames(1, 2)))
    assert finding.context == {"first": 1009, "last": 1100, "handle_first": 1001, "handle_last": 1108}
    assert "1009-1100 (1001-1108 with handles)" in finding.message
    (finding,) = found(facts(fps=[24, 1]), shot=ShotValues("x", fps=Fraction(24000, 1001)))
    assert finding.context == {"fps": [24000, 1001]}
    (finding,) = found(facts(resolution={"width": 1, "height": 1}))
    assert finding.context == {"width": 2048, "height": 1152}


def test_a_missing_image_of_blender_is_told_once() -> None:
    told = facts(
        host="blender", files=[file(is_missing=True, node="images/a")], problems=[problem("missing_image", "images/a")]
    )
    assert [each.rule for each in found(told)] == ["blender.missing_image"]


def test_errors_come_first() -> None:
    told = facts(modified=True, left_out=3, fps=[25, 1], resolution={"width": 1, "height": 1})
    severities = [each.severity for each in found(told)]
    assert severities == sorted(severities)
    assert len(severities) == 4


def test_fifty_thousand_files_are_checked() -> None:
    files = [file(f"/home/elif/{n:06}.exr", node=f"Read{n}", is_missing=n % 2 == 0) for n in range(50_000)]
    begun = time.process_time()
    missing, personal = found(facts(files=files))
    print(f"50,000 files: {time.process_time() - begun:.2f} s of CPU")
    assert (missing.context["count"], personal.context["count"]) == (25_000, 50_000)
    assert len(personal.nodes) == 10_000
    assert len(personal.context["paths"]) == 100


# Ignored with a reason


def test_an_error_that_is_ignored_with_a_reason_is_let_through() -> None:
    findings = found(facts(fps=[25, 1], files=[file(is_missing=True)]))
    with pytest.raises(ChecksFailed) as caught:
        judge(findings, ())
    assert caught.value.report.code == "publish.checks_failed"
    assert caught.value.report.context["rules"] == ["scene.fps", "scene.missing_files"]
    fps = Ignored(rule="scene.fps", reason="PAL test")
    with pytest.raises(ChecksFailed):
        judge(findings, [fps, Ignored(rule="scene.missing_files", reason="other nodes", nodes=("Read9",))])
    kept = judge(findings, [fps, Ignored(rule="scene.missing_files", reason="a proxy", nodes=("Read1",))])
    assert [(each.rule, each.reason) for each in kept] == [
        ("scene.fps", "PAL test"),
        ("scene.missing_files", "a proxy"),
    ]
    assert "24" in kept[0].message


def test_what_is_not_found_any_more_is_dropped() -> None:
    assert judge(found(), [Ignored(rule="scene.fps", reason="PAL test")]) == ()


def test_what_must_not_be_ignored_is_not() -> None:
    findings = found(facts(scene=None), scene_name=None)
    with pytest.raises(ChecksFailed):
        judge(findings, [Ignored(rule="scene.unsaved", reason="it is fine")])


def test_a_reason_is_needed() -> None:
    with pytest.raises(ValueError, match="reason"):
        Ignored(rule="scene.fps", reason="   ")


# Facts that nobody should trust


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema": "onepiece.scene-facts.2"},
        {"host": 5},
        {"scene": "x" * 40_000},
        {"range": frames(0, 2**40)},
        {"fps": [24]},
        {"fps": [-24, 1]},
        {"files": [{"path": None}]},
        {"files": [{}] * 3},
        {"resolution": {"width": -1, "height": 5}},
        {"resolution": {"width": 1, "height": 1, "pixel_aspect": float("nan")}},
        {"left_out": -1},
        {"cameras": {"a": 1}},
    ],
    ids=str,
)
def test_hostile_facts_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        parse_facts(facts(**wrong))


def test_no_facts_at_all_are_refused() -> None:
    for told in (None, [], "facts", {}):
        with pytest.raises(UsageError):
            parse_facts(told)


def test_a_newer_host_may_tell_more_and_any_name_is_text() -> None:
    told = parse_facts(facts(mood="good", files=[file("/projects/\x1b[2J\u202e/../../etc/passwd", age=5)]))
    assert told.files[0].path.endswith("passwd")
    assert check_scene(SceneCheck(told))
