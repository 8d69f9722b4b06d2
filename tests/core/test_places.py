"""Buckets, prefixes and contexts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from onepiece_core.errors import UsageError
from onepiece_core.storage.places import Place, checked_bucket, parse_s3_uri, publish_place, resolve_bucket


@dataclass(frozen=True)
class Context:
    bucket: str
    prefix: str


CONTEXTS = {"vendor_in": Context("vendor-in", ""), "client_out": Context("studio-exchange", "clients/out/")}


def test_a_publish_goes_to_show_type_show_and_scene() -> None:
    place = publish_place("vfx", "FG", "FG_ep010_sc02_0010_comp_v001", Place("my-bucket"))
    assert place.uri == "s3://my-bucket/vfx/FG/FG_ep010_sc02_0010_comp_v001"
    assert place.key("renders/a.exr") == "vfx/FG/FG_ep010_sc02_0010_comp_v001/renders/a.exr"


def test_a_contexts_name_stands_for_its_bucket_and_prefix() -> None:
    assert resolve_bucket("vendor_in", CONTEXTS) == Place("vendor-in")
    assert resolve_bucket("client_out", CONTEXTS) == Place("studio-exchange", "clients/out")
    assert resolve_bucket("plain-bucket", CONTEXTS) == Place("plain-bucket")
    assert publish_place("vfx", "FG", "x_v001", resolve_bucket("client_out", CONTEXTS)).prefix == (
        "clients/out/vfx/FG/x_v001"
    )


@pytest.mark.parametrize("name", ["vendor_out", "", "ab", "Upper", "-a-b", "a-b-", "a..b", "10.0.0.1", "a/b", "x" * 64])
def test_what_is_neither_a_bucket_nor_a_context_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        resolve_bucket(name, CONTEXTS)


@pytest.mark.parametrize("name", ["abc", "my-bucket", "my.bucket", "1bucket", "x" * 63])
def test_buckets_names_are_taken(name: str) -> None:
    assert checked_bucket(name) == name


def test_addresses_are_read() -> None:
    assert parse_s3_uri("s3://my-bucket") == parse_s3_uri("s3://my-bucket/") == Place("my-bucket")
    assert parse_s3_uri("s3://my-bucket/a/b c/") == Place("my-bucket", "a/b c")
    assert parse_s3_uri("S3://my-bucket/a") == Place("my-bucket", "a")
    assert parse_s3_uri("s3://client_out/FG", CONTEXTS) == Place("studio-exchange", "clients/out/FG")
    assert str(parse_s3_uri("s3://my-bucket/a")) == "s3://my-bucket/a"


@pytest.mark.parametrize(
    "text",
    [
        *("", "my-bucket", "http://x/y", "s3:/my-bucket", "s3://", "s3:///a"),
        *("s3://my-bucket/../a", "s3://my-bucket/a//b", "s3://my-bucket/a/./b"),
        *("s3://my-bucket/a\\b", "s3://my-bucket/a\nb", "s3://my-bucket/" + "x" * 1025),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_s3_uri(text)


def test_empty_parts_are_left_out() -> None:
    assert Place("my-bucket", "a").under("", "b/c", "").prefix == "a/b/c"
    assert Place("my-bucket").key("x") == "x"
