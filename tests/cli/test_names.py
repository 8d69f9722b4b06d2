"""Names that are no text: they go through every report, and no report breaks on them."""

from __future__ import annotations

import os

from tests.cli.conftest import Shot
from tests.support.media import write_exr

# What Python makes of a name that is not UTF-8; JSON readers get an escape.
RAW = os.fsdecode(b"caf\xe9")


def test_a_frame_whose_name_is_no_text_is_refused(shot: Shot):
    write_exr(shot.renders / f"{RAW}.1001.exr")
    error = shot.publish("--json").error
    assert error["code"] == "publish.input_refused"
    assert "caf\\xe9" in error["message"]
    assert "caf\\xe9" in shot.publish().err
    shot.assert_nothing_is_left()


def test_verify_names_a_file_whose_name_is_no_text(shot: Shot):
    shot.publish("--json")
    (shot.package / "renders" / RAW).write_bytes(b"x")
    done = shot.run("verify", shot.package, "--json")
    assert done.status == 10
    assert "caf\\\\xe9" in done.out or "caf\\udce9" in done.out
    assert "added" in shot.run("verify", shot.package).out


def test_a_destination_whose_name_is_no_text(shot: Shot):
    done = shot.publish("--json", destination=shot.root / RAW)
    assert (done.status, done.error["code"]) == (12, "naming.invalid")
    assert "--destination" in done.error["message"]
    assert not (shot.root / RAW).exists()


def test_a_state_folder_whose_name_is_no_text(shot: Shot):
    folder = str(shot.root / RAW)
    told = shot.run("info", "--json", ONEPIECE_STATE_DIR=folder).told
    assert told["config"]["check"]["code"] == "config.invalid"
    assert told["state"]["path"].endswith("caf\\xe9")
    done = shot.run("profile", "--json", ONEPIECE_STATE_DIR=folder)
    assert (done.status, done.error["code"]) == (4, "config.invalid")
