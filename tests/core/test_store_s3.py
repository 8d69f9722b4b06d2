"""S3Store against a real server through a proxy that makes trouble."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import xxhash
from pydantic import SecretStr

from onepiece_core.config import AwsSettings
from onepiece_core.errors import (
    AccessDenied,
    BucketMissing,
    ConfigError,
    ConfigMissing,
    ObjectMissing,
    PreconditionFailed,
    SourceChanged,
    StorageError,
    StorageUnavailable,
    UsageError,
)
from onepiece_core.storage.opening import open_store
from onepiece_core.storage.s3 import listing
from onepiece_core.storage.s3.admin import create_bucket, describe_endpoint, list_buckets
from onepiece_core.storage.s3.client import resolve_target
from onepiece_core.storage.s3.errors import error_for
from onepiece_core.storage.s3.multipart import copy_in_parts
from onepiece_core.storage.s3.pool import Patience, Pool, Request
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.storage.store import IF_ABSENT, Condition
from tests.support.certificates import certificate
from tests.support.s3_proxy import HANG_UP, PASS, REPLY_LOST, Answer, S3Proxy, http_reply, refused, s3_proxy
from tests.support.weed import Weed

BUCKET = "trouble"
MIB = 1024 * 1024
QUICK = Patience(connect_seconds=1, read_seconds=1, base_seconds=0.001, cap_seconds=0.01)


@pytest.fixture
def proxy(weed: Weed) -> Iterator[S3Proxy]:
    create_bucket(weed.aws, BUCKET)
    with s3_proxy(weed.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def store(weed: Weed, proxy: S3Proxy) -> Iterator[S3Store]:
    aws = weed.aws.model_copy(update={"endpoint_url": proxy.url})
    store = S3Store(resolve_target(aws, BUCKET), patience=QUICK, part_bytes=5 * MIB)
    yield store
    for info in list(store.iter_objects()):
        store.delete(info.key)
    store.close()


def first(method: str, answer: Answer, times: int = 1) -> object:
    """A plan: the first calls of a method go wrong."""
    return lambda call, before: answer if call.method == method and before < times else PASS


def large_file(folder: Path) -> tuple[Path, int, str]:
    data = os.urandom(12 * MIB)
    path = folder / "large"
    path.write_bytes(data)
    return path, len(data), xxhash.xxh3_128(data).hexdigest()


# What was written although nobody heard of it


def test_a_claim_whose_reply_was_lost_is_known_as_ours(store: S3Store, proxy: S3Proxy) -> None:
    proxy.plan = first("PUT", REPLY_LOST)
    claimed = store.put("claim", b"mine", condition=IF_ABSENT, metadata={"who": "me"})
    assert proxy.methods() == ["PUT", "PUT", "HEAD"]
    assert store.find("claim") == claimed
    assert claimed.metadata == {"who": "me"}


def test_a_claim_whose_reply_was_lost_is_not_ours_when_another_stands_there(store: S3Store, proxy: S3Proxy) -> None:
    store.put("claim", b"theirs", condition=IF_ABSENT)
    proxy.plan = first("PUT", HANG_UP, times=2)
    with pytest.raises(PreconditionFailed):
        store.put("claim", b"theirs", condition=IF_ABSENT)


def test_a_renewal_whose_reply_was_lost_is_known_as_ours(store: S3Store, proxy: S3Proxy) -> None:
    etag = store.put("claim", b"1").etag
    proxy.plan = lambda call, before: REPLY_LOST if call.method == "PUT" and before == 1 else PASS
    renewed = store.put("claim", b"2", condition=Condition(if_match=etag))
    assert store.read("claim") == (b"2", store.find("claim"))
    assert store.put("claim", b"3", condition=Condition(if_match=renewed.etag)).etag != renewed.etag


def test_an_upload_in_parts_whose_last_reply_was_lost_is_known_as_ours(
    store: S3Store, proxy: S3Proxy, tmp_path: Path
) -> None:
    path, size, xxh128 = large_file(tmp_path)
    # The first POST starts the upload, the second completes it.
    proxy.plan = lambda call, before: REPLY_LOST if call.method == "POST" and before == 1 else PASS
    info = store.put_file("large", path, size_bytes=size, xxh128=xxh128, condition=IF_ABSENT, metadata={"a": "b"})
    there = store.find("large")
    assert there is not None
    assert (there.size_bytes, there.etag, there.metadata) == (size, info.etag, {"a": "b"})
    assert b"".join(store.iter_bytes("large")) == path.read_bytes()


def test_a_copy_whose_reply_was_lost_is_a_copy(store: S3Store, proxy: S3Proxy) -> None:
    etag = store.put("v001", b"frame").etag
    proxy.plan = lambda call, before: REPLY_LOST if call.method == "PUT" and before == 1 else PASS
    store.copy("v001", etag, "v002", condition=IF_ABSENT)
    assert store.read("v002")[0] == b"frame"


# What is worth repeating


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("503 Slow Down", "SlowDown"),
        ("500 Internal Server Error", "InternalError"),
        ("429 Too Many Requests", "TooManyRequests"),
        ("502 Bad Gateway", ""),
        ("504 Gateway Timeout", ""),
        ("400 Bad Request", "RequestTimeout"),
        ("409 Conflict", "ConditionalRequestConflict"),
    ],
)
def test_a_busy_server_is_asked_again(store: S3Store, proxy: S3Proxy, status: str, code: str) -> None:
    proxy.plan = first("PUT", refused(status, code), times=3)
    store.put("a", b"1", condition=IF_ABSENT)
    assert store.read("a")[0] == b"1"
    assert proxy.methods().count("PUT") == 4


def test_a_server_that_stays_busy_is_given_up(store: S3Store, proxy: S3Proxy) -> None:
    proxy.plan = first("PUT", refused("503 Slow Down", "SlowDown"), times=100)
    with pytest.raises(StorageUnavailable):
        store.put("a", b"1")
    assert len(proxy.calls) == QUICK.attempts


def test_the_server_says_how_long_to_wait(weed: Weed, proxy: S3Proxy) -> None:
    pauses: list[float] = []
    aws = weed.aws.model_copy(update={"endpoint_url": proxy.url})
    pool = Pool(resolve_target(aws, BUCKET), replace(QUICK, cap_seconds=60), sleep=pauses.append)
    proxy.plan = first("HEAD", refused("503 Slow Down", "SlowDown", "retry-after: 7"))
    pool.send(Request("reach", "HEAD", "", {}, {}))
    assert pauses == [7.0]


def test_a_refusal_is_not_repeated(store: S3Store, proxy: S3Proxy) -> None:
    proxy.plan = first("PUT", refused("403 Forbidden", "AccessDenied"), times=100)
    with pytest.raises(AccessDenied):
        store.put("a", b"1")
    assert len(proxy.calls) == 1


def test_a_connection_that_the_server_closed_is_replaced(store: S3Store, proxy: S3Proxy) -> None:
    store.put("a", b"1")
    proxy.plan = lambda _call, _before: Answer(cut=10_000_000)  # answers, then hangs up
    for number in range(3):
        store.put("a", bytes([number]))
    assert proxy.methods().count("PUT") == 4


def test_a_broken_download_goes_on_where_it_was(store: S3Store, proxy: S3Proxy) -> None:
    data = os.urandom(3 * MIB)
    store.put("a", data)
    proxy.plan = first("GET", Answer(cut=MIB), times=2)
    assert b"".join(store.iter_bytes("a")) == data
    ranges = [call.headers.get("range") for call in proxy.calls if call.method == "GET"]
    assert ranges[0] is None
    assert len(ranges) == 3
    assert all(text and text.startswith("bytes=") for text in ranges[1:])


def test_a_download_never_goes_on_in_another_object(store: S3Store, proxy: S3Proxy) -> None:
    store.put("a", os.urandom(3 * MIB))
    proxy.plan = first("GET", Answer(cut=MIB))
    pieces = store.iter_bytes("a")
    next(pieces)
    store.put("a", os.urandom(3 * MIB))
    with pytest.raises(PreconditionFailed):
        list(pieces)


def test_a_download_that_always_breaks_is_an_error(store: S3Store, proxy: S3Proxy) -> None:
    store.put("a", os.urandom(3 * MIB))
    proxy.plan = first("GET", Answer(cut=1000), times=1000)
    with pytest.raises(StorageError):
        list(store.iter_bytes("a"))


def test_a_server_that_refuses_early_is_understood(store: S3Store, proxy: S3Proxy) -> None:
    """Some reply before the body has arrived and hang up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(1000)
            client.sendall(
                http_reply("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>", "connection: close")
            )

    thread = threading.Thread(target=refuse)
    thread.start()
    aws = AwsSettings(
        endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
        access_key_id="a",
        secret_access_key=SecretStr("b"),
    )
    with pytest.raises((AccessDenied, StorageUnavailable)):
        S3Store(resolve_target(aws, "bucket"), patience=replace(QUICK, attempts=1)).put("a", b"x" * 5 * MIB)
    thread.join()
    listener.close()


