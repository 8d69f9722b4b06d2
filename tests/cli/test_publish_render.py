"""``onepiece dcc publish --render``: the scene's frames come from this machine's real workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Shot
from tests.support.local_farms import end_workers


@pytest.fixture
def rendered(shot: Shot) -> Iterator[Shot]:
    """A shot whose scene is rendered by a line of the shell: it copies the frames, once the file ``ready`` is there."""
    (shot.root / "comp.nk").write_text("Root {\n first_frame 1001\n last_frame 1003\n}\n")
    line = f"test -e {shot.root}/ready || {{ echo no licence; exit 7; }}; cp {shot.renders}/*${{1%-*}}.exr $3/"
    state = shot.root / "state"
    preset = f'template = "command"\nframes = "1001-1003"\nparameters = {{Command = {json.dumps(line)}}}'
    (shot.root / "onepiece.toml").write_text(
        f"[roots.shots]\nlinux = {json.dumps(str(shot.root))}\n[farms.local]\nidle_seconds = 2\n"
        f"[render.presets.copy]\n{preset}\n"
    )
    (shot.root / "made").mkdir()
    (shot.root / "ready").touch()
    shot.env = {**shot.env, "ONEPIECE_STATE_DIR": str(state)}
    yield shot
    end_workers(state / "farms" / "local")


def publish(shot: Shot, *more: str, **options: object) -> Done:
    words = ("--render", "--render-preset", "copy", "--render-output", "made", *more)
    return shot.publish(*words, renders=None, scene=shot.root / "comp.nk", **options)


def jobs(shot: Shot) -> list[str]:
    return [job["status"] for job in shot.run("render", "list", "--json").told["items"]]


def test_the_frames_of_the_scene_are_rendered_and_published(rendered: Shot):
    done = publish(rendered)
    assert (done.status, "frames 1002-1002 succeeded" in done.err) == (0, True), done.err
    assert sorted(path.name for path in (rendered.package / "renders").iterdir()) == [
        frame.name for frame in rendered.frames
    ]
    assert len(rendered.versions()) == 1
    publish(rendered)
    assert jobs(rendered) == ["succeeded"], "the same command takes the same job"


def test_nothing_is_published_of_a_render_that_failed_and_the_same_command_tries_again(rendered: Shot):
    (rendered.root / "ready").unlink()
    done = publish(rendered)
    assert (done.status, "render.conflict" in done.err, "  | no licence" in done.err) == (18, True, True), done.err
    rendered.assert_nothing_is_left()
    (rendered.root / "ready").touch()
    assert publish(rendered).status == 0
    assert jobs(rendered) == ["succeeded"]


def test_frames_that_were_taken_away_are_rendered_anew(rendered: Shot):
    assert publish(rendered, destination=rendered.root / "first").status == 0
    for path in (rendered.root / "made").iterdir():
        path.unlink()
    publish(rendered, destination=rendered.root / "first")
    assert jobs(rendered) == ["succeeded", "succeeded"]
    assert len(list((rendered.root / "made").iterdir())) == 3


def test_a_scene_that_was_saved_since_is_rendered_anew(rendered: Shot):
    publish(rendered)
    with (rendered.root / "comp.nk").open("a") as scene:
        scene.write("# more\n")
    publish(rendered)
    assert jobs(rendered) == ["succeeded", "succeeded"]


def test_a_dry_run_renders_nothing(rendered: Shot):
    done = publish(rendered, "--dry-run")
    assert (done.status, "Would render 1001-1003 on local: 3 tasks" in done.err) == (0, True), done.err
    assert jobs(rendered) == []
    rendered.assert_nothing_is_left()


def test_options_of_a_render_that_nobody_asked_for(rendered: Shot):
    done = rendered.publish("--render-output", "made", "--json")
    assert (done.status, done.error["code"]) == (2, "onepiece.usage")


def test_a_scene_is_needed_and_a_place_for_the_frames(rendered: Shot):
    words = ("--render", "--render-output", "made", "--json")
    assert rendered.publish(*words).error["code"] == "render.invalid"
    outside = Path("/etc/renders")
    done = rendered.publish("--render", "--render-output", str(outside), "--json", scene=rendered.root / "comp.nk")
    assert done.error["code"] == "paths.escapes"
