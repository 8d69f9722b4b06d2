"""Planned faults of the site: what the unmodified client makes of them, and what our tracker does."""

from __future__ import annotations

import http.client
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import shotgun_api3

from onepiece_core.errors import TrackerRefused, TrackerUnanswered, TrackerUnavailable
from onepiece_core.tracker.retry import RetryPolicy
from onepiece_core.tracker.shotgrid import ShotgridTracker
from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

PENDING = "thumbnail_pending.png"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteProcess]:
    process = SiteProcess(tmp_path_factory.mktemp("faulty")).start()
    yield process
    assert process.stop() == 0
    assert "Traceback" not in process.log()


@pytest.fixture(autouse=True)
def nothing_is_planned(faulty: SiteProcess) -> Iterator[None]:
    yield
    faulty.clear_faults()
    faulty.settle()


@pytest.fixture(scope="module")
def sg(faulty: SiteProcess) -> Any:
    return faulty.client()


@pytest.fixture
def project(sg: Any, request: pytest.FixtureRequest) -> dict[str, Any]:
    return sg.create("Project", {"name": request.node.name})


@pytest.fixture
def tracker(faulty: SiteProcess) -> ShotgridTracker:
    policy = RetryPolicy(first_pause_seconds=0.01, longest_pause_seconds=0.05, cool_down_seconds=0.0)
    return ShotgridTracker(faulty.url, SCRIPT, KEY, timeout_seconds=5.0, policy=policy)


def shots(faulty: SiteProcess, project: dict[str, Any]) -> list[str]:
    found = faulty.client().find("Shot", [["project", "is", project]], ["code"])
    return [each["code"] for each in found]


def last_call(faulty: SiteProcess, method: str) -> dict[str, Any]:
    return [call for call in faulty.calls() if call["method"] == method][-1]


