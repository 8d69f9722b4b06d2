"""What the lines of the table are run on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onepiece_core.media.movie import write_movie
from tests.promises.case import Case, on_path, without
from tests.support.cuts import span, write_cut
from tests.support.media import write_exr
from tests.support.studio import shotgrid_of, store_of

FIRST, LAST = 1001, 1008


def studio(case: Case) -> None:
    """The studio's servers, by the variables of the mission."""
    assert case.studio is not None
    case.env |= case.studio.env


def onepiece_toml(case: Case) -> None:
    text = 'default_profile = "frost"\n[profiles.frost.contexts.vendor_in]\nbucket = "frost-vendor-in"\n'
    (case.root / "onepiece.toml").write_text(text)


def a_finished_shot(case: Case) -> None:
    studio(case)
    renders = case.place("/projects/show/renders/latest")
    renders.mkdir(parents=True)
    frames = [write_exr(renders / f"lighting.{frame}.exr", seed=frame) for frame in range(FIRST, LAST + 1)]
    movie = case.place("/projects/show/previews/latest.mov")
    movie.parent.mkdir(parents=True)
    write_movie(frames, movie)
    cut = case.place("/projects/show/edit/shot.otio")
    cut.parent.mkdir(parents=True)
    length = LAST - FIRST + 1
    write_cut(cut, {"seq010_sh010": (span(FIRST, length), span(FIRST, length))})
    metadata = case.place("/tmp/publish.json")
    metadata.parent.mkdir(parents=True)
    metadata.write_text(json.dumps({"artist": "dao", "note": "first light"}))


def a_nuke_scene(case: Case) -> None:
    scene = case.place("/projects/show/sequences/seq010/shot010/lighting_v002.nk")
    scene.parent.mkdir(parents=True)
    scene.write_text("Root { inputs 0 }\n")


def a_nuke_scene_and_nuke(case: Case) -> None:
    """Nuke is a program of that name which notes how it was started."""
    a_nuke_scene(case)
    program = case.root / "bin" / "nuke"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" > {case.root}/started.part\nmv {case.root}/started.part {case.root}/started\n'
    )
    program.chmod(0o755)
    case.env = on_path(case.env, program.parent)


def an_aws_profile(case: Case) -> None:
    """The profile studio-prod as `aws configure` writes it; no key in the environment."""
    studio(case)
    assert case.studio is not None
    keys, aws = case.studio.env, case.root / "aws"
    aws.mkdir()
    aws.joinpath("credentials").write_text(
        f"[studio-prod]\naws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
    )
    aws.joinpath("config").write_text(
        f"[profile studio-prod]\nregion = {keys['AWS_REGION']}\nendpoint_url = {keys['AWS_ENDPOINT_URL']}\n"
    )
    case.env = without(case.env, "AWS_") | {
        "AWS_SHARED_CREDENTIALS_FILE": str(aws / "credentials"),
        "AWS_CONFIG_FILE": str(aws / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


PLATES = ("A001.1001.exr", "A001.1002.exr", "notes/slate.txt")


def plates_in_the_bucket(case: Case) -> None:
    an_aws_profile(case)
    for name in PLATES:
        store_of(case.studio, "my-bucket").put(f"SHOW/plates/{name}", name.encode())
    case.place("/data/plates").mkdir(parents=True)


def plates_on_disk(case: Case) -> None:
    an_aws_profile(case)
    for name in (*PLATES, "half.tmp"):
        path = case.place(f"/data/plates/plates/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


DELIVERED = "FG_ep010_sc02_0010_comp_v004"


def a_vendor_drop(case: Case) -> None:
    studio(case)
    drop = case.place("/deliveries/vendor_drop_2024_02_14")
    drop.mkdir(parents=True)
    frames = [write_exr(case.root / f"{frame}.exr", seed=frame) for frame in (1, 2)]
    write_movie(frames, drop / f"{DELIVERED}.mov")
    entry: dict[str, Any] = {"show": "FG", "episode": "ep010", "scene": "sc02", "shot": "0010", "asset": "comp"}
    entry |= {"version": 4, "source_path": "/srv/vendor/shot.mov", "delivery_path": f"{DELIVERED}.mov"}
    (case.root / "delivery_manifest.json").write_text(json.dumps({"files": [entry]}))


def approved_versions(case: Case) -> None:
    """One approved Version in EP01 and one that is not, each with its movie on disk."""
    studio(case)
    assert case.studio is not None
    site = shotgrid_of(case.studio)
    project = site.find_one("Project", [["name", "is", "Frost Giant"]])
    shots = site.find("Shot", [["project", "is", project], ["sg_sequence.Sequence.episode.Episode.code", "is", "EP01"]])
    frames = [write_exr(case.root / f"{frame}.exr", seed=frame) for frame in (1, 2)]
    for name, status, shot in (("approved_v001", "apr", shots[0]), ("unseen_v001", "rev", shots[1])):
        movie = case.root / f"{name}.mov"
        write_movie(frames, movie)
        data = {"project": project, "code": name, "entity": shot, "sg_status_list": status}
        site.create("Version", {**data, "sg_path_to_movie": str(movie)})


FIXTURES: dict[str, Callable[[Case], None]] = {
    made.__name__: made
    for made in (
        studio,
        onepiece_toml,
        a_finished_shot,
        a_nuke_scene,
        a_nuke_scene_and_nuke,
        an_aws_profile,
        plates_in_the_bucket,
        plates_on_disk,
        a_vendor_drop,
        approved_versions,
    )
}
WITHOUT_STUDIO = {None, "onepiece_toml", "a_nuke_scene", "a_nuke_scene_and_nuke"}


def lay_out(case: Case) -> None:
    """Make what the promise is run on."""
    Path(case.root).mkdir(parents=True, exist_ok=True)
    if case.promise.on:
        FIXTURES[case.promise.on](case)
