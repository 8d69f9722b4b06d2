"""Deliveries of approved Versions, against the sandbox's ShotGrid and S3."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onepiece_core.deliver.naming import Namer
from onepiece_core.errors import DestinationDiffers, EntityMissing, NothingToDeliver, UsageError
from tests.support.deliveries import DeliveryWorld
from tests.support.media import write_png


@pytest.fixture
def world(studio, tmp_path: Path) -> DeliveryWorld:
    return DeliveryWorld.of(studio.env, tmp_path)


def problems(plan) -> dict[str, list[str]]:
    return {version.code: [problem.code for problem in version.problems] for version in plan.versions}


def test_approved_versions_arrive_and_the_others_do_not(world):
    world.publish("comp_v001")
    world.publish("comp_v002", status="rev")
    report = world.deliver(manifest=world.root / "P")

    with zipfile.ZipFile(world.root / "out.zip") as archive:
        assert archive.testzip() is None
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        names = archive.namelist()
        assert archive.read("comp_v001.mov") == b"comp_v001" * 5000
    assert names[:6] == [*(f"comp_v001/comp_v001.{frame}.exr" for frame in range(1001, 1006)), "comp_v001.mov"]
    assert not any("comp_v002" in name for name in names)
    stored = world.stored()
    assert set(stored) == {f"{world.code}/out/out.{ending}" for ending in ("zip", "csv", "json")}
    assert stored[f"{world.code}/out/out.zip"] == (world.root / "out.zip").read_bytes()
    told = json.loads((world.root / "P.json").read_text())
    assert [version["code"] for version in told["versions"]] == ["comp_v001"]
    assert all(file["proven"] for file in told["versions"][0]["files"])
    assert len(list(csv.DictReader(io.StringIO((world.root / "P.csv").read_text())))) == 6
    (delivery,) = world.deliveries()
    assert (delivery["id"], [each["name"] for each in delivery["versions"]]) == (report.delivery, ["comp_v001"])


def test_the_same_content_gives_the_same_bytes_whenever_and_wherever(world):
    world.publish("comp_v001")
    world.publish("comp_v002", shot="0020")
    first = world.deliver()
    (world.root / "out.zip").rename(world.root / "first.zip")
    again = world.deliver()
    elsewhere = world.deliver(output=world.root / "other" / "name.zip")
    assert (world.root / "first.zip").read_bytes() == (world.root / "out.zip").read_bytes()
    assert first.xxh128 == again.xxh128 == elsewhere.xxh128
    assert all(sent.was_there for sent in again.sent)
    assert len(world.deliveries()) == 2


def test_only_the_receipt_tells_who_and_when(world):
    world.publish("comp_v001")
    report = world.deliver()
    told = json.loads(report.receipt.read_text())
    assert told["host"]
    assert told["user"]
    assert told["operation"] == report.operation
    inside = (world.root / "out.zip").read_bytes()
    assert told["operation"].encode() not in inside
    assert told["host"].encode() not in inside


def test_a_frame_that_changed_since_the_publish_keeps_its_version_out_and_is_named(world):
    folder = world.publish("comp_v001")
    world.publish("comp_v002", shot="0020")
    frame = folder / "renders" / "comp_v001.1003.exr"
    frame.write_bytes(frame.read_bytes()[:-1] + b"X")
    assert problems(world.plan(reads=True)) == {"comp_v001": ["delivery.media_changed"], "comp_v002": []}

    report = world.deliver()
    assert [version.code for version in report.delivered] == ["comp_v002"]
    (refused,) = report.plan.refused
    assert "comp_v001.1003.exr" in refused.problems[0].message
    with zipfile.ZipFile(world.root / "out.zip") as archive:
        assert archive.testzip() is None
        assert not any("comp_v001" in name for name in archive.namelist())
    assert b"comp_v001" not in (world.root / "out.zip").read_bytes()


def test_a_manifest_that_was_made_to_fit_the_changed_frame_is_not_believed(world):
    folder = world.publish("comp_v001")
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"tool":', b'"tool" :', 1))
    assert problems(world.plan()) == {"comp_v001": ["delivery.record_damaged"]}


def test_other_bytes_at_the_destination_stop_everything_before_anything_is_written(world):
    world.publish("comp_v001")
    (world.root / "out.zip").write_bytes(b"somebody's")
    with pytest.raises(DestinationDiffers):
        world.deliver(manifest=world.root / "P")
    assert (world.root / "out.zip").read_bytes() == b"somebody's"
    assert not (world.root / "P.json").exists()
    assert (world.stored(), world.deliveries()) == ({}, [])
    assert not list(world.root.glob(".*.part"))


def test_other_bytes_in_the_bucket_are_neither_overwritten_nor_skipped(world):
    world.publish("comp_v001")
    world.deliver()
    world.publish("comp_v002")
    with pytest.raises(DestinationDiffers, match="holds other bytes"):
        world.deliver(output=world.root / "again" / "out.zip")
    assert not (world.root / "again" / "out.zip").exists()
    assert len(world.deliveries()) == 1


def test_what_is_wrong_with_a_version_is_told_before_anything_is_written(world):
    world.version("no_media_v001")
    world.version("gone_v001", sg_path_to_movie=str(world.root / "gone.mov"))
    folder = world.publish("gap_v001")
    (folder / "renders" / "gap_v001.1003.exr").unlink()
    world.publish("range_v001", sg_last_frame=1010)
    bare = write_png(world.root / "bare.png")
    world.version("bare_v001", sg_path_to_movie=str(bare))
    cut = write_png(world.root / "cut.png")
    cut.write_bytes(cut.read_bytes()[:-20])
    world.version("cut_v001", sg_path_to_movie=str(cut))
    assert problems(world.plan()) == {
        "bare_v001": ["delivery.hash_unknown"],
        "cut_v001": ["delivery.hash_unknown", "delivery.media_damaged"],
        "gap_v001": ["delivery.frames_missing"],
        "gone_v001": ["delivery.media_missing"],
        "no_media_v001": ["delivery.media_missing"],
        "range_v001": ["delivery.range_differs"],
    }
    assert [version.code for version in world.plan().ready] == ["bare_v001"]
    assert world.plan(require_hash=True).ready == ()


def test_names_that_are_one_name_elsewhere_are_refused_on_both_sides(world):
    for number, name in enumerate(("A.png", "a.png", "twice.png", "twice.png", "con.png")):
        path = world.root / str(number) / name
        path.parent.mkdir()
        write_png(path)
        world.version(f"v{number}", sg_path_to_movie=str(path))
    told = problems(world.plan())
    assert [codes[-1] for codes in told.values()] == ["delivery.name_collision"] * 4 + ["delivery.name_not_portable"]
    with pytest.raises(NothingToDeliver):
        world.deliver()
    assert len(world.plan(naming="{code}/{name}.{ext}").ready) == 4


def test_a_clients_names_can_be_traced_back(world):
    world.publish("FG_0010_comp_v001")
    report = world.deliver(
        naming="{show}/{shot}_v{version}/{shot}_v{version}.{frame}.{ext}", renumber=True, preset=_frames(world)
    )
    told = json.loads(world.stored()[f"{world.code}/out/out.json"])
    (version,) = told["versions"]
    assert version["files"][0]["path"] == f"{world.code}/0010_v001/0010_v001.0001.exr"
    assert [(file["frame"], file["original_frame"]) for file in version["files"]] == [
        (number, 1000 + number) for number in range(1, 6)
    ]
    assert version["files"][4]["original"] == "FG_0010_comp_v001.1005.exr"
    assert report.delivered


def _frames(world: DeliveryWorld) -> str:
    path = world.root / "client.toml"
    path.write_text('media = ["frames"]\nhashes = ["md5"]\nfirst_frame = 1\n')
    return str(path)


def test_a_template_whose_names_cannot_be_read_back_is_refused(world):
    world.publish("comp_v001")
    assert problems(world.plan(naming="{shot}{code}.{frame}.{ext}", preset=_frames(world))) == {
        "comp_v001": ["delivery.name_invalid"]
    }


def test_the_tool_of_the_standard_accepts_the_delivery(world):
    world.publish("comp_v001")
    world.deliver()
    zipfile.ZipFile(world.root / "out.zip").extractall(world.root / "unpacked")
    tool = Path(sys.executable).with_name("ascmhl")
    told = subprocess.run([tool, "diff", world.root / "unpacked"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    (world.root / "unpacked" / "comp_v001.mov").write_bytes(b"another")
    told = subprocess.run([tool, "verify", world.root / "unpacked"], capture_output=True, text=True, check=False)
    assert told.returncode != 0


def test_a_folder_appears_whole_and_is_uploaded_with_its_manifest_last(world):
    world.publish("comp_v001")
    report = world.deliver(output=world.root / "package", format="folder")
    files = {
        path.relative_to(world.root / "package").as_posix()
        for path in (world.root / "package").rglob("*")
        if path.is_file()
    }
    assert {key.removeprefix(f"{world.code}/package/") for key in world.stored()} == files
    assert report.sent[-1].uri.endswith("/package/manifest.json")
    assert world.deliver(output=world.root / "package", format="folder").was_there


def test_media_in_a_bucket_is_delivered_and_compared_with_its_hash(world):
    from onepiece_core.storage.opening import open_store

    store = open_store("client-in", world.aws)
    key = f"{world.code}/plate_v001.mov"
    store.put(key, b"plate", metadata={"xxh128": "0" * 32})
    world.version("plate_v001", sg_path_to_movie=f"s3://client-in/{key}")
    assert problems(world.plan(reads=True)) == {"plate_v001": ["delivery.media_changed"]}
    from onepiece_core.checksums import hash_bytes

    store.put(key, b"plate", metadata={"xxh128": hash_bytes(b"plate")})
    assert world.deliver().delivered


def test_a_status_or_an_episode_that_is_not_there_is_no_empty_delivery(world):
    world.publish("comp_v001")
    with pytest.raises(UsageError, match="yes"):
        world.plan(statuses=("yes",))
    with pytest.raises(EntityMissing, match="EP77"):
        world.plan(episodes=("EP77",))


def test_a_template_must_be_well_formed():
    from onepiece_core.errors import NameInvalid

    with pytest.raises(NameInvalid):
        Namer("{nothing}", "FG", None)


def test_since_asks_for_what_was_made_or_approved_later_and_not_for_what_was_only_delivered(world):
    for name, status in (("old_v001", "apr"), ("approved_v001", "rev")):
        world.publish(name, status=status)
    world.deliver()
    time.sleep(1.1)  # the site tells whole seconds
    since = datetime.now(UTC)
    time.sleep(1.1)
    (row,) = world.tracker.find("Version", [["project", "is", world.project()], ["code", "is", "approved_v001"]])
    world.tracker.update("Version", row["id"], {"sg_status_list": "apr"})
    world.publish("made_v001")
    assert [version.code for version in world.plan(since=since).versions] == ["approved_v001", "made_v001"]
    world.deliver(output=world.root / "all.zip")
    assert "old_v001" not in [version.code for version in world.plan(since=since).versions]