class TestWithTheClient:
    """httplib2, as shotgun_api3 brings it along."""

    @pytest.mark.parametrize(
        ("rule", "raised", "count"),
        [
            pytest.param(
                {"fault": "drop_request"},
                ConnectionResetError,
                0,
                marks=pytest.mark.wire("create", "planned: the connection is reset, nothing is carried out"),
            ),
            pytest.param(
                {"fault": "drop_reply"},
                ConnectionResetError,
                1,
                marks=pytest.mark.wire("create", "planned: carried out, the connection is reset without an answer"),
            ),
            pytest.param(
                {"fault": "commit_late", "seconds": 0.2},
                ConnectionResetError,
                1,
                marks=pytest.mark.wire("create", "planned: carried out after the client has lost its connection"),
            ),
            pytest.param(
                {"fault": "hang", "seconds": 0.2},
                ConnectionResetError,
                0,
                marks=pytest.mark.wire("create", "planned: no answer, nothing is carried out"),
            ),
            pytest.param(
                {"fault": "too_many", "retry_after_seconds": 7},
                shotgun_api3.ProtocolError,
                0,
                marks=pytest.mark.wire("create", "planned: 429 with Retry-After"),
            ),
            pytest.param(
                {"fault": "unavailable"},
                shotgun_api3.ProtocolError,
                0,
                marks=pytest.mark.wire("create", "planned: 503 with Retry-After"),
            ),
            pytest.param(
                {"fault": "error", "message": "API create() CRUD ERROR #6: no"},
                shotgun_api3.Fault,
                0,
                marks=pytest.mark.wire("create", "planned: a Fault with the plan's message"),
            ),
        ],
        ids=lambda value: value["fault"] if isinstance(value, dict) else "",
    )
    def test_a_create_that_goes_wrong(
        self,
        faulty: SiteProcess,
        sg: Any,
        project: dict[str, Any],
        rule: dict[str, Any],
        raised: type[Exception],
        count: int,
    ):
        faulty.set_faults([{"method": "create", "nth": 1, **rule}])
        with pytest.raises(raised):
            sg.create("Shot", {"project": project, "code": "a"})
        faulty.settle()
        assert shots(faulty, project) == ["a"] * count
        call = last_call(faulty, "create")
        assert (call["fault"], call["results"]) == (rule["fault"], 1 if count else None)

        assert sg.create("Shot", {"project": project, "code": "b"})["code"] == "b"  # the rule is used up

    @pytest.mark.wire("create", "planned: slow, and then carried out")
    def test_a_slow_one_is_answered_in_the_end(self, faulty: SiteProcess, sg: Any, project: dict[str, Any]):
        faulty.set_faults([{"method": "create", "fault": "slow", "seconds": 0.2}])
        assert sg.create("Shot", {"project": project, "code": "a"})["code"] == "a"
        assert last_call(faulty, "create")["seconds"] >= 0.2

    def test_what_a_slow_or_late_call_does_does_not_need_its_client(self, faulty: SiteProcess, project: dict[str, Any]):
        for fault in ("slow", "commit_late"):
            faulty.set_faults([{"method": "create", "fault": fault, "seconds": 0.5}])
            hasty = faulty.client(connect=False)
            hasty.config.timeout_secs = 0.1
            with pytest.raises(TimeoutError):
                hasty.create("Shot", {"project": project, "code": fault})
            assert fault not in shots(faulty, project)
            faulty.settle()
            assert fault in shots(faulty, project)

    @pytest.mark.wire("create", "planned: a reply lost in order makes the client send again, and two rows")
    def test_a_connection_closed_in_order_makes_the_client_send_again(
        self, faulty: SiteProcess, sg: Any, project: dict[str, Any]
    ):
        faulty.set_faults([{"method": "create", "fault": "drop_reply", "cut": "close", "nth": 1}])
        made = sg.create("Shot", {"project": project, "code": "a"})  # it sees a success
        assert made["code"] == "a"
        assert shots(faulty, project) == ["a", "a"]

    def test_headers_and_words_of_a_refusal(self, faulty: SiteProcess, sg: Any):
        faulty.set_faults([{"method": "read", "fault": "too_many", "retry_after_seconds": 7}])
        with pytest.raises(shotgun_api3.ProtocolError) as busy:
            sg.find_one("Project", [])
        assert (busy.value.errcode, busy.value.headers["retry-after"]) == (429, "7")
        faulty.set_faults([{"method": "read", "fault": "error", "message": "<b>no</b>", "error_code": 102}])
        with pytest.raises(shotgun_api3.AuthenticationFault, match="<b>no</b>"):
            sg.find_one("Project", [])

    def test_a_client_that_gives_up_on_a_hanging_call_ends_it(self, faulty: SiteProcess):
        faulty.set_faults([{"method": "read", "fault": "hang", "nth": 1}])
        hasty = faulty.client(connect=False)
        hasty.config.timeout_secs = 0.1
        with pytest.raises(TimeoutError):
            hasty.find_one("Project", [])
        hasty.close()
        faulty.settle(5)
        assert last_call(faulty, "read")["fault"] == "hang"

    def test_others_are_served_while_a_call_hangs(self, faulty: SiteProcess, sg: Any, project: dict[str, Any]):
        faulty.set_faults([{"method": "create", "fault": "hang", "seconds": 1.0}])

        def hang() -> None:
            with pytest.raises(ConnectionResetError):
                faulty.client().create("Shot", {"project": project, "code": "hangs"})

        waiting = [threading.Thread(target=hang) for _ in range(20)]
        for thread in waiting:
            thread.start()
        assert all(sg.find_one("Project", [["id", "is", project["id"]]]) for _ in range(20))
        assert any(thread.is_alive() for thread in waiting)
        for thread in waiting:
            thread.join()

    def test_a_method_may_be_named_last(self, faulty: SiteProcess, project: dict[str, Any]):
        """Other clients write their JSON in another order."""
        faulty.set_faults([{"method": "create", "fault": "too_many"}])
        args = {"type": "Shot", "fields": [{"field_name": "project", "value": project}], "pad": "x" * 1000}
        call = {"params": [{"script_name": SCRIPT, "script_key": KEY}, args], "method_name": "create"}
        assert requests.post(f"{faulty.url}/api3/json", json=call, timeout=10).status_code == 429


