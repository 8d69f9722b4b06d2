"""The official client over our transport: a request goes out once, and errors say whether it can have arrived."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import (
    InputUnreadable,
    TrackerDenied,
    TrackerError,
    TrackerNotConfigured,
    TrackerRefused,
    TrackerUnanswered,
    TrackerUnavailable,
)
from onepiece_core.tracker.retry import RetryPolicy
from onepiece_core.tracker.shotgrid import ShotgridTracker
from tests.support.outbox import SteppedClock
from tests.support.ports import free_port
from tests.support.scripted_site import DIRECT, INFO, Answer, ScriptedSite, fault, found

KEY = "s3cr3t-key"
MADE = Answer({"results": {"type": "Version", "id": 7}})


@pytest.fixture
def site() -> Iterator[ScriptedSite]:
    site = ScriptedSite()
    yield site
    site.stop()


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


def tracker_of(url: str, clock: SteppedClock, timeout_seconds: float = 5.0) -> ShotgridTracker:
    return ShotgridTracker(url, "onepiece", KEY, timeout_seconds=timeout_seconds, policy=RetryPolicy(), clock=clock)


@pytest.fixture
def tracker(site: ScriptedSite, clock: SteppedClock) -> ShotgridTracker:
    return tracker_of(site.url, clock)


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    path = tmp_path / "review v4.mov"
    path.write_bytes(b"moov" * 1000)
    return path


# Writes


def test_a_write_whose_answer_is_lost_is_not_sent_again(site: ScriptedSite, tracker: ShotgridTracker) -> None:
    site.answers["create"] = [Answer(drop=True), MADE]

    with pytest.raises(TrackerUnanswered):
        tracker.create("Version", {"code": "x"})
    assert site.names().count("create") == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_write_that_broke_in_the_middle_is_not_sent_again(
    status: int, site: ScriptedSite, tracker: ShotgridTracker
) -> None:
    site.answers["create"] = [Answer("broken", status=status), MADE]

    with pytest.raises(TrackerUnanswered):
        tracker.create("Version", {"code": "x"})
    assert site.names().count("create") == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_that_was_turned_away_was_not_carried_out(
    status: int, site: ScriptedSite, tracker: ShotgridTracker
) -> None:
    site.answers["create"] = [Answer("later", status=status, headers={"Retry-After": "7"})]

    with pytest.raises(TrackerUnavailable) as caught:
        tracker.create("Version", {"code": "x"})
    assert not isinstance(caught.value, TrackerUnanswered)
    assert caught.value.report.context["retry_after_seconds"] == 7
    assert site.names().count("create") == 1


def test_a_write_that_takes_too_long_is_unanswered(site: ScriptedSite, clock: SteppedClock) -> None:
    site.answers["create"] = [Answer(hang=True)]

    with pytest.raises(TrackerUnanswered, match="no answer within"):
        tracker_of(site.url, clock, timeout_seconds=0.3).create("Version", {"code": "x"})


def test_an_answer_that_trickles_ends_too(site: ScriptedSite, clock: SteppedClock) -> None:
    site.answers["create"] = [Answer({"results": {"id": 7, "code": "x" * 100}}, trickle=0.05)]

    with pytest.raises(TrackerUnanswered, match="no answer within"):
        tracker_of(site.url, clock, timeout_seconds=0.2).create("Version", {"code": "x"})


@pytest.mark.parametrize("answer", [Answer({"results": {"id": 7}}, cut=9), Answer("<html>Please log in</html>")])
def test_half_an_answer_to_a_write_is_none(answer: Answer, site: ScriptedSite, tracker: ShotgridTracker) -> None:
    site.answers["create"] = [answer]

    with pytest.raises(TrackerUnanswered):
        tracker.create("Version", {"code": "x"})


@pytest.mark.parametrize("politely", [False, True])
@pytest.mark.parametrize("cut", [0, 5])
def test_a_site_that_dies_while_it_answers_has_not_answered(
    cut: int, politely: bool, site: ScriptedSite, tracker: ShotgridTracker, tmp_path: Path
) -> None:
    """The client takes no body for None or for a refusal; neither is true."""
    path = tmp_path / "picture.png"
    path.write_bytes(b"picture")
    for name in ("delete", "revive"):
        site.answers[name] = [Answer({"results": True}, cut=cut, politely=politely)]
    site.answers["/upload/publish_thumbnail"] = [Answer("1:78\n", cut=cut and 1, politely=politely)]

    for write in (
        lambda: tracker.delete("Version", 1),
        lambda: tracker.revive("Version", 1),
        lambda: tracker.upload_thumbnail("Version", 1, path),
    ):
        with pytest.raises(TrackerUnanswered):
            write()


@pytest.mark.parametrize("body", ["", "<html>Please log in</html>"])
def test_an_upload_is_refused_only_by_the_sites_own_word(
    body: str, site: ScriptedSite, tracker: ShotgridTracker, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"picture")
    site.answers["/upload/publish_thumbnail"] = [Answer(body), Answer("0\nno\n")]

    with pytest.raises(TrackerUnanswered):
        tracker.upload_thumbnail("Version", 1, path)
    with pytest.raises(TrackerRefused):
        tracker.upload_thumbnail("Version", 1, path)


def test_an_empty_answer_is_none(site: ScriptedSite, tracker: ShotgridTracker) -> None:
    site.answers["delete"] = [Answer("")]

    with pytest.raises(TrackerUnanswered):
        tracker.delete("Version", 1)


def test_a_write_over_a_connection_that_the_site_has_closed_just_works(
    site: ScriptedSite, tracker: ShotgridTracker
) -> None:
    site.answers["create"] = [Answer(MADE.body, then_close=True), MADE]
    tracker.create("Version", {"code": "x"})
    assert site.closed.wait(10)

    assert tracker.create("Version", {"code": "x"})["id"] == 7
    assert site.calls[-1].connection != site.calls[-2].connection


def test_nobody_listens_means_nothing_was_carried_out(clock: SteppedClock) -> None:
    with pytest.raises(TrackerUnavailable) as caught:
        tracker_of(f"http://127.0.0.1:{free_port()}", clock).create("Version", {"code": "x"})
    assert not isinstance(caught.value, TrackerUnanswered)
    assert clock.slept < 5  # a dead site costs a publish seconds


def test_a_refusal_carries_the_sites_words(site: ScriptedSite, tracker: ShotgridTracker) -> None:
    site.answers["create"] = [fault("API create() CRUD ERROR #61: Create failed for [Project].<br>")]

    with pytest.raises(TrackerRefused, match=r"CRUD ERROR #61: Create failed for \[Project\]\."):
        tracker.create("Project", {"name": "x"})


def test_a_batch_is_one_request(site: ScriptedSite, tracker: ShotgridTracker) -> None:
    site.answers["batch"] = [Answer({"results": [{"type": "Shot", "id": n} for n in range(3)]})]
    requests: Any = [{"request_type": "create", "entity_type": "Shot", "data": {"code": str(n)}} for n in range(3)]

    assert len(tracker.batch(requests)) == 3
    assert tracker.batch([]) == []
    assert site.names().count("batch") == 1


# Reads


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_tried_again(
    status: int,
    site: ScriptedSite,
    tracker: ShotgridTracker,
    clock: SteppedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    site.answers["read"] = [Answer("broken", status=status), found({"type": "Shot", "id": 1})]
    caplog.set_level(logging.WARNING, "onepiece")

    assert tracker.find("Shot", []) == [{"type": "Shot", "id": 1}]
    (record,) = [each for each in caplog.records if each.getMessage() == "tracker.retry"]
    told = record.fields  # type: ignore[attr-defined]
    assert f"HTTP {status}" in told["happened"]
    assert told["next_attempt_at"].endswith("Z")
    assert told["next_attempt_in_seconds"] == pytest.approx(clock.slept, abs=0.01)


def test_retry_after_is_followed(site: ScriptedSite, tracker: ShotgridTracker, clock: SteppedClock) -> None:
    site.answers["read"] = [Answer("later", status=503, headers={"Retry-After": "11"}), found()]

    assert tracker.find("Shot", []) == []
    assert clock.slept == 11


def test_a_retry_after_beyond_patience_ends_it(
    site: ScriptedSite, tracker: ShotgridTracker, clock: SteppedClock
) -> None:
    site.answers["read"] = [Answer("later", status=503, headers={"Retry-After": "3600"})]

    with pytest.raises(TrackerUnavailable):
        tracker.find("Shot", [])
    assert clock.slept == 0


@pytest.mark.parametrize("answer", [Answer(drop=True), Answer({"results": []}, cut=5)])
def test_a_read_whose_answer_is_lost_is_tried_again(
    answer: Answer, site: ScriptedSite, tracker: ShotgridTracker
) -> None:
    site.answers["read"] = [answer, found({"type": "Shot", "id": 1})]

    assert tracker.find_one("Shot", []) == {"type": "Shot", "id": 1}


def test_a_site_that_stays_broken_is_given_up_and_then_left_alone_for_a_while(
    site: ScriptedSite, tracker: ShotgridTracker, clock: SteppedClock
) -> None:
    site.answers["read"] = [Answer("broken", status=503)]
    with pytest.raises(TrackerUnavailable):
        tracker.find("Shot", [])
    asked = site.names().count("read")
    assert asked > 1

    with pytest.raises(TrackerUnavailable, match="HTTP 503"):
        tracker.find("Shot", [])
    assert site.names().count("read") == asked

    clock.sleep(60)
    site.answers["read"] = [found()]
    assert tracker.find("Shot", []) == []


def test_an_empty_in_asks_nobody(site: ScriptedSite, tracker: ShotgridTracker) -> None:
    either = {"filter_operator": "any", "filters": [["code", "in", []], ["id", "in", []]]}

    assert tracker.find("Shot", [["code", "in", []]]) == []
    assert tracker.find_one("Shot", [["id", "is", 1], either]) is None
    assert site.calls == []


def test_a_page_that_is_no_shotgrid_is_refused_at_once(site: ScriptedSite, tracker: ShotgridTracker) -> None:
    site.answers["info"] = [Answer("<html>Welcome</html>")]

    with pytest.raises(TrackerRefused) as caught:
        tracker.server_info()
    assert "address" in (caught.value.report.hint or "")
    assert len(site.calls) == 1


@pytest.mark.parametrize("status", [302, 404])
def test_another_address_is_named_as_the_reason(status: int, site: ScriptedSite, tracker: ShotgridTracker) -> None:
    site.answers["info"] = [Answer("elsewhere", status=status, headers={"Location": "http://127.0.0.1:1/"})]

    with pytest.raises(TrackerRefused, match=f"HTTP {status}"):
        tracker.server_info()


# Identity


@pytest.mark.parametrize("code", [102, 106, 108, 110])
def test_a_wrong_key_is_denied(code: int, site: ScriptedSite, tracker: ShotgridTracker) -> None:
    site.answers["read"] = [fault(f"Can't authenticate script 'onepiece' with {KEY}", code)]

    with pytest.raises(TrackerDenied):
        tracker.check_credentials()


def test_the_key_is_shown_nowhere(
    site: ScriptedSite, tracker: ShotgridTracker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site.answers["read"] = [Answer("broken", status=503), fault(f"bad key {KEY}", 102)]
    site.answers["create"] = [fault(f"bad key {KEY}")]
    said: list[str] = [repr(tracker)]
    for call in (tracker.check_credentials, lambda: tracker.create("Version", {"code": "x"})):
        with pytest.raises(TrackerError) as caught:
            call()
        said += [str(caught.value), caught.value.report.model_dump_json()]

    assert KEY not in "".join(said)
    assert KEY not in caplog.text


@pytest.mark.parametrize(("url", "key"), [("studio.example", KEY), ("ftp://studio.example", KEY), ("http://x", "")])
def test_a_site_that_is_half_configured_says_so(url: str, key: str) -> None:
    with pytest.raises(TrackerNotConfigured):
        ShotgridTracker(url, "onepiece", key)


# Uploads


def test_an_upload_is_one_form_with_the_files_bytes(site: ScriptedSite, tracker: ShotgridTracker, movie: Path) -> None:
    site.answers["/upload/upload_file"] = [Answer("1:77\nreview v4.mov\n")]

    assert tracker.upload("Version", 7, movie, field_name="sg_uploaded_movie") == 77
    (call,) = [each for each in site.calls if each.name == "/upload/upload_file"]
    assert movie.read_bytes() in call.body
    assert b'name="field_name"\r\n\r\nsg_uploaded_movie\r\n' in call.body
    assert b'name="file"; filename="review v4.mov"\r\nContent-Type: video/quicktime' in call.body


@pytest.mark.parametrize("answer", [Answer(drop=True), Answer("broken", status=500)])
@pytest.mark.parametrize("path", ["/upload/upload_file", "/upload/publish_thumbnail"])
def test_an_upload_whose_answer_is_lost_is_not_sent_again(
    path: str, answer: Answer, site: ScriptedSite, tracker: ShotgridTracker, movie: Path
) -> None:
    site.answers[path] = [answer, Answer("1:77\n")]

    def send() -> int:
        if path.endswith("thumbnail"):
            return tracker.upload_thumbnail("Version", 7, movie)
        return tracker.upload("Version", 7, movie, field_name="sg_uploaded_movie")

    with pytest.raises(TrackerUnanswered):
        send()
    assert site.names().count(path) == 1


def direct(site: ScriptedSite) -> None:
    site.answers["info"] = [Answer({**INFO, **DIRECT})]
    told = f"1\n{site.url}/bucket/part?signature=abc\n2025\nAttachment\nid-1\nreview.mov"
    site.answers["/upload/api_get_upload_link_info"] = [Answer("broken", status=500), Answer(told)]
    site.answers["/bucket/part?signature=abc"] = [
        Answer("later", status=503),
        Answer("", headers={"ETag": '"e1"'}),
    ]


def test_a_direct_upload_repeats_only_what_makes_no_row(
    site: ScriptedSite, tracker: ShotgridTracker, movie: Path
) -> None:
    direct(site)
    site.answers["/upload/api_link_file"] = [Answer("1:80\n")]

    assert tracker.upload("Version", 7, movie, field_name="sg_uploaded_movie") == 80
    puts = [call for call in site.calls if call.name.startswith("/bucket")]
    assert [call.body for call in puts] == [movie.read_bytes()] * 2
    assert KEY.encode() not in puts[0].body
    assert site.names().count("/upload/api_get_upload_link_info") == 2
    assert site.names().count("/upload/api_link_file") == 1


def test_the_link_of_a_direct_upload_is_not_sent_again(
    site: ScriptedSite, tracker: ShotgridTracker, movie: Path
) -> None:
    direct(site)
    site.answers["/upload/api_link_file"] = [Answer(drop=True), Answer("1:80\n")]

    with pytest.raises(TrackerUnanswered):
        tracker.upload("Version", 7, movie, field_name="sg_uploaded_movie")
    assert site.names().count("/upload/api_link_file") == 1


def test_a_storage_that_is_gone_means_that_no_row_was_made(
    site: ScriptedSite, tracker: ShotgridTracker, movie: Path
) -> None:
    direct(site)
    gone = f"1\nhttp://127.0.0.1:{free_port()}/bucket\n2025\nAttachment\nid-1\nreview.mov"
    site.answers["/upload/api_get_upload_link_info"] = [Answer(gone)]

    with pytest.raises(TrackerUnavailable) as caught:
        tracker.upload("Version", 7, movie, field_name="sg_uploaded_movie")
    assert not isinstance(caught.value, TrackerUnanswered)
    assert "/upload/api_link_file" not in site.names()


def test_a_large_movie_goes_up_in_parts(site: ScriptedSite, tracker: ShotgridTracker, tmp_path: Path) -> None:
    direct(site)
    site.answers["/upload/api_get_upload_link_for_part"] = [Answer(f"1\n{site.url}/bucket/part?signature=abc")]
    site.answers["/upload/api_complete_multipart_upload"] = [Answer("1\n")]
    site.answers["/upload/api_link_file"] = [Answer("1:81\n")]
    movie = tmp_path / "long.mov"
    movie.write_bytes(bytes(range(256)) * 90_000)  # 23,040,000 bytes; a part has 20,000,000

    assert tracker.upload("Version", 7, movie, field_name="sg_uploaded_movie") == 81
    parts = [call.body for call in site.calls if call.name.startswith("/bucket")]
    assert b"".join(parts[1:]) == movie.read_bytes()  # the first answer was 503


def test_an_upload_that_the_site_refuses_is_refused(site: ScriptedSite, tracker: ShotgridTracker, movie: Path) -> None:
    site.answers["/upload/upload_file"] = [Answer("0\nno such field\n")]

    with pytest.raises(TrackerRefused, match="no such field"):
        tracker.upload("Version", 7, movie, field_name="sg_nothing")


def test_a_file_that_is_empty_or_gone_is_not_sent(site: ScriptedSite, tracker: ShotgridTracker, tmp_path: Path) -> None:
    (tmp_path / "empty.mov").touch()
    for name in ("empty.mov", "gone.mov"):
        with pytest.raises(InputUnreadable):
            tracker.upload("Version", 7, tmp_path / name, field_name="sg_uploaded_movie")
    assert site.calls == []