# Who cannot be reached


def test_a_server_that_is_not_there_is_given_up_soon(weed: Weed) -> None:
    aws = weed.aws.model_copy(update={"endpoint_url": "http://127.0.0.1:1"})
    store = S3Store(resolve_target(aws, "bucket"), patience=QUICK)
    for ask in (store.now, lambda: store.find("a"), lambda: list(store.iter_objects()), lambda: store.put("a", b"")):
        with pytest.raises(StorageUnavailable) as caught:
            ask()
        assert caught.value.report.context["endpoint"] == "http://127.0.0.1:1"


def test_a_name_that_does_not_resolve_is_unavailable() -> None:
    aws = AwsSettings(endpoint_url="http://nowhere.invalid", access_key_id="a", secret_access_key=SecretStr("b"))
    with pytest.raises(StorageUnavailable):
        S3Store(resolve_target(aws, "bucket"), patience=QUICK).now()


def test_a_server_that_never_answers_is_given_up(weed: Weed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        store = S3Store(
            resolve_target(weed.aws.model_copy(update={"endpoint_url": url}), "bucket"),
            patience=replace(QUICK, read_seconds=0.05),
        )
        with pytest.raises(StorageUnavailable):
            store.find("a")


def test_a_server_that_speaks_no_http_is_unavailable(store: S3Store, proxy: S3Proxy) -> None:
    proxy.plan = first("HEAD", Answer(forward=False, reply=b"220 smtp ready\r\n\r\n", cut=100), times=100)
    with pytest.raises(StorageUnavailable):
        store.find("a")


# What the server refuses


@pytest.mark.parametrize("wrong", [{"access_key_id": "unknown"}, {"secret_access_key": SecretStr("wrong")}])
def test_keys_that_the_server_does_not_take_are_denied(weed: Weed, wrong: dict[str, object]) -> None:
    aws = weed.aws.model_copy(update=wrong)
    store = open_store(BUCKET, aws)
    asks = (lambda: store.find("a"), lambda: store.put("a", b""), lambda: list(store.iter_objects()))
    for ask in (*asks, lambda: list_buckets(aws)):
        with pytest.raises(AccessDenied):
            ask()


def test_a_secret_is_never_in_an_error(weed: Weed) -> None:
    store = open_store(BUCKET, weed.aws.model_copy(update={"secret_access_key": SecretStr("hush-hush")}))
    with pytest.raises(AccessDenied) as caught:
        store.put("a", b"")
    assert "hush" not in repr(caught.value) + caught.value.report.model_dump_json()
    assert "hush" not in repr(resolve_target(weed.aws, BUCKET).keys())


def test_a_bucket_that_is_not_there_is_named(weed: Weed) -> None:
    store = open_store("no-such-bucket", weed.aws)
    for ask in (lambda: store.put("a", b""), lambda: list(store.iter_objects())):
        with pytest.raises(BucketMissing, match="no-such-bucket"):
            ask()


def test_a_wrong_checksum_is_noticed_by_the_server(store: S3Store) -> None:
    """Our checksum header is really looked at."""
    headers = {"x-amz-checksum-crc32": "AAAAAA=="}
    with pytest.raises(StorageError):
        store._pool.send(Request("write", "PUT", "a", {}, headers, b"abc"))
    assert store.find("a") is None


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "", AccessDenied),
        (401, "", AccessDenied),
        (400, "ExpiredToken", AccessDenied),
        (403, "RequestTimeTooSkewed", AccessDenied),
        (404, "NoSuchBucket", BucketMissing),
        (404, "NoSuchKey", ObjectMissing),
        (404, "", ObjectMissing),
        (412, "PreconditionFailed", PreconditionFailed),
        (409, "ConditionalRequestConflict", PreconditionFailed),
        (503, "SlowDown", StorageUnavailable),
        (418, "Teapot", StorageError),
    ],
)
def test_each_refusal_has_its_error(status: int, code: str, error: type[StorageError]) -> None:
    made = error_for(status, f"<Error><Code>{code}</Code></Error>".encode(), action="read", bucket="b", key="k")
    assert type(made) is error
    assert made.report.context["bucket"] == "b"


