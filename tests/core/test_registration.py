"""What a package becomes in the tracker depends on the package alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onepiece_core.manifest.package import PackageFile, PackageFrames, PackageItem, PackageManifest
from onepiece_core.publish.registration import ROWS_A_REQUEST, RegistrationTarget, find_movie, registration_writes
from onepiece_core.tracker.file_paths import LocalRoot, file_link
from tests.support.outbox import DIGEST, make_manifest

ROOT = "/projects/FG/publishes/FG_ep010_sc02_0010_comp_v004"
STORAGE = {"type": "LocalStorage", "id": 3}


def target(**changed: Any) -> RegistrationTarget:
    return RegistrationTarget(**{"project": {"code": "FG"}, "package_root": ROOT, "s3_uri": "s3://b/FG", **changed})


def payload(manifest: PackageManifest, kind: str, **changed: Any) -> dict[str, Any]:
    return next(write.payload for write in registration_writes(manifest, target(**changed)) if write.kind == kind)


def test_writes_come_in_the_order_in_which_they_need_each_other() -> None:
    writes = registration_writes(make_manifest(), target(thumbnail="/tmp/t.jpg"))

    assert [write.seq for write in writes] == [1, 2, 3, 4, 5, 6, 7]
    kinds = [write.kind for write in writes]
    assert kinds == ["context", "version", "file_type", "files", "links", "thumbnail", "movie"]
    for write in writes:
        assert all(ref < write.seq for ref in refs(write.payload))
        json.dumps(write.payload)


def refs(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [value["$ref"]] if "$ref" in value else [ref for each in value.values() for ref in refs(each)]
    return [ref for each in value for ref in refs(each)] if isinstance(value, list) else []


def test_equal_packages_make_equal_writes() -> None:
    assert registration_writes(make_manifest(), target()) == registration_writes(make_manifest(), target())


def test_a_version_names_its_frames() -> None:
    data = payload(make_manifest(), "version", comment="second try")["data"]

    assert data["sg_path_to_frames"] == f"{ROOT}/renders/FG_ep010_sc02_0010_comp_v004.%04d.exr"
    assert data["sg_path_to_movie"] == f"{ROOT}/previews/FG_ep010_sc02_0010_comp_v004.mov"
    assert (data["sg_first_frame"], data["sg_last_frame"], data["frame_count"]) == (1001, 1003, 3)
    assert data["frame_range"] == "1001-1003"
    assert data["description"] == "second try"


def test_a_gap_is_not_counted_as_a_frame() -> None:
    manifest = make_manifest()
    items = [
        item.model_copy(update={"last": 1004, "frames": "1001-1002,1004", "missing": "1003"})
        if item.role == "render"
        else item
        for item in manifest.items
    ]
    data = payload(manifest.model_copy(update={"items": tuple(items)}), "version")["data"]
    assert (data["sg_last_frame"], data["frame_count"]) == (1004, 3)


@pytest.mark.parametrize(
    ("roles", "path"),
    [(("scene",), f"{ROOT}/scene/FG_ep010_sc02_0010_comp_v004.nk"), (("otio",), ROOT)],
)
def test_a_version_without_frames_is_found_by_its_scene_or_package(roles: tuple[str, ...], path: str) -> None:
    manifest = make_manifest()
    kept = tuple(item for item in manifest.items if item.role in roles)
    manifest = manifest.model_copy(update={"items": kept, "frame_range": PackageFrames(first=1, last=5)})

    data = payload(manifest, "version")["data"]
    assert data["sg_path_to_frames"] == path
    assert data["frame_count"] == 5


def test_a_published_file_is_grouped_by_a_name_without_version() -> None:
    files = payload(make_manifest(), "files")["files"]

    assert {each["code"]: each["name"] for each in files} == {
        "FG_ep010_sc02_0010_comp_v004.nk": "FG_ep010_sc02_0010_comp.nk",
        "FG_ep010_sc02_0010_comp_v004.%04d.exr": "FG_ep010_sc02_0010_comp.%04d.exr",
        "FG_ep010_sc02_0010_comp_v004.mov": "FG_ep010_sc02_0010_comp.mov",
        "FG_ep010_sc02_0010_comp_v004.otio": "FG_ep010_sc02_0010_comp.otio",
    }
    assert {each["version_number"] for each in files} == {4}
    assert {each["path"] for each in files} >= {f"{ROOT}/renders/FG_ep010_sc02_0010_comp_v004.%04d.exr"}


@pytest.mark.parametrize(
    ("dcc", "code"), [("maya", "Maya Scene"), ("blender", "Blender Scene"), ("somethingelse", "Scene")]
)
def test_a_scene_is_of_its_dccs_type(dcc: str, code: str) -> None:
    codes = payload(make_manifest().model_copy(update={"dcc": dcc}), "file_type")["codes"]
    assert sorted([code, "Movie", "OpenTimelineIO", "Rendered Image"]) == codes


def test_previews_hang_on_the_scene_where_nothing_was_rendered() -> None:
    manifest = make_manifest()
    kept = tuple(item for item in manifest.items if item.role != "render")
    (link,) = payload(manifest.model_copy(update={"items": kept}), "links")["links"]
    assert (link["from"]["key"][-4:], link["to"]["key"][-3:]) == (".mov", ".nk")


def test_the_review_movie_is_the_first_preview_that_is_one() -> None:
    manifest = make_manifest(movie_bytes=77)
    movie = find_movie(manifest)
    assert movie is not None
    assert movie.path.endswith(".mov")
    assert payload(manifest, "movie")["size_bytes"] == 77
    assert find_movie(manifest, "previews/nothing.mov") is None


def test_many_items_go_in_several_transactions_and_their_links_find_them() -> None:
    count = ROWS_A_REQUEST * 2 + 1
    names = [f"plate{number:04d}.exr" for number in range(count)]
    manifest = make_manifest().model_copy(
        update={
            "items": (
                PackageItem(name="scene.nk", role="scene", pattern="scene/scene.nk"),
                *(PackageItem(name=name, role="render", pattern=f"renders/{name}") for name in names),
            ),
            "files": tuple(
                PackageFile(path=f"renders/{name}", role="render", size_bytes=1, xxh128=DIGEST, mtime_ns=1)
                for name in names
            ),
        }
    )
    writes = registration_writes(manifest, target())

    by_kind = [write.kind for write in writes]
    assert (by_kind.count("files"), by_kind.count("links")) == (3, 3)
    where = {each["code"]: write.seq for write in writes if write.kind == "files" for each in write.payload["files"]}
    links = [each for write in writes if write.kind == "links" for each in write.payload["links"]]
    assert len(links) == count
    assert all(where[end["key"]] == end["$ref"] for each in links for end in each.values())


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/projects/FG/a.%04d.exr",
            {"path": {"relative_path": "FG/a.%04d.exr", "local_storage": STORAGE}, "path_cache": "FG/a.%04d.exr"},
        ),
        (
            "p:\\Projects\\FG\\a.exr",
            {"path": {"relative_path": "FG/a.exr", "local_storage": STORAGE}, "path_cache": "FG/a.exr"},
        ),
        (
            "/projects2/a b.%04d.exr",
            {
                "path": {"url": "file:///projects2/a%20b.%2504d.exr", "name": "a b.%04d.exr"},
                "path_cache": "/projects2/a b.%04d.exr",
            },
        ),
        (
            "s3://bucket/FG/a.exr",
            {"path": {"url": "s3://bucket/FG/a.exr", "name": "a.exr"}, "path_cache": "s3://bucket/FG/a.exr"},
        ),
    ],
)
def test_a_file_lies_below_a_storage_of_the_site_or_has_a_url(path: str, expected: dict[str, Any]) -> None:
    roots = [LocalRoot("P:/projects", STORAGE), LocalRoot("/projects", STORAGE)]
    assert file_link(path, roots) == expected


def test_paths_of_a_windows_package_keep_their_slashes() -> None:
    data = payload(make_manifest(), "version", package_root="P:\\projects\\FG\\x")["data"]
    assert data["sg_path_to_frames"] == "P:\\projects\\FG\\x\\renders\\FG_ep010_sc02_0010_comp_v004.%04d.exr"
