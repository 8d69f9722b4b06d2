"""Bad input through the command line: a typed error with the right status, and nothing left anywhere."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onepiece_core.media.movie import write_movie
from tests.cli.conftest import Shot
from tests.support.media import write_exr
from tests.support.rights import needs_mount
from tests.support.studio import shotgrid_of


def refused(given: Shot, code: str, status: int, **options: object) -> dict[str, object]:
    """Publish; the error's context."""
    done = given.publish(json=True, **options)
    error = done.error
    assert (error["code"], done.status) == (code, status), error
    assert error["message"]
    given.assert_nothing_is_left()
    return dict(error["context"])


@pytest.mark.parametrize("name", ["../up_v001", "/abs_v001", "C:\\x_v001", "nul", "x\ny"])
def test_a_scene_name_is_a_name(shot: Shot, name: str):
    before = sorted(path.name for path in shot.root.parent.iterdir())
    assert refused(shot, "naming.invalid", 12, scene_name=name)
    assert sorted(path.name for path in shot.root.parent.iterdir()) == before


@pytest.mark.parametrize("text", ["[1, 2]", "{", '{"a": 1, "a": 2}', '{"fps": NaN}', '"text"'])
def test_metadata_is_one_object(shot: Shot, text: str):
    (shot.root / "meta.json").write_text(text)
    refused(shot, "publish.metadata_invalid", 6, metadata="meta.json")


def test_renders_that_are_not_there(shot: Shot):
    refused(shot, "publish.input_missing", 6, renders="nowhere")


def test_an_empty_folder(shot: Shot):
    (shot.root / "empty").mkdir()
    refused(shot, "publish.input_missing", 6, renders="empty")


def test_frames_that_may_not_be_read(shot: Shot):
    shot.frames[1].chmod(0)
    # Root may read everything, unless this one right is taken from it.
    as_anybody = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    done = shot.publish("--json", prefix=as_anybody)
    assert (done.error["code"], done.status) == ("publish.input_unreadable", 6)
    assert shot.frames[1].name in done.err
    shot.assert_nothing_is_left()


def zero_bytes(shot: Shot) -> None:
    shot.frames[1].write_bytes(b"")


def cut_by_one_byte(shot: Shot) -> None:
    shot.frames[1].write_bytes(shot.frames[1].read_bytes()[:-1])


def another_kind_of_picture(shot: Shot) -> None:
    shot.frames[1].write_bytes(b"\xff\xd8\xff\xe0" + bytes(1000))


def two_paddings(shot: Shot) -> None:
    shutil.copy(shot.frames[1], shot.renders / f"{shot.name}.01002.exr")


def a_link_out_of_the_tree(shot: Shot) -> None:
    secret = write_exr(shot.root / "secret.exr")
    (shot.renders / f"{shot.name}.1004.exr").symlink_to(secret)


def a_link_to_itself(shot: Shot) -> None:
    (shot.renders / f"{shot.name}.1004.exr").symlink_to(f"{shot.name}.1004.exr")


def a_folder_that_links_to_itself(shot: Shot) -> None:
    (shot.renders / "loop").symlink_to(".")


def a_pipe(shot: Shot) -> None:
    os.mkfifo(shot.renders / f"{shot.name}.1004.exr")


def a_name_for_no_windows(shot: Shot) -> None:
    write_exr(shot.renders / "aux.1001.exr")


def two_names_that_are_one_on_a_mac(shot: Shot) -> None:
    write_exr(shot.renders / "Matte.exr")
    write_exr(shot.renders / "matte.exr")


@pytest.mark.parametrize(
    ("spoil", "code", "status"),
    [
        (zero_bytes, "media.empty", 11),
        (cut_by_one_byte, "media.truncated", 11),
        (another_kind_of_picture, "media.invalid", 11),
        (two_paddings, "sequences.two_paddings", 12),
        (a_link_out_of_the_tree, "publish.input_refused", 6),
        (a_link_to_itself, "publish.input_refused", 6),
        (a_folder_that_links_to_itself, "publish.input_refused", 6),
        (a_pipe, "publish.input_refused", 6),
        (a_name_for_no_windows, "publish.input_refused", 6),
        (two_names_that_are_one_on_a_mac, "publish.input_refused", 6),
    ],
)
def test_renders_that_cannot_be_published(shot: Shot, spoil: Callable[[Shot], None], code: str, status: int):
    spoil(shot)
    refused(shot, code, status)


def test_a_movie_that_was_cut_short(shot: Shot):
    movie = shot.root / "review.mov"
    write_movie(shot.frames, movie)
    movie.write_bytes(movie.read_bytes()[:-200])
    refused(shot, "media.truncated", 11, previews=movie)


def test_a_cut_that_is_none(shot: Shot):
    (shot.root / "cut.otio").write_text("{}")
    refused(shot, "editorial.invalid", 12, otio="cut.otio")


def test_gaps_are_told_as_ranges_and_stop_nothing(shot: Shot):
    for frame in (1007, 1008):
        write_exr(shot.renders / f"{shot.name}.{frame}.exr", seed=frame)
    done = shot.publish(dry_run=True, json=True)
    assert (done.status, done.err) == (0, "")
    gaps = [warning for warning in done.told["warnings"] if warning["code"] == "sequences.gaps"]
    assert "1004-1006" in gaps[0]["message"]
    shown = shot.publish(dry_run=True)
    assert "1004-1006" in shown.err