class TestUploads:
    @pytest.mark.parametrize("method", ["api_get_upload_link_info", "PUT"])
    def test_a_busy_upload_is_tried_again(
        self,
        faulty: SiteProcess,
        sg: Any,
        tracker: ShotgridTracker,
        project: dict[str, Any],
        tmp_path: Path,
        method: str,
    ):
        """By our tracker: the bare client's second PUT has no body, and waits for ever."""
        (tmp_path / "notes.txt").write_text("hello")
        version = sg.create("Version", {"project": project, "code": "a"})  # of a type whose files have an address
        faulty.set_faults([{"method": method, "fault": "unavailable", "nth": 1, "retry_after_seconds": 0}])
        attached = tracker.upload("Version", version["id"], tmp_path / "notes.txt", field_name="sg_uploaded_movie")
        assert sg.download_attachment(attached) == b"hello"
        spoilt = [call for call in faulty.calls() if call["method"] == method][-2:]
        assert [(call["status"], call["fault"]) for call in spoilt] == [(503, "unavailable"), (200, None)]

    @pytest.mark.wire("api_link_file", "planned: a refusal in the words of the plan")
    def test_a_refused_upload_says_why(self, faulty: SiteProcess, sg: Any, project: dict[str, Any], tmp_path: Path):
        (tmp_path / "notes.txt").write_text("hello")
        faulty.set_faults([{"method": "api_link_file", "fault": "error", "message": "the disk is full"}])
        version = sg.create("Version", {"project": project, "code": "a"})
        with pytest.raises(shotgun_api3.ShotgunError, match="the disk is full"):
            sg.upload("Version", version["id"], str(tmp_path / "notes.txt"))

    @pytest.mark.parametrize("fault", ["drop_reply", "commit_late"])
    def test_a_form_with_a_file_is_carried_out_without_its_client(
        self, start_site: StartSite, tmp_path: Path, fault: str
    ):
        site = start_site(tmp_path / "site", "--uploads", "form")
        seconds = {"seconds": 0.2} if fault == "commit_late" else {}
        site.set_faults([{"method": "upload_file", "fault": fault, **seconds}])
        project = site.client().find_one("Project", [])
        auth = {"script_name": SCRIPT, "script_key": KEY, "entity_type": "Project", "entity_id": str(project["id"])}
        large = io.BytesIO(b"x" * 3_000_000)
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{site.url}/upload/upload_file", auth, files={"file": ("a.bin", large)}, timeout=10)
        site.settle()
        (found,) = site.client().find("Attachment", [], ["filename", "file_size"])
        assert (found["filename"], found["file_size"]) == ("a.bin", 3_000_000)

    def test_downloads_go_wrong_too(self, faulty: SiteProcess, sg: Any, project: dict[str, Any], tmp_path: Path):
        (tmp_path / "notes.txt").write_text("hello")
        attached = sg.upload("Project", project["id"], str(tmp_path / "notes.txt"))
        faulty.set_faults([{"method": "GET", "fault": "error", "error_code": 403, "nth": 1}])
        with pytest.raises(shotgun_api3.ShotgunFileDownloadError):
            sg.download_attachment(attached)
        assert sg.download_attachment(attached) == b"hello"

    @pytest.mark.wire("publish_thumbnail", "planned: new pictures stay pending while the rule stands")
    def test_pictures_get_stuck_and_come_loose(
        self, faulty: SiteProcess, sg: Any, project: dict[str, Any], tmp_path: Path
    ):
        gif = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
        (tmp_path / "a.gif").write_bytes(gif)
        before, new = (sg.create("Version", {"project": project, "code": code})["id"] for code in ("before", "new"))

        def image(row_id: int) -> str:
            return sg.find_one("Version", [["id", "is", row_id]], ["image"])["image"]

        sg.upload_thumbnail("Version", before, str(tmp_path / "a.gif"))
        assert image(before).endswith(PENDING)
        assert not image(before).endswith(PENDING)
        faulty.set_faults([{"fault": "thumbnail_stuck"}])
        sg.upload_thumbnail("Version", new, str(tmp_path / "a.gif"))
        assert all(image(new).endswith(PENDING) for _ in range(3))
        assert not image(before).endswith(PENDING)
        faulty.clear_faults()
        assert not image(new).endswith(PENDING)


