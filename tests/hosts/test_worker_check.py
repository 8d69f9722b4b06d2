"""``publish.check`` of a whole worker: what a panel shows of a scene before it is published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.test_worker_context import Panel
from tests.support.media import write_exr

NAME = "FG_ep010_sc02_0010_comp_v004"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("projects")


@pytest.fixture(scope="module")
def panel(studio: SandboxReport, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    home = tmp_path_factory.mktemp("home")
    settings = f'[publish]\nbucket = "studio-prod-data"\n[roots.projects]\nlinux = "{root}"\n'
    (home / "onepiece.toml").write_text(settings)
    state = {"ONEPIECE_STATE_DIR": str(home / "state"), "HOME": str(home), "PATH": "/usr/bin:/bin"}
    opened = Panel({**studio.env, **state})
    yield opened
    opened.worker.close()


@pytest.fixture(scope="module")
def scene(root: Path) -> Path:
    work = root / "FG/ep010/sc02/0010/comp/work"
    (work / "renders").mkdir(parents=True)
    for frame in (1001, 1002, 1004):
        write_exr(work / "renders" / f"{NAME}.{frame}.exr", seed=frame)
    path = work / f"{NAME}.nk"
    path.write_text("Root {}\n")
    return path


def facts(scene: Path | None, **more: Any) -> dict[str, Any]:
    renders = f"{scene.parent.as_posix()}/renders/{NAME}.%04d.exr" if scene else "/nowhere/x.%04d.exr"
    output = {"id": "Write1", "label": "Write1", "path": renders, "kind": "sequence", "first": 1001, "last": 1005}
    return {
        "schema": "onepiece.scene-facts.1",
        "host": "nuke",
        "host_version": "16.0v4",
        "headless": False,
        "scene": scene and scene.as_posix(),
        "modified": False,
        "range": {"first": 1001, "last": 1005, "handle_first": 1001, "handle_last": 1005},
        "fps": [24, 1],
        "colour": {"config": "ocio://default", "working_space": "ACEScg", "is_known": True},
        "resolution": {"width": 2048, "height": 1152, "pixel_aspect": 1.0},
        "cameras": [],
        "outputs": [{**output, "is_enabled": True}],
        "selection": [],
        "files": [],
        "problems": [],
        "left_out": 0,
        "unread": [],
        **more,
    }


def test_a_scene_is_shown_as_what_will_be_published(panel: Panel, scene: Path) -> None:
    told = panel("publish.check", facts=facts(scene), context={}, request={})
    assert (told["context"]["project"]["name"], told["context"]["entity"]["name"], told["context"]["task"]["name"]) == (
        "Frost Giant",
        "ep010_sc02_0010",
        "comp",
    )
    request = told["request"]
    assert (request["scene_name"], request["show_code"], request["bucket"]) == (NAME, "FG", "studio-prod-data")
    assert request["destination"] == str(scene.parent.parent / "publish")
    assert (request["shot"], request["task"], request["dcc"]) == ("ep010_sc02_0010", "comp", "nuke")
    shown, renders = told["items"]
    assert (shown["role"], shown["path"], shown["is_included"]) == ("scene", str(scene), True)
    (frames,) = renders["children"]
    assert (frames["files"], frames["frames"], frames["missing"]) == (3, "1001-1002,1004", 2)
    assert (frames["missing_frames"], frames["is_included"]) == ("1003,1005", True)
    assert Path(frames["thumbnail"]).is_file()


def test_the_proposed_request_can_be_planned(panel: Panel, scene: Path) -> None:
    request = panel("publish.check", facts=facts(scene), context={}, request={})["request"]
    planned = panel("publish.plan", request=request)
    assert (planned["scene_name"], planned["files"], planned["shot"]) == (NAME, 4, "ep010_sc02_0010")


def test_what_the_artist_changed_wins(panel: Panel, scene: Path, tmp_path: Path) -> None:
    changed = {"destination": str(tmp_path), "renders": ""}
    told = panel("publish.check", facts=facts(scene), context={}, request=changed)
    assert (told["request"]["destination"], told["request"]["renders"]) == (str(tmp_path), None)
    assert told["items"][1]["is_included"] is False


def test_another_shot_may_be_chosen(panel: Panel, scene: Path) -> None:
    project = next(row for row in panel("context.projects")["items"] if row["code"] == "FG")
    (other,) = panel("context.search", text="ep010_sc02_0020", project=project)["items"]
    chosen = {"project": project, "entity": other, "task": None}
    told = panel("publish.check", facts=facts(scene), context=chosen, request={})
    assert told["context"]["entity"]["id"] == other["id"]
    assert told["context"]["task"] is None
    assert (told["request"]["shot"], told["request"]["task"]) == ("ep010_sc02_0020", None)
    bare = {"entity": {"type": other["type"], "id": other["id"]}}
    assert panel("publish.check", facts=facts(scene), context=bare)["request"]["shot"] == "ep010_sc02_0020"


def test_a_scene_that_was_never_saved_has_no_request_yet(panel: Panel) -> None:
    told = panel("publish.check", facts=facts(None), context={}, request={})
    assert told["request"] is None
    assert "scene_name" in told["lacking"]


def test_what_makes_no_sense_is_refused(panel: Panel, scene: Path) -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {},
        {"facts": {"schema": "onepiece.scene-facts.9", "host": "nuke"}},
        {"facts": facts(scene, files=[{"path": 5}])},
        {"facts": facts(scene, fps=[24, 1, 1])},
        {"facts": facts(scene), "request": {"colour": "red"}},
        {"facts": facts(scene), "request": []},
        {"facts": facts(scene), "context": {"project": "FG"}},
    )
    for params in wrong:
        assert panel.answers("publish.check", **params).errors[0].code == "onepiece.usage"


def test_names_that_are_not_utf_8_are_checked_like_others(panel: Panel, scene: Path) -> None:
    odd = {"path": "/nowhere/\udcff.exr", "written": "", "kind": "image", "node": "Read\udcff", "is_missing": True}
    told = panel("publish.check", facts=facts(scene, files=[odd]))
    (missing,) = [each for each in told["findings"] if each["rule"] == "scene.missing_files"]
    assert missing["nodes"] == ["Read\\udcff"]


def test_the_scene_is_compared_with_the_shot(panel: Panel, scene: Path) -> None:
    sound = panel("publish.check", facts=facts(scene))
    (found,) = [each for each in sound["findings"] if each["severity"] == "error"]
    assert (found["rule"], found["fix"]) == ("scene.range", "frames.set_range")
    wanted = {key: found["context"][key] for key in ("first", "last", "handle_first", "handle_last")}
    assert panel("publish.check", facts=facts(scene, range=wanted))["summary"]["errors"] == 0


def test_an_error_stops_the_publish_until_it_is_ignored_with_a_reason(panel: Panel, scene: Path) -> None:
    told = facts(scene)
    checked = panel("publish.check", facts=told)
    request = {**checked["request"], "scene_name": f"{NAME.removesuffix('_v004')}_v021"}
    refused = panel.answers("publish.start", request=request, facts=told, ignored=[]).errors[0]
    assert (refused.code, refused.context["rules"]) == ("publish.checks_failed", ["scene.range"])
    ignored = [{"rule": "scene.range", "nodes": [], "reason": "only the first frames were needed"}]
    stale = [*ignored, {"rule": "scene.fps", "nodes": [], "reason": "not found any more"}]
    planned = panel("publish.plan", request=request, facts=told, ignored=stale)
    assert [each["rule"] for each in planned["ignored"]] == ["scene.range"]
    result = panel("publish.start", request=request, facts=told, ignored=stale)
    assert [(each["rule"], each["reason"]) for each in result["ignored"]] == [
        ("scene.range", "only the first frames were needed")
    ]
    manifest = json.loads(Path(result["links"]["folder"], "manifest.json").read_text())
    assert manifest["metadata"]["onepiece.ignored"] == result["ignored"]
    again = panel("publish.start", request=request, facts=told, ignored=[{**ignored[0], "reason": "another word"}])
    assert again["operation"] == result["operation"]
    found = panel("publish.check", facts=told, request={"scene_name": request["scene_name"]})["findings"]
    assert "scene.version_exists" in [each["rule"] for each in found]
