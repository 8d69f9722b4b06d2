"""Verify in S3: the same package, the same findings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.errors import BucketMissing, ManifestMissing, StorageUnavailable
from onepiece_core.storage.opening import open_store
from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.storage.store import Store
from onepiece_core.verify import VerifyReport, verify_package
from tests.support.packages import CONTENT, SCENE_NAME, make_package
from tests.support.weed import Weed

BUCKET = "verify-tests"
PREFIX = f"vfx/FG/{SCENE_NAME}"
FRAME = f"renders/{SCENE_NAME}.1003.exr"


@pytest.fixture
def store(weed: Weed, tmp_path: Path) -> Iterator[Store]:
    """A bucket that holds one package, and another whose name starts with the first one's."""
    create_bucket(weed.aws, BUCKET)
    store = open_store(BUCKET, weed.aws)
    package = make_package(tmp_path)
    for path in sorted(package.rglob("*")):
        if path.is_file():
            store.put(f"{PREFIX}/{path.relative_to(package).as_posix()}", path.read_bytes())
    store.put(f"{PREFIX}/.onepiece/claim.json", b"{}")
    store.put(f"{PREFIX}_proxy/stranger.exr", b"x")
    yield store
    for info in list(store.iter_objects()):
        store.delete(info.key)


def found(report: VerifyReport) -> list[tuple[str, str]]:
    return [(finding.kind, finding.path) for finding in report.findings]


def test_a_sound_package_has_no_findings(store: Store) -> None:
    report = verify_package(store, f"{PREFIX}/")
    assert found(report) == []
    assert report.files == len(CONTENT) + 3
    assert report.place == f"s3://{BUCKET}/{PREFIX}"


def test_flipped_missing_added_and_renamed_objects_are_named(store: Store) -> None:
    store.put(f"{PREFIX}/{FRAME}", b"frame 1OO3")
    store.delete(f"{PREFIX}/renders/{SCENE_NAME}.1004.exr")
    store.put(f"{PREFIX}/renders/stranger.exr", b"stranger")
    store.put(f"{PREFIX}/scene/new.nk", b"the scene")
    store.delete(f"{PREFIX}/scene/{SCENE_NAME}.nk")
    assert found(verify_package(store, PREFIX)) == [
        ("flipped", FRAME),
        ("missing", f"renders/{SCENE_NAME}.1004.exr"),
        ("added", "renders/stranger.exr"),
        ("renamed", f"scene/{SCENE_NAME}.nk"),
    ]


def test_a_prefix_that_holds_no_package_is_told_so(store: Store) -> None:
    with pytest.raises(ManifestMissing, match=f"s3://{BUCKET}/vfx/FG"):
        verify_package(store, "vfx/FG")


def test_a_store_that_does_not_answer_is_no_broken_package(weed: Weed) -> None:
    with pytest.raises(BucketMissing):
        verify_package(open_store("no-such-bucket", weed.aws), PREFIX)
    away = weed.aws.model_copy(update={"endpoint_url": "http://127.0.0.1:9"})
    with pytest.raises(StorageUnavailable):
        verify_package(open_store(BUCKET, away), PREFIX)