def test_a_200_that_carries_an_error_is_an_error(store: S3Store, proxy: S3Proxy, tmp_path: Path) -> None:
    """CopyObject and CompleteMultipartUpload answer 200 before they are done."""
    failed = Answer(forward=False, reply=http_reply("200 OK", b"<Error><Code>InternalError</Code></Error>"))
    etag = store.put("a", b"1").etag
    proxy.plan = lambda call, before: failed if call.method == "PUT" else PASS
    with pytest.raises(StorageUnavailable):
        store.copy("a", etag, "b")
    path, size, xxh128 = large_file(tmp_path)
    proxy.plan = lambda call, before: failed if "uploadId" in call.target and call.method == "POST" else PASS
    with pytest.raises(StorageUnavailable):
        store.put_file("large", path, size_bytes=size, xxh128=xxh128)


# Uploads in parts


def uploads_under_way(store: S3Store) -> bytes:
    return store._pool.send(Request("list", "GET", "", {"uploads": ""}, {})).reply.body


def test_an_upload_that_fails_leaves_no_parts(store: S3Store, proxy: S3Proxy, tmp_path: Path) -> None:
    path, size, xxh128 = large_file(tmp_path)
    proxy.plan = lambda call, _before: (
        refused("403 Forbidden", "AccessDenied") if "partNumber=2" in call.target else PASS
    )
    with pytest.raises(AccessDenied):
        store.put_file("large", path, size_bytes=size, xxh128=xxh128)
    proxy.plan = first("PUT", PASS)
    with pytest.raises(SourceChanged):
        store.put_file("large", path, size_bytes=size, xxh128="0" * 32)
    assert b"<UploadId>" not in uploads_under_way(store)
    assert store.find("large") is None


