"""A request that a panel has saved is checked and published by the shell, with the scene's facts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from onepiece_core.paths import Roots
from onepiece_core.publish.saved import parse_saved
from tests.cli.conftest import Shot


def saved(shot: Shot, *, ignored: list[dict[str, Any]] | None = None, **facts: Any) -> Path:
    scene = shot.root / f"{shot.name}.nk"
    scene.write_text("Root {}\n")
    request = {
        "dcc": "nuke",
        "scene_name": shot.name,
        "scene": str(scene),
        "renders": str(shot.renders),
        "destination": str(shot.destination),
        "bucket": shot.bucket,
        "show_code": "FG",
    }
    told = {"schema": "onepiece.scene-facts.1", "host": "nuke", "scene": str(scene), "modified": False, **facts}
    path = shot.root / "saved.json"
    path.write_text(json.dumps({"request": request, "facts": told, "ignored": ignored or []}))
    return path


MISSING = [{"path": "/projects/gone.exr", "kind": "image", "node": "Read1", "is_missing": True}]
REASON = {"rule": "scene.missing_files", "nodes": ["Read1"], "reason": "only a reference picture"}


def test_a_check_tells_what_the_panel_would(shot: Shot) -> None:
    path = saved(shot, files=MISSING)
    done = shot.run("dcc", "check", "--request", path)
    assert (done.status, "gone.exr" in done.out, "publish.checks_failed" in done.err) == (6, True, True)
    done = shot.run("dcc", "check", "--request", path, "--json")
    assert done.status == 6
    found = next(each for each in done.told["findings"] if each["severity"] == "error")
    assert (found["rule"], found["nodes"], found["may_ignore"]) == ("scene.missing_files", ["Read1"], True)
    assert json.loads(done.err)["error"]["code"] == "publish.checks_failed"


def test_a_publish_is_refused_until_the_error_is_ignored_with_a_reason(shot: Shot) -> None:
    refused = shot.run("dcc", "publish", "--request", saved(shot, files=MISSING), "--json")
    assert (refused.status, refused.error["context"]["rules"]) == (6, ["scene.missing_files"])
    shot.assert_nothing_is_left()
    path = saved(shot, files=MISSING, ignored=[REASON])
    checked = shot.run("dcc", "check", "--request", path)
    assert (checked.status, "only a reference picture" in checked.out) == (0, True)
    told = shot.run("dcc", "publish", "--request", path, "--json").told
    assert [each["reason"] for each in told["ignored"]] == ["only a reference picture"]
    manifest = json.loads((shot.package / "manifest.json").read_text())
    assert manifest["metadata"]["onepiece.ignored"] == told["ignored"]
    assert shot.run("verify", shot.package).status == 0


def test_a_bare_request_is_published_and_has_nothing_to_check(shot: Shot) -> None:
    path = saved(shot)
    path.write_text(json.dumps(json.loads(path.read_text())["request"]))
    assert shot.run("dcc", "publish", "--request", path, "--dry-run").status == 0
    assert shot.run("dcc", "check", "--request", path, "--json").error["code"] == "onepiece.usage"


def test_what_is_no_request_is_refused(shot: Shot) -> None:
    path = saved(shot)
    whole = json.loads(path.read_text())
    for wrong in (b"", b"[" * 100_000, b"null", b'{"request": 5}', json.dumps({**whole, "mood": 1}).encode()):
        path.write_bytes(wrong)
        assert shot.run("dcc", "check", "--request", path, "--json").error["code"] == "onepiece.usage"
    assert shot.run("dcc", "check", "--request", shot.root / "gone.json", "--json").error["code"] == "onepiece.usage"


def test_metadata_cannot_pretend_that_something_was_ignored(shot: Shot) -> None:
    note = shot.root / "notes.json"
    note.write_text(json.dumps({"onepiece.ignored": 5, "take": 3}))
    told = shot.publish("--json", metadata=note).told
    assert told["ignored"] == []
    assert json.loads((shot.package / "manifest.json").read_text())["metadata"] == {"take": 3}
    assert shot.publish("--json", metadata=note).told["operation"] == told["operation"]


def test_a_saved_request_is_published_where_its_roots_lie_elsewhere(shot: Shot) -> None:
    told = json.loads(saved(shot, files=[{"path": str(shot.renders / "a.exr"), "kind": "image"}]).read_text())
    here = parse_saved(told)
    portable = here.to_bytes(Roots({"projects": shot.root}, "workstation"))
    assert str(shot.root).encode() not in portable
    elsewhere = shot.root.with_name("elsewhere")
    shutil.copytree(shot.root, elsewhere)
    shutil.rmtree(shot.renders)
    path = elsewhere / "portable.json"
    path.write_bytes(portable)
    unknown = shot.run("dcc", "publish", "--request", path, "--json")
    assert (unknown.error["code"], "projects:" in unknown.error["message"]) == ("onepiece.usage", True)
    (shot.root / "onepiece.toml").write_text(
        f'[roots.projects]\nlinux = "{elsewhere}"\nmacos = "{elsewhere}"\nwindows = "{elsewhere}"\n'
    )
    checked = shot.run("dcc", "check", "--request", path, "--json").told
    assert "scene.outside_roots" not in [each["rule"] for each in checked["findings"]]
    done = shot.run("dcc", "publish", "--request", path, "--json")
    assert done.status == 0, done.err
    assert done.told["package"] == str(elsewhere / "out" / shot.name)
    assert done.told["files"] == 4
    assert done.told["operation"] == shot.run("dcc", "publish", "--request", path, "--json").told["operation"]
