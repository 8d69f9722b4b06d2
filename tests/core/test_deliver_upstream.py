"""Manifests that came with the media, and media that lies elsewhere than a Version's paths say."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.checksums import hash_bytes
from onepiece_core.errors import ManifestError
from onepiece_core.storage.opening import open_store
from tests.support.deliveries import BUCKET, DeliveryWorld
from tests.support.media import write_png


@pytest.fixture
def world(studio, tmp_path: Path) -> DeliveryWorld:
    return DeliveryWorld.of(studio.env, tmp_path)


def codes(plan) -> dict[str, list[str]]:
    return {version.code: [problem.code for problem in version.problems] for version in plan.versions}


def bare(world: DeliveryWorld, name: str = "bare_v001") -> Path:
    """An approved Version of a picture that no publish has recorded."""
    path = world.root / "drop" / f"{name}.png"
    path.parent.mkdir()
    write_png(path)
    world.version(name, sg_path_to_movie=str(path))
    return path


def vendors_csv(world: DeliveryWorld, name: str, checksum: str) -> Path:
    path = world.root / "vendor.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["show", "version", "delivery_path", "checksum"])
        writer.writerow([world.code, "1", name, checksum])
    return path


def as_json(world: DeliveryWorld, told: Any) -> Path:
    path = world.root / "upstream.json"
    path.write_text(json.dumps(told))
    return path


def told_by(world: DeliveryWorld) -> dict[str, Any]:
    return json.loads(world.stored()[f"{world.code}/out/out.json"])


def test_a_vendors_hash_proves_what_no_publish_has_recorded(world):
    path = bare(world)
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    upstream = (vendors_csv(world, f"drop/{path.name}", f"md5:{md5}"),)
    assert codes(world.plan(require_hash=True)) == {"bare_v001": ["delivery.hash_unknown"]}
    assert codes(world.plan(require_hash=True, upstream=upstream)) == {"bare_v001": []}
    world.deliver(require_hash=True, upstream=upstream)
    told = told_by(world)
    assert told["upstream"] == [{"name": "vendor.csv", "xxh128": hash_bytes(upstream[0].read_bytes())}]
    assert told["versions"][0]["files"][0]["proven"]
    assert set(told["versions"][0]["files"][0]["hashes"]) == {"xxh128", "xxh64"}


def test_media_that_is_not_what_its_upstream_manifest_says_stays_out(world):
    path = bare(world)
    world.publish("comp_v001")
    upstream = (vendors_csv(world, path.name, f"sha1:{'0' * 40}"),)
    assert codes(world.plan(reads=True, upstream=upstream))["bare_v001"] == ["delivery.media_changed"]
    report = world.deliver(upstream=upstream)
    assert [version.code for version in report.delivered] == ["comp_v001"]
    with zipfile.ZipFile(world.root / "out.zip") as archive:
        assert not [name for name in archive.namelist() if "bare" in name]


def test_the_manifest_of_a_package_and_that_of_an_earlier_delivery_are_taken(world):
    folder = world.publish("comp_v001")
    world.deliver(manifest=world.root / "P")
    package = world.root / "package.json"
    shutil.copy(folder / "manifest.json", package)
    (folder / "manifest.json").unlink()
    shutil.rmtree(folder / "ascmhl")
    assert codes(world.plan(require_hash=True))["comp_v001"].count("delivery.hash_unknown") >= 1
    for upstream in (package, world.root / "P.json"):
        assert codes(world.plan(reads=True, require_hash=True, upstream=(upstream,))) == {"comp_v001": []}
    frame = folder / "renders" / "comp_v001.1002.exr"
    frame.write_bytes(frame.read_bytes()[::-1])
    for upstream in (package, world.root / "P.json"):
        plan = world.plan(reads=True, upstream=(upstream,))
        assert codes(plan) == {"comp_v001": ["delivery.media_changed"]}


def test_an_upstream_manifest_that_contradicts_the_publish_is_not_believed(world):
    world.publish("comp_v001")
    upstream = world.root / "upstream.json"
    name = "comp_v001.mov"
    upstream.write_text(delivery_of({"path": name, "original": name, "hashes": {"xxh128": "0" * 32}}))
    assert codes(world.plan(upstream=(upstream,))) == {"comp_v001": ["delivery.record_damaged"]}


def test_files_of_one_name_are_told_apart_by_their_folders(world):
    paths = [world.root / folder / "plate.png" for folder in "ab"]
    for path in paths:
        path.parent.mkdir()
        write_png(path, seed=str(path))
        world.version(f"plate_{path.parent.name}_v001", sg_path_to_movie=str(path))
    told = [
        {"delivery_path": f"{p.parent.name}/plate.png", "checksum": f"xxh128:{hash_bytes(p.read_bytes())}"}
        for p in paths
    ]
    upstream = as_json(world, {"files": [{"show": world.code, "version": 1, **each} for each in told]})
    asked = {"reads": True, "require_hash": True, "naming": "{code}.{ext}"}
    assert codes(world.plan(upstream=(upstream,), **asked)) == {"plate_a_v001": [], "plate_b_v001": []}
    for each in told:
        each["delivery_path"] = f"elsewhere_{each['delivery_path']}"
    upstream = as_json(world, {"files": [{"show": world.code, "version": 1, **each} for each in told]})
    refused = ["delivery.record_damaged"]
    assert codes(world.plan(upstream=(upstream,), **asked)) == {"plate_a_v001": refused, "plate_b_v001": refused}


@pytest.mark.parametrize("told", [{}, {"files": []}, {"schema": "client.1", "title": "a package"}], ids=str)
def test_without_a_list_of_entries_the_delivery_still_says_what_is_in_it(world, told):
    path = bare(world)
    report = world.deliver(upstream=(as_json(world, told),))
    assert codes(report.plan) == {"bare_v001": ["delivery.hash_unknown"]}
    (file,) = told_by(world)["versions"][0]["files"]
    assert file["hashes"]["xxh128"] == hash_bytes(path.read_bytes())
    assert (file["size_bytes"], file["proven"]) == (path.stat().st_size, False)


def delivery_of(*files: Any) -> str:
    return json.dumps({"schema": "onepiece.delivery.1", "versions": [{"files": files}]})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"files": [1]}',
        '{"files": [], "files": []}',
        '{"schema": "onepiece.package.1"}',
        delivery_of({"path": 1}),
        delivery_of({"path": "a", "original": "a", "hashes": {"md5": "x"}}),
    ],
)
def test_a_damaged_upstream_manifest_stops_the_delivery(world, text):
    bare(world)
    path = world.root / "upstream.json"
    path.write_text(text)
    with pytest.raises(ManifestError):
        world.plan(upstream=(path,))


def test_a_vendors_row_with_a_damaged_checksum_is_named(world):
    bare(world)
    with pytest.raises(ManifestError, match="line 2"):
        world.plan(upstream=(vendors_csv(world, "bare_v001.png", "md5:not hexadecimal"),))


def published_file(world: DeliveryWorld, version: str, path: str, **more: Any) -> None:
    row = world.tracker.find_one("Version", [["project", "is", world.project()], ["code", "is", version]])
    data = {"project": world.project(), "code": path.rpartition("/")[2], "version": row, "path_cache": path}
    world.tracker.create("PublishedFile", {**data, **more})


def test_a_version_without_paths_is_found_by_its_published_files(world):
    folder = world.publish("comp_v001", sg_path_to_frames=None, sg_path_to_movie=None)
    assert codes(world.plan()) == {"comp_v001": ["delivery.media_missing"]}
    published_file(world, "comp_v001", f"{folder}/scene/comp_v001.ma")
    published_file(world, "comp_v001", f"{folder}/renders/comp_v001.%04d.exr")
    published_file(world, "comp_v001", f"{folder}/previews/comp_v001.mov")
    (version,) = world.plan(reads=True, require_hash=True).versions
    assert not version.problems
    assert len(version.entries) == 6


def test_a_path_that_is_not_here_is_looked_for_in_the_published_files(world):
    folder = world.publish("comp_v001", sg_path_to_frames="/mnt/other/renders/comp_v001.%04d.exr", sg_path_to_movie="")
    assert codes(world.plan()) == {"comp_v001": ["delivery.media_missing"]}
    store = open_store(BUCKET, world.aws)
    for frame in (folder / "renders").iterdir():
        data = frame.read_bytes()
        store.put(f"{world.code}/elsewhere/{frame.name}", data, metadata={"xxh128": hash_bytes(data)})
    published_file(world, "comp_v001", f"s3://{BUCKET}/{world.code}/elsewhere/comp_v001.%04d.exr")
    (version,) = world.plan(reads=True, require_hash=True).versions
    assert not version.problems
    assert {entry.media.bucket for entry in version.entries} == {BUCKET}


def test_a_package_that_is_not_here_is_taken_from_the_bucket_of_publishes(world):
    folder = world.publish("comp_v001")
    gone = "/mnt/other/comp_v001/{kind}/comp_v001.{end}"
    world.tracker.update(
        "Version",
        world.tracker.find_one("Version", [["project", "is", world.project()], ["code", "is", "comp_v001"]])["id"],
        {
            "sg_path_to_frames": gone.format(kind="renders", end="%04d.exr"),
            "sg_path_to_movie": gone.format(kind="previews", end="mov"),
        },
    )
    store = open_store(BUCKET, world.aws)
    for path in folder.rglob("*"):
        if path.is_file():
            store.put(f"vfx/{world.code}/comp_v001/{path.relative_to(folder).as_posix()}", path.read_bytes())
    assert set(codes(world.plan())["comp_v001"]) == {"delivery.media_missing"}
    world.publish_bucket = BUCKET
    (version,) = world.plan(reads=True, require_hash=True).versions
    assert not version.problems
    assert len(version.entries) == 6
    assert world.deliver().delivered