def test_a_part_that_breaks_is_sent_again(store: S3Store, proxy: S3Proxy, tmp_path: Path) -> None:
    path, size, xxh128 = large_file(tmp_path)
    proxy.plan = first("PUT", HANG_UP, times=3)
    store.put_file("large", path, size_bytes=size, xxh128=xxh128)
    assert b"".join(store.iter_bytes("large")) == path.read_bytes()


def test_an_object_too_large_to_copy_at_once_is_copied_in_parts(store: S3Store, proxy: S3Proxy, tmp_path: Path) -> None:
    path, size, xxh128 = large_file(tmp_path)
    source = store.put_file("v001/a b", path, size_bytes=size, xxh128=xxh128, metadata={"xxh128": xxh128})
    proxy.plan = lambda call, _before: (
        refused("400 Bad Request", "InvalidRequest")
        if call.method == "PUT"
        and "x-amz-copy-source" in call.headers
        and "x-amz-copy-source-range" not in call.headers
        else PASS
    )
    copied = store.copy("v001/a b", source.etag, "v002/a b", condition=IF_ABSENT)
    assert copied.metadata == {"xxh128": xxh128}
    assert b"".join(store.iter_bytes("v002/a b")) == path.read_bytes()


def test_a_copy_in_parts_has_ranges_that_cover_it(store: S3Store, proxy: S3Proxy, tmp_path: Path) -> None:
    path, size, xxh128 = large_file(tmp_path)
    source = store.put_file("first", path, size_bytes=size, xxh128=xxh128)
    copy_in_parts(store._pool, source, "second", {}, part_bytes=5 * MIB)
    assert b"".join(store.iter_bytes("second")) == path.read_bytes()
    stale = replace(source, etag="0" * 32)
    with pytest.raises(PreconditionFailed):
        copy_in_parts(store._pool, stale, "third", {}, part_bytes=5 * MIB)
    assert b"<UploadId>" not in uploads_under_way(store)


# Listings


def test_a_listing_of_several_pages_is_whole_and_in_order(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"p/{name}" for name in ("a/1", "a/2", "a-1", "b", "c/1", "c.1", "d&e", "f+g")]
    for key in keys:
        store.put(key, b"1")
    pages = list(listing._iter_pages(store._pool, "p/", "", page_size=3))
    assert len(pages) == 3
    listed = [info.key for page in pages for info in listing._objects(page)]
    assert sorted(listed) == sorted(keys)


