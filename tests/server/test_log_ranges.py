"""Logs of tasks in parts, by HTTP's own headers: exact bytes, whatever stands there."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onepiece_core.farm.job import LogPart
from onepiece_core.farm.log_file import read_log_file
from onepiece_server.render.ranges import AskedRange, asked_range, part_of_log
from tests.support.memory_jobs import LOG, MemoryJobs

JOB = {"template": "command", "name": "first"}
BYTES = LOG.encode()


@pytest.fixture
def log(client: httpx.Client) -> str:
    return f"/jobs/{client.post('/jobs', json=JOB).json()['job_id']}/tasks/0/log"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-4", 0, 4),
        ("3-3", 3, 3),
        ("5-", 5, len(BYTES) - 1),
        ("-4", len(BYTES) - 4, len(BYTES) - 1),
        ("0-99999", 0, len(BYTES) - 1),
        ("-99999", 0, len(BYTES) - 1),
    ],
)
def test_a_range_is_answered_with_its_bytes(client: httpx.Client, log: str, asked: str, first: int, last: int) -> None:
    answer = client.get(log, headers={"Range": f"bytes={asked}"})
    assert (answer.status_code, answer.content) == (206, BYTES[first : last + 1])
    total = len(BYTES) if last == len(BYTES) - 1 else "*"
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{total}"
    assert (answer.headers["accept-ranges"], answer.headers["x-next-offset"]) == ("bytes", str(last + 1))


def test_every_byte_is_there_also_within_a_character(client: httpx.Client, log: str) -> None:
    parts = [client.get(log, headers={"Range": f"bytes={at}-{at}"}).content for at in range(len(BYTES))]
    assert b"".join(parts) == BYTES


@pytest.mark.parametrize("asked", [f"{len(BYTES)}-", "99999-", "-0", f"{10**14}-"])
def test_what_is_not_there_is_416_with_the_size(client: httpx.Client, log: str, asked: str) -> None:
    answer = client.get(log, headers={"Range": f"bytes={asked}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (416, "server.range_not_there")
    assert answer.headers["content-range"] == f"bytes */{len(BYTES)}"
    assert answer.headers["x-complete"] == "true"


@pytest.mark.parametrize(
    "asked", ["bytes=4-1", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=-", "", "bytes=\u0661-2"]
)
def test_what_is_no_single_range_is_left_out_of_account(client: httpx.Client, log: str, asked: str) -> None:
    answer = client.get(log, headers={b"Range": asked.encode()})
    assert (answer.status_code, answer.text) == (200, LOG)
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_part_goes_on_only_with_the_attempt_that_it_began_with(client: httpx.Client, log: str) -> None:
    first = client.get(log, headers={"Range": "bytes=0-4"})
    rest = client.get(log, headers={"Range": "bytes=5-", "If-Range": first.headers["etag"]})
    assert (rest.status_code, first.content + rest.content) == (206, BYTES)
    for other in ('"another"', "Mon, 23 Nov 2026 04:00:00 GMT", f"W/{first.headers['etag']}"):
        whole = client.get(log, headers={"Range": "bytes=5-", "If-Range": other})
        assert (whole.status_code, whole.text) == (200, LOG)
    second = client.get(f"{log}?attempt=2", headers={"Range": "bytes=0-4"})
    assert second.headers["etag"] != first.headers["etag"]


class FileJobs(MemoryJobs):
    """One log, which lies in a file."""

    def __init__(self, file: Path, *, is_complete: bool) -> None:
        super().__init__()
        self.file, self.is_complete = file, is_complete

    def read_log(
        self, job_id: str, task: int, *, attempt: int | None = None, offset: int = 0, limit: int = 65_536
    ) -> LogPart:
        return read_log_file(self.file, offset=offset, limit=limit, is_complete=self.is_complete)


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(alphabet="ab\u00e9\u20ac\U0001f600\n", max_size=40),
    first=st.integers(0, 160),
    length=st.integers(1, 60),
    cut=st.integers(0, 3),
    is_complete=st.booleans(),
)
def test_any_range_of_a_growing_log_is_its_own_bytes_or_fewer(
    tmp_path_factory: pytest.TempPathFactory, text: str, first: int, length: int, cut: int, is_complete: bool
) -> None:
    written = text.encode()
    written = written if is_complete else written[: max(0, len(written) - cut)]  # a character that has only begun
    file = tmp_path_factory.mktemp("log") / "log"
    file.write_bytes(written)
    jobs = FileJobs(file, is_complete=is_complete)
    answer = part_of_log(jobs, ("j1", 0, 1), AskedRange(first, first + length - 1), None)
    assert answer is not None
    wanted = written[first : first + length]
    if answer.status_code == 206:
        assert wanted.startswith(bytes(answer.body))
        assert len(answer.body) >= len(wanted) - (0 if is_complete else 3)
    else:
        assert answer.status_code == 416
        assert len(wanted) <= (0 if is_complete else 3)


def test_a_log_that_is_no_utf_8_is_sent_as_before(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"\xff\xfe\xf0\x9f\x98A" * 10)
    assert part_of_log(FileJobs(file, is_complete=True), ("j1", 0, 1), AskedRange(3, 9), None) is None


def test_headers_are_read_as_they_are_written() -> None:
    assert asked_range("bytes=1-2") == AskedRange(1, 2)
    assert asked_range("bytes = 1 - 2") == AskedRange(1, 2)
    assert asked_range("bytes=-5") == AskedRange(-5)
    assert asked_range("bytes=7-") == AskedRange(7)
    assert asked_range(None) is None
