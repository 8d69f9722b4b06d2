"""The main job through the command line, against a running studio."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Shot
from tests.support.media import write_exr, write_png
from tests.support.studio import shotgrid_of, store_of

RESULT = {
    "schema",
    "operation",
    "scene_name",
    "version",
    "package",
    "s3_uri",
    "manifest",
    "tracker",
    "files",
    "bytes_total",
    "bytes_sent",
    "warnings",
}


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_publish_is_one_object_and_can_be_proved(shot: Shot):
    done = shot.publish("--json")
    assert (done.status, done.err) == (0, "")
    told = done.told
    assert told.keys() >= RESULT
    assert told["schema"] == "onepiece.publish.1"
    assert Path(told["package"]) == shot.package
    assert told["s3_uri"] == f"s3://my-bucket/vfx/FG/{shot.name}"
    assert (told["files"], told["bytes_sent"]) == (3, told["bytes_total"])
    assert (shot.package / told["manifest"]).is_file()
    assert [version["id"] for version in shot.versions()] == [told["tracker"]["version_id"]]
    assert len(told["tracker"]["published_file_ids"]) == 1

    again = shot.publish("--json").told
    assert again == told | {"bytes_sent": 0}, "the same command finds its own publish"

    for place in (told["package"], told["s3_uri"]):
        proved = shot.run("verify", place, "--json")
        assert (proved.status, proved.told["findings"]) == (0, [])


def test_verify_names_the_file_that_was_flipped(shot: Shot):
    shot.publish("--json")
    frame = shot.package / "renders" / shot.frames[1].name
    flip_a_byte(frame)
    shown = shot.run("verify", shot.package)
    assert shown.status == 10
    assert shown.out.split() == ["flipped", f"renders/{frame.name}"]
    assert "code:  verify.mismatch" in shown.err
    asked = shot.run("verify", shot.package, "--json")
    assert asked.status == 10
    assert [finding["path"] for finding in json.loads(asked.out)["findings"]] == [f"renders/{frame.name}"]
    assert json.loads(asked.err)["error"]["code"] == "verify.mismatch"


def test_verify_wants_a_package(shot: Shot):
    assert (shot.run("verify", shot.renders, "--json").status) == 5
    missing = shot.run("verify", "s3://my-bucket/no/such/package", "--json")
    assert (missing.status, missing.error["code"]) == (5, "manifest.missing")
    assert shot.run("verify", "", "--json").status == 2


def test_people_see_what_was_made_and_that_it_is_a_sandbox(shot: Shot):
    done = shot.publish()
    assert done.status == 0
    rows = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert rows["published"] == shot.name
    assert rows["package"] == str(shot.package)
    assert rows["ShotGrid"].startswith("Version ")
    assert [line for line in done.err.splitlines() if "SANDBOX" in line] == [done.err.rstrip()]


def test_a_dry_run_changes_nothing(shot: Shot):
    told = shot.publish("--dry-run", "--json").told
    assert told["schema"] == "onepiece.publish-plan.1"
    assert (told["files"], told["items"][0]["frames"]) == (3, "1001-1003")
    assert shot.publish("--dry-run").out.startswith(f"Would publish {shot.name}")
    assert not shot.destination.exists()
    assert shot.stored() == []
    assert shot.versions() == []


def test_progress_is_one_object_a_line(shot: Shot):
    done = shot.publish("--events", "ndjson", "--json")
    events = [json.loads(line) for line in done.err.splitlines()]
    assert done.told["files"] == 3
    assert {event["event"] for event in events} == {"progress"}
    assert {"stage", "upload", "register", "finish"} <= {event["phase"] for event in events}
    (sent,) = [event for event in events if event["phase"] == "upload" and event["done"] == event["total"]]
    assert sent["done"] == done.told["bytes_total"]


def test_a_request_stands_for_all_options(shot: Shot):
    request = {
        "dcc": "nuke",
        "scene_name": shot.name,
        "renders": str(shot.renders),
        "destination": str(shot.destination),
        "bucket": shot.bucket,
        "show_code": "FG",
    }
    command = [sys.executable, "-m", "onepiece_cli", "dcc", "publish", "--request", "-", "--dry-run", "--json"]
    done = subprocess.run(command, env=shot.env, input=json.dumps(request), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["scene_name"] == shot.name
    bad = shot.root / "request.json"
    bad.write_text(json.dumps(request | {"scene_nmae": "x"}))
    refused = shot.run("dcc", "publish", "--request", bad, "--json")
    assert (refused.status, refused.error["code"]) == (2, "onepiece.usage")
    assert "scene_nmae" in refused.error["message"]


def test_everything_of_a_scene_is_published_together(shot: Shot):
    for name in ("depth", "p", "caches"):
        (shot.root / name).mkdir()
    depth = write_exr(shot.root / "depth" / f"{shot.name}_depth.1001.exr", seed="depth")
    pictures = [write_png(shot.root / "p" / f"{shot.name}_{name}.png", seed=name) for name in ("wire", "shaded")]
    caches = shot.root / "caches"
    for name in ("giant.abc", "sim.1001.bgeo.sc", "sim.1002.bgeo.sc", "smoke.1001.vdb", "set.usd", "notes.xyz"):
        (caches / name).write_bytes(f"{shot.name} {name}".encode())
    more = ["--renders", str(depth), "--previews", str(pictures[0]), "--caches", str(caches / "giant.abc")]
    more += ["--caches", str(caches / "sim.%04d.bgeo.sc"), "--caches", str(caches / "set.usd")]
    more += ["--caches", str(caches / "smoke.%04d.vdb"), "--caches", str(caches / "notes.xyz")]
    done = shot.publish(*more, "--json", previews=pictures[1])
    assert done.status == 0, done.err
    assert {path.name for path in (shot.package / "renders").iterdir()} == {
        depth.name,
        *(frame.name for frame in shot.frames),
    }
    assert {path.name for path in (shot.package / "previews").iterdir()} == {path.name for path in pictures}
    assert {path.name for path in (shot.package / "caches").iterdir()} == {path.name for path in caches.iterdir()}
    (version,) = shot.versions()
    rows = shotgrid_of(shot.studio).find(
        "PublishedFile", [["version", "is", version]], ["code", "published_file_type.PublishedFileType.code"]
    )
    kinds = {row["code"]: row["published_file_type.PublishedFileType.code"] for row in rows}
    assert {
        "giant.abc": "Alembic Cache",
        "sim.%04d.bgeo.sc": "Bgeo Cache",
        "smoke.%04d.vdb": "OpenVDB",
        "set.usd": "USD",
        "notes.xyz": "Cache",
    }.items() <= kinds.items()
    for place in (done.told["package"], done.told["s3_uri"]):
        assert shot.run("verify", place).status == 0
    again = shot.publish(*more, "--json", previews=pictures[1]).told
    assert (again["operation"], again["bytes_sent"]) == (done.told["operation"], 0)


def test_two_inputs_of_one_name_are_refused_before_anything_is_written(shot: Shot):
    (shot.root / "other").mkdir()
    other = write_exr(shot.root / "other" / shot.frames[0].name, seed="other")
    done = shot.publish("--renders", str(other), "--json")
    assert (done.status, done.error["code"]) == (6, "publish.input_refused")
    assert str(other) in done.error["message"]
    assert str(shot.frames[0]) in done.error["message"]
    shot.assert_nothing_is_left()


def test_a_setting_may_name_one_value_of_an_option_that_is_repeated(shot: Shot):
    (shot.root / "onepiece.toml").write_text(f'[commands.dcc.publish]\nrenders = "{shot.renders}"\n')
    assert shot.publish("--dry-run", "--json", renders=None).told["files"] == 3
    (shot.root / "onepiece.toml").write_text(f'[commands.dcc.publish]\nrenders = ["{shot.renders}"]\n')
    assert shot.publish("--dry-run", "--json", renders=None).told["files"] == 3


def test_a_whole_address_instead_of_the_usual_place(shot: Shot):
    place = f"s3://client_out/reviews/{shot.name}"
    told = shot.publish("--json", bucket=None, direct_upload_path=place).told
    assert told["s3_uri"] == f"s3://client-out/reviews/{shot.name}", "a context's name stands for its bucket"
    assert store_of(shot.studio, "client-out").find(f"reviews/{shot.name}/manifest.json")


def test_what_the_scene_uses_is_listed(shot: Shot):
    scene = shot.root / f"{shot.name}.nk"
    scene.write_text(f"Read {{\n file {shot.renders}/{shot.name}.%04d.exr\n}}\nRead {{\n file /gone/plate.exr\n}}\n")
    shown = shot.publish("--dry-run", "--dependency-summary", scene=scene)
    assert shown.status == 0
    assert "missing  /gone/plate.exr" in shown.out
    told = shot.publish("--dry-run", "--dependency-summary", "--json", scene=scene).told
    assert {"path": "/gone/plate.exr", "is_there": False} in told["dependencies"]


def test_without_a_tracker_recover_registers_later(shot: Shot):
    silent = {f"ONEPIECE_SHOTGRID_{name}": "" for name in ("URL", "SCRIPT", "KEY")}
    done = shot.publish("--json", env=silent)
    assert (done.status, done.told["tracker"]["version_id"]) == (0, None)
    assert [warning["code"] for warning in done.told["warnings"]] == ["tracker.not_configured"]
    waiting = shot.run("recover", "--list", "--json").told["operations"]
    assert [row["scene_name"] for row in waiting] == [shot.name]
    assert shot.name in shot.run("recover", "--list").out

    recovered = shot.run("recover", "--json").told["operations"]
    assert [(row["scene_name"], row["outcome"]) for row in recovered] == [(shot.name, "completed")]
    assert len(shot.versions()) == 1
    assert shot.run("recover").out == "Nothing is unfinished.\n"


@pytest.mark.parametrize("words", [("--adopt", "pub-1"), ("--at", "/tmp"), ("s3://my-bucket",)])
def test_recover_says_which_options_go_together(shot: Shot, words: tuple[str, ...]):
    done = shot.run("recover", *words, "--json")
    assert (done.status, done.error["code"]) == (2, "onepiece.usage")


def test_ctrl_c_stops_between_two_steps_and_the_same_command_goes_on(shot: Shot):
    for frame in range(1004, 1200):
        write_exr(shot.renders / f"{shot.name}.{frame}.exr", seed=frame)
    command = [sys.executable, "-m", "onepiece_cli", "dcc", "publish", *shot.options(), "--events", "ndjson", "--json"]
    process = subprocess.Popen(command, env=shot.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("{")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert json.loads(err.splitlines()[-1])["error"]["code"] == "operation.cancelled"
    shot.assert_nothing_is_left()
    assert shot.publish("--json").told["files"] == 199


def test_a_publish_of_a_lost_machine_is_adopted_by_another(shot: Shot):
    for frame in range(1004, 1300):
        write_exr(shot.renders / f"{shot.name}.{frame}.exr", seed=frame)
    (shot.root / "onepiece.toml").write_text("[publish]\nlease_seconds = 2\nrenew_seconds = 1\n")
    command = [sys.executable, "-m", "onepiece_cli", "dcc", "publish", *shot.options(), "--events", "ndjson", "--json"]
    process = subprocess.Popen(command, env=shot.env, cwd=shot.root, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while json.loads(process.stderr.readline())["phase"] != "upload":
        pass
    process.kill()
    process.communicate(timeout=60)
    shot.assert_nothing_is_registered()

    other = {"ONEPIECE_STATE_DIR": str(shot.root / "another machine")}
    for place in (shot.destination, f"s3://{shot.bucket}/vfx/FG"):
        rows = shot.run("recover", "--list", place, "--json", **other).told["operations"]
        found = [row for row in rows if row["scene_name"] == shot.name]
        assert len(found) == 1
    time.sleep(2.1)  # the lost machine's lease
    operation = found[0]["operation"]
    adopted = shot.run("recover", "--adopt", operation, "--at", shot.destination, "--json", **other)
    assert [(row["scene_name"], row["outcome"]) for row in adopted.told["operations"]] == [(shot.name, "completed")]
    assert len(shot.versions()) == 1
    assert shot.run("verify", f"s3://{shot.bucket}/vfx/FG/{shot.name}").status == 0


def test_open_shot_tells_what_it_would_start(shot: Shot):
    program = shot.root / "bin" / "nuke"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    scene = shot.root / "lighting_v002.nk"
    scene.write_text("Root { inputs 0 }\n")
    path = f"{program.parent}:{shot.env['PATH']}"
    told = shot.run("dcc", "open-shot", "--shot", scene, "--dry-run", "--json", PATH=path).told
    assert (told["dcc"], told["argv"]) == ("nuke", [str(program), str(scene)])


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("x.nk", (), "dcc.scene_missing"),
        ("x.ma", ("--dcc", "paint"), "dcc.unknown"),
        ("there.xyz", (), "dcc.unknown"),
        ("there.hip", (), "dcc.not_found"),
    ],
)
def test_a_scene_that_cannot_be_opened(shot: Shot, name: str, more: tuple[str, ...], code: str):
    if name.startswith("there"):
        (shot.root / name).write_text("scene")
    done = shot.run("dcc", "open-shot", "--shot", name, *more, "--json")
    assert (done.status, done.error["code"]) == (9, code)