class TestWithOurTracker:
    @pytest.mark.parametrize(
        ("rule", "raised", "count"),
        [
            ({"fault": "drop_request"}, TrackerUnanswered, 0),
            ({"fault": "drop_request", "cut": "close"}, TrackerUnanswered, 0),
            ({"fault": "drop_reply"}, TrackerUnanswered, 1),
            ({"fault": "drop_reply", "cut": "close"}, TrackerUnanswered, 1),
            ({"fault": "commit_late", "seconds": 0.2}, TrackerUnanswered, 1),
            ({"fault": "hang", "seconds": 0.2}, TrackerUnanswered, 0),
            ({"fault": "too_many", "retry_after_seconds": 7}, TrackerUnavailable, 0),
            ({"fault": "unavailable"}, TrackerUnavailable, 0),
            ({"fault": "error", "message": "no"}, TrackerRefused, 0),
        ],
        ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
    )
    def test_a_write_is_sent_once_and_the_error_says_whether_it_may_have_arrived(
        self,
        faulty: SiteProcess,
        tracker: ShotgridTracker,
        project: dict[str, Any],
        rule: dict[str, Any],
        raised: type[Exception],
        count: int,
    ):
        faulty.set_faults([{"method": "create", **rule}])
        with pytest.raises(raised) as caught:
            tracker.create("Shot", {"project": project, "code": "a"})
        assert type(caught.value) is raised
        faulty.settle()
        assert shots(faulty, project) == ["a"] * count
        if rule["fault"] == "too_many":
            assert caught.value.report.context["retry_after_seconds"] == 7

    @pytest.mark.parametrize(
        "rule",
        [
            {"fault": "drop_request"},
            {"fault": "drop_reply"},
            {"fault": "unavailable", "retry_after_seconds": 0},
            {"fault": "too_many", "retry_after_seconds": 0},
            {"fault": "hang", "seconds": 0.1},
        ],
        ids=lambda rule: rule["fault"],
    )
    def test_a_read_is_tried_again(
        self, faulty: SiteProcess, tracker: ShotgridTracker, project: dict[str, Any], rule: dict[str, Any]
    ):
        faulty.set_faults([{"method": "read", "times": 2, **rule}])
        assert tracker.find("Project", [["id", "is", project["id"]]])
        spoilt = [call["fault"] for call in faulty.calls() if call["method"] == "read"][-3:]
        assert spoilt == [rule["fault"], rule["fault"], None]


