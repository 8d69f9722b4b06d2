"""Planned faults of S3: through the proxy, with boto3, and live through the command line."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, ReadTimeoutError

from onepiece_core.errors import FaultPlanInvalid
from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.faults.control import clear_faults, set_faults, shown_faults
from onepiece_server.sandbox.faults.plan import checked_plan
from onepiece_server.sandbox.report import SandboxReport, ServerReport
from tests.conftest import Run

BUCKET = "my-bucket"
BODY = b"frame" * 100_000


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxReport]:
    """A studio that reaches S3 through the proxy."""
    folder = tmp_path_factory.mktemp("spoilt") / "studio"
    yield sandbox.up(folder, s3_faults=True)
    log = (folder / "logs" / "s3-faults.log").read_text()
    sandbox.down(folder, grace_seconds=0)
    assert "Traceback" not in log


@pytest.fixture(autouse=True)
def nothing_is_planned(spoilt: SandboxReport) -> Iterator[None]:
    yield
    clear_faults(spoilt)


@pytest.fixture
def s3(spoilt: SandboxReport) -> Any:
    return client(spoilt.env)


def client(env: dict[str, str], **config: Any) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=env["AWS_ENDPOINT_URL"],
        region_name=env["AWS_REGION"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        config=Config(**({"retries": {"total_max_attempts": 1}} | config)),
    )


def plan(report: SandboxReport, *rules: dict[str, Any]) -> None:
    document = {"schema": "onepiece.faults.1", "rules": [{"target": "s3", **rule} for rule in rules]}
    set_faults(report, checked_plan(document))


def proxy(report: SandboxReport) -> ServerReport:
    return next(server for server in report.servers if server.name == "s3-faults")


def size(s3: Any, key: str) -> int | None:
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=key).get("Contents", [])
    return found[0]["Size"] if found else None


def test_the_studio_exports_the_proxys_address(spoilt: SandboxReport):
    assert spoilt.env["AWS_ENDPOINT_URL"] == proxy(spoilt).url
    assert {server.name for server in spoilt.servers if server.answers} == {"objects", "shotgrid", "s3-faults"}
    assert f'endpoint_url = "{proxy(spoilt).url}"' in Path(spoilt.config).read_text()


class TestWithoutFaults:
    @pytest.mark.parametrize("body", [b"", b"x", BODY], ids=len)
    def test_what_goes_in_comes_out(self, s3: Any, body: bytes):
        key = f"plain-{len(body)}"
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body
        assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == len(body)
        s3.delete_object(Bucket=BUCKET, Key=key)
        assert size(s3, key) is None

    def test_large_bodies_flow_through_and_are_never_held(self, spoilt: SandboxReport, tmp_path: Path):
        process = psutil.Process(proxy(spoilt).pid)
        large = tmp_path / "large"
        digest = hashlib.sha256()
        with large.open("wb") as file:
            for number in range(12):
                piece = bytes([number]) * 8_000_000
                file.write(piece)
                digest.update(piece)
        patient = client(spoilt.env)
        before = process.memory_info().rss
        patient.upload_file(str(large), BUCKET, "large")  # parts of 8 MB, some at once
        with large.open("rb") as file:
            patient.put_object(Bucket=BUCKET, Key="whole", Body=file)
        for key in ("large", "whole"):
            patient.download_file(BUCKET, key, str(tmp_path / key))
            assert hashlib.sha256((tmp_path / key).read_bytes()).digest() == digest.digest()
        assert process.memory_info().rss - before < 30_000_000

    def test_the_server_still_judges_signatures_and_conditions(self, spoilt: SandboxReport, s3: Any):
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            client({**spoilt.env, "AWS_SECRET_ACCESS_KEY": "wrong"}).put_object(Bucket=BUCKET, Key="k", Body=BODY)
        s3.put_object(Bucket=BUCKET, Key="once", Body=b"a", IfNoneMatch="*")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.put_object(Bucket=BUCKET, Key="once", Body=BODY, IfNoneMatch="*")
        assert s3.list_buckets()["Buckets"]  # and the same connections serve on

    def test_bodies_of_unknown_length_pass(self, spoilt: SandboxReport, s3: Any):
        url = s3.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "chunked"})
        pieces = (b"x" * 10_000 for _ in range(50))
        assert requests.put(url, data=pieces, timeout=10).status_code == 200
        assert size(s3, "chunked") == 500_000


class TestFaults:
    @pytest.mark.parametrize(
        ("rule", "raised", "code", "kept"),
        [
            ({"fault": "drop_request"}, ConnectionClosedError, None, False),
            ({"fault": "drop_request", "cut": "close"}, ConnectionClosedError, None, False),
            ({"fault": "drop_reply"}, ConnectionClosedError, None, True),
            ({"fault": "commit_late", "seconds": 0.3}, ConnectionClosedError, None, True),
            ({"fault": "hang", "seconds": 0.2}, ConnectionClosedError, None, False),
            ({"fault": "too_many"}, ClientError, "TooManyRequests", False),
            ({"fault": "unavailable"}, ClientError, "ServiceUnavailable", False),
            ({"fault": "slow_down"}, ClientError, "SlowDown", False),
            ({"fault": "error", "message": "<no>", "error_code": 507}, ClientError, "InternalError", False),
        ],
        ids=lambda value: value["fault"] if isinstance(value, dict) else "",
    )
    def test_a_put_that_goes_wrong(
        self,
        spoilt: SandboxReport,
        s3: Any,
        rule: dict[str, Any],
        raised: type[Exception],
        code: str | None,
        kept: bool,
        request: pytest.FixtureRequest,
    ):
        key = request.node.callspec.id
        plan(spoilt, {"method": "PUT", "nth": 1, **rule})
        with pytest.raises(raised) as caught:
            s3.put_object(Bucket=BUCKET, Key=key, Body=BODY)
        if code is not None:
            assert caught.value.response["Error"]["Code"] == code
            assert caught.value.response["Error"]["Message"] == rule.get("message", "A planned fault of the sandbox.")
        deadline = time.monotonic() + 10
        while kept and size(s3, key) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert size(s3, key) == (len(BODY) if kept else None)
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"again")
        assert size(s3, key) == 5

    def test_a_late_one_is_done_after_its_client_has_left(self, spoilt: SandboxReport, s3: Any):
        plan(spoilt, {"method": "PUT", "fault": "commit_late", "seconds": 3, "nth": 1})
        with pytest.raises(ReadTimeoutError):
            client(spoilt.env, read_timeout=0.2).put_object(Bucket=BUCKET, Key="late", Body=BODY)
        assert size(s3, "late") is None
        deadline = time.monotonic() + 10
        while size(s3, "late") is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert size(s3, "late") == len(BODY)

    def test_a_body_that_is_cut_is_noticed(self, spoilt: SandboxReport, s3: Any):
        s3.put_object(Bucket=BUCKET, Key="cut", Body=BODY)
        plan(spoilt, {"method": "GET", "fault": "truncate", "key": "cut", "nth": 1})
        answer = s3.get_object(Bucket=BUCKET, Key="cut")["Body"]
        assert answer.read(1000) == BODY[:1000]
        with pytest.raises(BotoCoreError):
            answer.read()
        assert s3.get_object(Bucket=BUCKET, Key="cut")["Body"].read() == BODY

    def test_a_slow_one_is_answered(self, spoilt: SandboxReport, s3: Any):
        plan(spoilt, {"method": "HEAD", "fault": "slow", "seconds": 0.2})
        s3.put_object(Bucket=BUCKET, Key="slow", Body=b"x")
        began = time.monotonic()
        assert s3.head_object(Bucket=BUCKET, Key="slow")["ContentLength"] == 1
        assert time.monotonic() - began >= 0.2  # never earlier

    def test_a_refused_head_has_no_body(self, spoilt: SandboxReport, s3: Any):
        s3.put_object(Bucket=BUCKET, Key="head", Body=b"x")
        plan(spoilt, {"method": "HEAD", "fault": "slow_down", "nth": 1})
        with pytest.raises(ClientError, match="503"):
            s3.head_object(Bucket=BUCKET, Key="head")
        assert s3.head_object(Bucket=BUCKET, Key="head")["ContentLength"] == 1

    def test_only_objects_that_fit_the_pattern_are_spoilt(self, spoilt: SandboxReport, s3: Any):
        plan(spoilt, {"method": "PUT", "fault": "slow_down", "key": "shots/*.exr"})
        for key in ("shots/a.mov", "other/a.exr", "a.exr"):
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
        for key in ("shots/a.exr", "shots/sc 01/ä.1001.exr"):
            with pytest.raises(ClientError, match="SlowDown"):
                s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
        assert shown_faults(spoilt)["s3"]["counts"] == [{"seen": 2, "spoilt": 2}]

    def test_boto3_gets_over_it_by_itself(self, spoilt: SandboxReport, s3: Any):
        plan(spoilt, {"method": "PUT", "fault": "slow_down", "every": 2, "retry_after_seconds": 0})
        stubborn = client(spoilt.env, retries={"total_max_attempts": 4, "mode": "standard"})
        for number in range(4):
            stubborn.put_object(Bucket=BUCKET, Key=f"stubborn-{number}", Body=BODY)
        assert len(s3.list_objects_v2(Bucket=BUCKET, Prefix="stubborn-")["Contents"]) == 4


class TestAdministration:
    def test_without_the_key_nothing_is_told(self, spoilt: SandboxReport):
        for header in ("Bearer wrong", "bearer ", "Bearer " + spoilt.env["AWS_SECRET_ACCESS_KEY"]):
            url = f"{proxy(spoilt).url}/sandbox/faults"
            assert requests.delete(url, headers={"Authorization": header}, timeout=10).status_code == 401

    def test_a_bucket_may_have_the_name_of_our_path(self, spoilt: SandboxReport, s3: Any):
        s3.create_bucket(Bucket="sandbox")
        s3.put_object(Bucket="sandbox", Key="faults", Body=b"mine")
        assert s3.get_object(Bucket="sandbox", Key="faults")["Body"].read() == b"mine"

    def test_a_studio_without_the_proxy_refuses_rules_for_s3(self, studio: SandboxReport):
        with pytest.raises(FaultPlanInvalid, match="reaches S3 directly") as caught:
            plan(studio, {"fault": "hang"})
        assert "--s3-faults" in str(caught.value.report.hint)


class TestBadInput:
    @pytest.mark.parametrize(
        "raw",
        [
            b"nonsense\r\n\r\n",
            b"PUT /my-bucket/x HTTP/1.1\r\nHost: x\r\nContent-Length: nope\r\n\r\n",
            b"PUT /my-bucket/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"PUT /my-bucket/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
            b"\0" * 200_000,
        ],
        ids=lambda raw: repr(raw[:30]),
    )
    def test_what_is_no_request_is_refused(self, spoilt: SandboxReport, s3: Any, raw: bytes):
        with connection(spoilt) as line:
            try:
                line.sendall(raw)
                line.shutdown(socket.SHUT_WR)
                answer = line.recv(64)
            except OSError:  # it was cut while we still spoke
                answer = b""
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
        assert s3.list_buckets()["Buckets"]

    def test_a_body_that_is_cut_short_makes_no_object(self, spoilt: SandboxReport, s3: Any):
        url = s3.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "half"})
        target = url.removeprefix(proxy(spoilt).url).encode()
        for rule in (None, {"fault": "commit_late", "seconds": 0.0}, {"fault": "drop_reply"}, {"fault": "slow_down"}):
            plan(spoilt, *([rule] if rule else []))
            with connection(spoilt) as line:
                host = proxy(spoilt).url.removeprefix("http://").encode()
                line.sendall(b"PUT " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 9999\r\n\r\nxx")
        clear_faults(spoilt)
        assert size(s3, "half") is None


def connection(report: SandboxReport) -> socket.socket:
    host, port = proxy(report).url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


class TestCommands:
    """``onepiece sandbox faults``, ``up`` and ``status``."""

    @pytest.fixture
    def write_plan(self, tmp_path: Path) -> Callable[..., Path]:
        def write(*rules: dict[str, Any]) -> Path:
            path = tmp_path / "plan.json"
            path.write_text(json.dumps({"schema": "onepiece.faults.1", "rules": list(rules)}))
            return path

        return write

    def test_a_plan_is_set_shown_and_cleared(
        self, spoilt: SandboxReport, s3: Any, onepiece: Run, write_plan: Callable[..., Path]
    ):
        rules = [{"method": "*", "fault": "unavailable"}, {"target": "s3", "method": "PUT", "fault": "slow_down"}]
        path = write_plan(*rules)
        at = ("--dir", spoilt.dir)

        tried = onepiece("sandbox", "faults", "set", path, "--dry-run", *at)
        assert (tried.returncode, "This plan would stand" in tried.stdout) == (0, True)
        assert shown_faults(spoilt)["s3"]["counts"] == []

        assert "faults clear" in onepiece("sandbox", "faults", "set", path, *at).stdout
        with pytest.raises(ClientError, match="SlowDown"):
            s3.put_object(Bucket=BUCKET, Key="x", Body=b"")
        told = json.loads(onepiece("sandbox", "faults", "show", "--json", *at).stdout)
        assert told["schema"] == "onepiece.sandbox-faults.1"
        assert [(rule["target"], rule["fault"], rule["seen"]) for rule in told["rules"]] == [
            ("shotgrid", "unavailable", 0),  # asking whether the site answers is no call that counts
            ("s3", "slow_down", 1),
        ]
        status = onepiece("sandbox", "status", *at)
        assert "is running" in status.stdout
        assert "warning: calls go wrong on purpose (2 rules)" in status.stderr

        assert onepiece("sandbox", "faults", "clear", "--dry-run", *at).stdout == "Would remove 2 rules.\n"
        assert onepiece("sandbox", "faults", "clear", *at).stdout == "Removed 2 rules.\n"
        assert onepiece("sandbox", "faults", "show", *at).stdout == "No faults are planned.\n"
        assert sandbox.status(Path(spoilt.dir)).fault_rules == 0

    def test_a_bad_plan_is_told_line_by_line(
        self, spoilt: SandboxReport, onepiece: Run, write_plan: Callable[..., Path]
    ):
        path = write_plan({"fault": "slow"}, {"fault": "hang", "nth": 0})
        done = onepiece("sandbox", "faults", "set", path, "--dir", spoilt.dir)
        assert (done.returncode, done.stdout) == (13, "")
        lines = [line.strip() for line in done.stderr.splitlines()]
        assert lines[0] == f"error: {path} is no plan of faults:"
        assert lines[1] == "rules[0]: slow needs seconds"
        assert lines[2].startswith("rules[1].nth: ")
        assert lines[-1] == "code:  sandbox.fault_plan_invalid"

    def test_up_takes_a_plan_and_another_address_for_s3(
        self, tmp_path: Path, onepiece: Run, write_plan: Callable[..., Path]
    ):
        folder = tmp_path / "studio"
        path = write_plan({"target": "s3", "method": "GET", "fault": "slow_down"}, {"method": "info", "fault": "hang"})
        try:
            told = json.loads(onepiece("sandbox", "up", "--faults", path, "--dir", folder, "--json").stdout)
            assert told["fault_rules"] == 2
            assert [server["name"] for server in told["servers"]] == ["objects", "shotgrid", "s3-faults"]
            with pytest.raises(ClientError, match="SlowDown"):
                client(told["env"]).list_buckets()
            onepiece("sandbox", "down", "--dir", folder)
            again = json.loads(onepiece("sandbox", "up", "--dir", folder, "--json").stdout)
            assert (again["fault_rules"], len(again["servers"])) == (0, 2)
            assert client(again["env"]).list_buckets()["Buckets"]
        finally:
            sandbox.down(folder, grace_seconds=0)

    @pytest.mark.parametrize("command", [["faults", "show"], ["faults", "clear"], ["calls"]])
    def test_commands_say_how_to_start_a_sandbox(self, onepiece: Run, tmp_path: Path, command: list[str]):
        done = onepiece("sandbox", *command, "--dir", tmp_path / "nowhere")
        assert (done.returncode, done.stdout) == (13, "")
        assert "onepiece sandbox up --dir" in done.stderr