def test_folder_markers_are_no_objects(store: S3Store) -> None:
    store._pool.send(Request("write", "PUT", "made-by-console/", {}, {}))
    store.put("made-by-console/a", b"1")
    assert [info.key for info in store.iter_objects()] == ["made-by-console/a"]
    store._pool.send(Request("delete", "DELETE", "made-by-console/", {}, {}))


def test_a_page_that_is_no_listing_is_an_error(store: S3Store, proxy: S3Proxy) -> None:
    proxy.plan = first("GET", Answer(forward=False, reply=http_reply("200 OK", b"<html>log in here</html>")))
    with pytest.raises(StorageError):
        list(store.iter_objects())


# Regions, clocks, addresses


def test_the_region_that_the_server_names_is_used(weed: Weed, proxy: S3Proxy) -> None:
    pool = Pool(resolve_target(weed.aws.model_copy(update={"endpoint_url": proxy.url}), BUCKET), QUICK)
    proxy.plan = first("HEAD", refused("301 Moved", "PermanentRedirect", "x-amz-bucket-region: eu-north-1"))
    pool.send(Request("reach", "HEAD", "", {}, {}))
    assert [call.headers["authorization"].split("/")[2] for call in proxy.calls] == ["us-east-1", "eu-north-1"]


def test_threads_that_are_sent_elsewhere_together_all_arrive(weed: Weed, proxy: S3Proxy) -> None:
    pool = Pool(resolve_target(weed.aws.model_copy(update={"endpoint_url": proxy.url}), BUCKET), QUICK)
    elsewhere = refused("301 Moved", "PermanentRedirect", "x-amz-bucket-region: eu-north-1")
    here = Answer(forward=False, reply=http_reply("200 OK"))
    proxy.plan = lambda call, _before: elsewhere if "us-east-1" in call.headers["authorization"] else here
    together = threading.Barrier(8)

    def ask(_number: int) -> int:
        together.wait()
        return pool.send(Request("list", "GET", "", {}, {})).reply.status

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == [200] * 8