class TestAdministration:
    PLAN = {"schema": "onepiece.faults.1", "rules": [{"method": "create", "fault": "drop_reply", "nth": 3}]}

    @pytest.mark.parametrize(
        "header",
        [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x", "Bearer \xff\xfe"],
    )
    @pytest.mark.parametrize(("method", "path"), [("PUT", "faults"), ("GET", "faults"), ("GET", "calls")])
    def test_without_the_key_nothing_is_told_or_changed(
        self, faulty: SiteProcess, header: str | None, method: str, path: str
    ):
        connection = http.client.HTTPConnection(urlsplit(faulty.url).netloc, timeout=10)
        headers = {} if header is None else {"Authorization": header.encode("latin-1")}
        connection.request(method, f"/sandbox/{path}", json.dumps(self.PLAN), headers)
        answer = connection.getresponse()
        assert (answer.status, b"rules" in answer.read()) == (401, False)
        connection.close()
        assert faulty.ask("GET", "/sandbox/faults")["plan"]["rules"] == []

    def test_a_plan_is_shown_with_what_it_counted(self, faulty: SiteProcess, sg: Any):
        faulty.set_faults(self.PLAN)
        sg.create("Project", {"name": "counted"})
        told = faulty.ask("GET", "/sandbox/faults")
        assert told["plan"]["rules"] == [
            {"target": "shotgrid", "method": ["create"], "fault": "drop_reply", "nth": 3},
        ]
        assert told["counts"] == [{"seen": 1, "spoilt": 0}]

    def test_a_bad_plan_is_refused_and_the_one_before_stands(self, faulty: SiteProcess):
        faulty.set_faults(self.PLAN)
        with pytest.raises(AssertionError, match=r"rules\[0\]: slow needs seconds"):
            faulty.set_faults([{"fault": "slow"}])
        assert len(faulty.ask("GET", "/sandbox/faults")["counts"]) == 1

    def test_a_plan_can_always_be_removed(self, faulty: SiteProcess, sg: Any):
        faulty.set_faults([{"fault": "hang"}])
        faulty.clear_faults()
        assert sg.find_one("Project", [])

    @pytest.mark.parametrize(("method", "path"), [("POST", "faults"), ("PUT", "calls"), ("GET", "calls?since=-1")])
    def test_other_questions_are_refused(self, faulty: SiteProcess, method: str, path: str):
        with pytest.raises(AssertionError, match="errors"):
            faulty.ask(method, f"/sandbox/{path}")

    def test_a_plan_has_a_size(self, faulty: SiteProcess):
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = requests.put(f"{faulty.url}/sandbox/faults", b" " * 2_000_000, headers=headers, timeout=10)
        assert answer.status_code == 413


class TestStartAndStop:
    def test_a_plan_stands_from_the_start(self, start_site: StartSite, tmp_path: Path):
        plan = {"schema": "onepiece.faults.1", "rules": [{"method": "info", "fault": "unavailable", "nth": 1}]}
        (tmp_path / "plan.json").write_text(json.dumps(plan))
        site = start_site(tmp_path / "site", "--faults", str(tmp_path / "plan.json"))
        with pytest.raises(shotgun_api3.ProtocolError):
            site.client()
        assert site.client().find_one("Project", [])

    def test_a_bad_plan_stops_the_start(self, tmp_path: Path):
        (tmp_path / "plan.json").write_text('{"schema": "onepiece.faults.1", "rules": [{"fault": "slow"}]}')
        site = SiteProcess(tmp_path / "site", ("--faults", str(tmp_path / "plan.json")))
        with pytest.raises(AssertionError, match=r"error: rules\[0\]: slow needs seconds"):
            site.start()
        assert site.process.wait(10) == 6
        assert not (tmp_path / "site" / "site").exists()

    @pytest.mark.parametrize("rule", [{"fault": "hang"}, {"fault": "slow", "seconds": 60}])
    def test_a_site_stops_whatever_is_planned(self, start_site: StartSite, tmp_path: Path, rule: dict[str, Any]):
        site = start_site(tmp_path / "site")
        site.set_faults([{"method": "read", **rule}, {"method": "create", "fault": "commit_late", "seconds": 60.0}])
        failed: list[type[BaseException]] = []

        def ask(kind: str) -> None:
            try:
                client = site.client()
                client.find("Project", []) if kind == "read" else client.create("Project", {"name": "never"})
            except OSError as error:
                failed.append(type(error))

        waiting = [threading.Thread(target=ask, args=(kind,)) for kind in ("read", "create")]
        for thread in waiting:
            thread.start()
        while site.ask("GET", "/sandbox/calls?since=2")["under_way"] < 2:
            pass
        assert site.stop() == 0
        for thread in waiting:
            thread.join(10)
        assert failed == [ConnectionResetError] * 2
        assert "Traceback" not in site.log()
