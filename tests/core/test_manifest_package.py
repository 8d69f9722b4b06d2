"""The package manifest: strict in, deterministic out."""

from __future__ import annotations

import json
import random

import pytest
from pydantic import ValidationError

from onepiece_core.errors import ManifestError
from onepiece_core.manifest.package import PackageFile, PackageItem, dump_manifest, load_manifest
from tests.support.packages import CONTENT, make_manifest

DIGEST = "0" * 32


def test_what_is_written_is_read_back() -> None:
    item = PackageItem(
        name="a.%04d.exr", role="render", pattern="renders/a.%04d.exr", first=1001, last=1003, missing="1002", files=2
    )
    manifest = make_manifest(CONTENT, items=(item,), metadata={"fps": 23.976, "notes": ["é", None]})
    assert load_manifest(dump_manifest(manifest), where="here") == manifest


def test_the_same_content_gives_the_same_bytes_whatever_the_order() -> None:
    shuffled = list(CONTENT.items())
    random.Random(7).shuffle(shuffled)
    one = make_manifest(CONTENT, metadata={"b": {"y": 1, "x": 2}, "a": 1})
    other = make_manifest(dict(shuffled), metadata={"a": 1, "b": {"x": 2, "y": 1}})
    assert dump_manifest(one) == dump_manifest(other)


def test_a_byte_order_mark_is_skipped() -> None:
    manifest = make_manifest(CONTENT)
    assert load_manifest(b"\xef\xbb\xbf" + dump_manifest(manifest), where="here") == manifest


def _changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(dump_manifest(make_manifest(CONTENT))), **fields}).encode()


def _file(**fields: object) -> dict[str, object]:
    return {"path": "renders/a.exr", "role": "render", "size_bytes": 1, "xxh128": DIGEST, "mtime_ns": 0, **fields}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no sound JSON"),
        (b"{", "line 1"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[]", "no object"),
        (b"{}", "schema"),
        (b'{"schema": "onepiece.package.2"}', "onepiece.package.2"),
        (b'{"schema": 1, "schema": 2}', "'schema' is there twice"),
        (b'{"schema": NaN}', "NaN"),
        (b'{"schema": 1e999}', "too large"),
        (b'{"schema": "\\ud800"}', "surrogate"),
        (b'{"schema": ' + b"9" * 5000 + b"}", "no sound JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (_changed(surprise=1), "surprise"),
        (_changed(version="4"), "version"),
        (_changed(version=True), "version"),
        (_changed(version=4.0), "version"),
        (_changed(version=-1), "version"),
        (_changed(scene_name="../elsewhere"), "scene_name"),
        (_changed(created_at="yesterday"), "created_at"),
        (_changed(created_at="2025-03-01T12:00:00+02:00"), "created_at"),
        (_changed(files=[_file(), _file()]), "there twice"),
        (_changed(files=[_file(xxh128="ABC")]), "lower-case"),
        (_changed(files=[_file(hashes={"md5": "deadbeef"})]), "md5 of 32"),
        (_changed(files=[_file(hashes={"crc": "00"})]), "no known hash"),
        (_changed(files=[_file(role="scene")]), "inside the package"),
        (_changed(files=[_file(size_bytes=-1)]), "size_bytes"),
    ],
)
def test_an_unsound_manifest_is_refused_and_the_reason_told(data: bytes, told: str) -> None:
    with pytest.raises(ManifestError) as caught:
        load_manifest(data, where="PACKAGE/manifest.json")
    assert told in str(caught.value)
    assert "PACKAGE/manifest.json" in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "", ".", "..", "/etc/passwd", "renders", "renders/", "renders//a.exr", "renders/../../a", "renders/./a", "../a",
        "renders\\a.exr", "C:\\x", "C:x", "~/x", "renders/a\0b", "renders/..", "previews/a.exr",
    ],
)  # fmt: skip
def test_a_path_that_leaves_the_package_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        PackageFile(path=path, role="render", size_bytes=0, xxh128=DIGEST, mtime_ns=0)


@pytest.mark.parametrize("path", ["renders/a.exr", "renders/a..b/c.exr", "renders/...exr", "renders/é x/~a.1001.exr"])
def test_an_odd_path_that_stays_inside_is_taken(path: str) -> None:
    assert PackageFile(path=path, role="render", size_bytes=0, xxh128=DIGEST, mtime_ns=0).path == path