def test_a_clock_that_is_wrong_here_is_allowed_for(weed: Weed, proxy: S3Proxy) -> None:
    pool = Pool(resolve_target(weed.aws.model_copy(update={"endpoint_url": proxy.url}), BUCKET), QUICK)
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 7200))
    proxy.plan = lambda _call, before: (
        refused("403 Forbidden", "RequestTimeTooSkewed", f"date: {date}")
        if before == 0
        else Answer(forward=False, reply=http_reply("200 OK"))
    )
    pool.send(Request("list", "GET", "", {}, {}))
    sent = [time.mktime(time.strptime(call.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")) for call in proxy.calls]
    assert 7100 < sent[1] - sent[0] < 7300


def test_aws_addresses_hold_the_bucket_unless_its_name_has_dots() -> None:
    keys = {"access_key_id": "a", "secret_access_key": SecretStr("b")}
    plain = resolve_target(AwsSettings(region="eu-west-1", **keys), "my-bucket")
    dotted = resolve_target(AwsSettings(region="eu-west-1", **keys), "my.bucket")
    china = resolve_target(AwsSettings(region="cn-north-1", **keys), "my-bucket")
    assert (plain.address.url, plain.base_path) == ("https://my-bucket.s3.eu-west-1.amazonaws.com", "")
    assert (dotted.address.url, dotted.base_path) == ("https://s3.eu-west-1.amazonaws.com", "/my.bucket")
    assert china.address.url == "https://my-bucket.s3.cn-north-1.amazonaws.com.cn"
    assert plain.in_region("us-west-2").address.url == "https://my-bucket.s3.us-west-2.amazonaws.com"


def test_an_endpoint_may_have_a_path_and_no_port(weed: Weed) -> None:
    aws = weed.aws.model_copy(update={"endpoint_url": "https://s3.example.com/gateway/"})
    target = resolve_target(aws, "my-bucket")
    assert (target.address.host_header, target.base_path) == ("s3.example.com", "/gateway/my-bucket")
    assert describe_endpoint(aws) == "https://s3.example.com"


# Whose keys


def write_profiles(folder: Path, monkeypatch: pytest.MonkeyPatch, endpoint_url: str) -> None:
    (folder / "config").write_text(
        "[profile studio]\nregion = us-east-1\nservices = local\n"
        f"[services local]\ns3 =\n  endpoint_url = {endpoint_url}\n"
        f"[profile plain]\nregion = eu-west-1\nendpoint_url = {endpoint_url}\n"
        "[profile empty]\nregion = us-east-1\n"
    )
    both = "aws_access_key_id = TESTKEY\naws_secret_access_key = test-secret\n"
    (folder / "credentials").write_text(f"[studio]\n{both}[plain]\n{both}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))


@pytest.mark.parametrize("profile", ["studio", "plain"])
def test_a_profile_gives_keys_region_and_endpoint(
    weed: Weed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    write_profiles(tmp_path, monkeypatch, weed.endpoint_url)
    create_bucket(weed.aws, BUCKET)
    store = open_store(BUCKET, AwsSettings(profile=profile))
    assert store.find("nothing") is None
    assert describe_endpoint(AwsSettings(profile=profile)) == weed.endpoint_url


def test_https_is_spoken_and_the_certificate_is_checked(
    weed: Weed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_bucket(weed.aws, BUCKET)
    crt, key = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(crt, key)
    path, size, xxh128 = large_file(tmp_path)
    with s3_proxy(weed.endpoint_url, tls) as proxy:
        write_profiles(tmp_path, monkeypatch, proxy.url)
        with pytest.raises(StorageUnavailable, match="certificate"):
            open_store(BUCKET, AwsSettings(profile="plain")).now()
        monkeypatch.setenv("AWS_CA_BUNDLE", str(crt))
        store = S3Store(resolve_target(AwsSettings(profile="plain"), BUCKET), part_bytes=5 * MIB)
        before = proxy.connections
        for number in range(20):
            store.put("small", bytes([number]))
        assert proxy.connections - before == 1
        store.put_file("large", path, size_bytes=size, xxh128=xxh128)
        assert b"".join(store.iter_bytes("large")) == path.read_bytes()
        for name in ("small", "large"):
            store.delete(name)
        store.close()
    assert {call.headers["x-amz-content-sha256"] for call in proxy.calls if call.body} >= {"UNSIGNED-PAYLOAD"}


def test_explicit_keys_beat_a_profile(weed: Weed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_profiles(tmp_path, monkeypatch, weed.endpoint_url)
    wrong = AwsSettings(
        profile="studio",
        endpoint_url=weed.endpoint_url,
        access_key_id="unknown",
        secret_access_key=SecretStr("x"),
    )
    with pytest.raises(AccessDenied):
        list_buckets(wrong)


def test_a_profile_that_does_not_exist_is_a_config_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_profiles(tmp_path, monkeypatch, "http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="'nobody'"):
        open_store(BUCKET, AwsSettings(profile="nobody"))


def test_no_keys_at_all_is_a_missing_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_profiles(tmp_path, monkeypatch, "http://127.0.0.1:1")
    with pytest.raises(ConfigMissing):
        open_store(BUCKET, AwsSettings(profile="empty"))


def test_an_endpoint_that_is_no_url_is_a_config_error(weed: Weed) -> None:
    for url in ("127.0.0.1:8333", "ftp://host", "http://", "http://host:port"):
        with pytest.raises(ConfigError):
            resolve_target(weed.aws.model_copy(update={"endpoint_url": url}), BUCKET)


def test_buckets_can_be_made_twice_and_listed(weed: Weed) -> None:
    create_bucket(weed.aws, BUCKET)
    create_bucket(weed.aws, BUCKET)
    assert BUCKET in list_buckets(weed.aws)


def test_a_store_opens_by_any_of_its_addresses(weed: Weed, tmp_path: Path) -> None:
    assert open_store(BUCKET, weed.aws).uri == f"s3://{BUCKET}"
    assert open_store(f"s3://{BUCKET}/some/prefix", weed.aws).uri == f"s3://{BUCKET}"
    folder = tmp_path / "with space #1"
    assert open_store(str(folder)).uri == open_store(folder.as_uri()).uri == folder.as_uri()
    for address in ("vendor_in", "s3://", "relative/folder", "s3://Upper/x"):
        with pytest.raises(UsageError):
            open_store(address, weed.aws)
    with pytest.raises(UsageError):
        open_store(BUCKET)