@pytest.fixture
def growing(shot: Shot) -> Iterator[Path]:
    """A file that somebody writes to all the time."""
    path, enough = shot.renders / "simulation.bin", threading.Event()
    path.write_bytes(bytes(1000))

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not enough.wait(0.001):
                file.write(b"more")

    thread = threading.Thread(target=grow)
    thread.start()
    yield path
    enough.set()
    thread.join()


def test_a_file_that_grows_while_it_is_read(shot: Shot, growing: Path):
    assert growing.name in str(refused(shot, "publish.source_changed", 6))


def test_the_wrong_bucket(shot: Shot):
    done = shot.publish(json=True, bucket="not-a-bucket-of-ours")
    assert (done.error["code"], done.status) == ("storage.bucket_missing", 7)
    shot.assert_nothing_is_left()
    assert (shot.publish(json=True, bucket="No Bucket").error["code"]) == "onepiece.usage"


@pytest.mark.parametrize("wrong", [{"AWS_ACCESS_KEY_ID": "UNKNOWN0000000000"}, {"AWS_SECRET_ACCESS_KEY": "wrong"}])
def test_the_wrong_keys_of_s3(shot: Shot, wrong: dict[str, str]):
    done = shot.publish("--json", env=wrong)
    assert (done.error["code"], done.status) == ("storage.access_denied", 7)
    assert "wrong" not in done.err.replace("wrong key", "")
    shot.assert_nothing_is_left()


def test_no_s3_at_all(shot: Shot):
    done = shot.publish("--json", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert (done.error["code"], done.status) == ("storage.unavailable", 7)
    assert done.error["hint"]
    shot.assert_nothing_is_left()


@pytest.mark.parametrize(
    ("env", "code"),
    [
        ({"ONEPIECE_SHOTGRID_KEY": "wrong"}, "tracker.denied"),
        ({"ONEPIECE_SHOTGRID_URL": "http://127.0.0.1:9"}, "tracker.unavailable"),
        ({f"ONEPIECE_SHOTGRID_{name}": "" for name in ("URL", "SCRIPT", "KEY")}, "tracker.not_configured"),
    ],
)
def test_a_tracker_that_is_needed_and_does_not_answer(shot: Shot, env: dict[str, str], code: str):
    done = shot.publish("--json", "--require-tracker", env=env)
    assert (done.error["code"], done.status) == (code, 8)
    shot.assert_nothing_is_left()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"project": "Nobody's show"}, "tracker.project_missing"),
        ({"shot": "zz999"}, "tracker.shot_missing"),
        ({"shot": "other_0010"}, "tracker.shot_missing"),
    ],
)
def test_what_an_option_names_must_be_in_the_tracker(shot: Shot, options: dict[str, str], code: str):
    site = shotgrid_of(shot.studio)
    if options.get("shot") == "other_0010" and not site.find_one("Shot", [["code", "is", "other_0010"]]):
        project = site.create("Project", {"name": "Other show"})
        site.create("Shot", {"code": "other_0010", "project": project})
    refused(shot, code, 8, **options)


@pytest.mark.parametrize("content", [{}, {"notes.txt": "somebody's"}])
def test_a_destination_that_holds_something_else(shot: Shot, content: dict[str, str]):
    shot.package.mkdir(parents=True)
    for name, text in content.items():
        (shot.package / name).write_text(text)
    done = shot.publish(json=True)
    assert (done.error["code"], done.status) == ("publish.destination_exists", 6)
    assert {path.name: path.read_text() for path in shot.package.iterdir()} == content
    assert shot.stored() == []
    assert shot.versions() == []


def test_a_version_is_published_once(shot: Shot):
    assert shot.publish(json=True).status == 0
    write_exr(shot.frames[0], seed="other content")
    done = shot.publish(json=True)
    assert (done.error["code"], done.status) == ("publish.version_exists", 6)
    assert done.error["context"]["state"] == "finished"
    assert shot.run("verify", shot.package).status == 0


def test_a_full_disk_at_the_destination(shot: Shot, small_disk: Path):
    (small_disk / "filler").write_bytes(bytes(1000 * 1024))
    (shot.renders / "plate.bin").write_bytes(bytes(200 * 1024))
    done = shot.publish(json=True, destination=small_disk / "out")
    assert (done.error["code"], done.status) == ("storage.disk_full", 7)
    assert not (small_disk / "out" / shot.name).exists()
    shot.assert_nothing_is_left()
    (small_disk / "filler").unlink()
    assert shot.publish(json=True, destination=small_disk / "out").status == 0


@needs_mount
def test_state_on_a_network_filesystem(shot: Shot):
    """A mount table that says so: the kernel's own is covered for this process alone."""
    state = shot.root / "state"
    table = shot.root / "mountinfo"
    table.write_text(f"1 0 0:1 / / rw - ext4 /dev/root rw\n2 1 0:2 / {state} rw - nfs4 server:/export rw\n")
    script = f'mount --bind {table} /proc/$$/mountinfo && exec "$@"'
    prefix = ("unshare", "--mount", "sh", "-ec", script, "sh")
    done = shot.publish("--json", prefix=prefix, env={"ONEPIECE_STATE_DIR": str(state)})
    assert (done.error["code"], done.status) == ("config.state_not_local", 4)
    assert "ONEPIECE_STATE_DIR" in done.error["hint"]
    assert not list(state.glob("*"))
    shot.assert_nothing_is_left()
