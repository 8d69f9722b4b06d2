"""Ingests of real drops into a real bucket and a sandbox site."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import DiskFull, OperationBusy, OperationCancelled, PathEscapes
from onepiece_core.ingest.model import Expected
from onepiece_core.ingest.parts import RegisterParts
from onepiece_core.ingest.quarantine import check_quarantine, copy_refused, refused_files
from onepiece_core.ingest.recover import recover_ingests
from onepiece_core.ingest.report import report_csv, report_json
from onepiece_core.ingest.watch import signature_of
from onepiece_core.journal import Journal
from onepiece_core.progress import Reporter
from onepiece_core.storage.engines.uploading import PART_BYTES
from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.storage.s3.client import connect
from tests.support.ingests import SHOW, IngestWorld, verdicts
from tests.support.media import write_exr
from tests.support.s3_proxy import PASS, REPLY_LOST, s3_proxy
from tests.support.shotgrid import RunningSite, running_site
from tests.support.weed import Weed

_NUMBERS = itertools.count(1)
NAME = "FG_ep010_sc02_0010_comp_v004"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, weed: Weed, site: RunningSite) -> Iterator[IngestWorld]:
    bucket = f"ingest-{next(_NUMBERS)}"
    create_bucket(weed.aws, bucket)
    tracker = site.tracker()
    tracker.create("Project", {"name": f"Show of {bucket}"})
    made = IngestWorld(tmp_path, weed.aws, bucket, tracker, project=f"Show of {bucket}")
    yield made
    made.store.close()


def test_a_drop_arrives_and_is_registered(world: IngestWorld):
    world.frames(NAME, below="sc02")
    world.frames("FG_ep010_sc02_0020_comp_v001")
    report = world.ingest()
    assert {file.verdict for file in report.files} == {"ok"}
    assert report.summary["uploaded"] == 6
    assert all(file.version_id for file in report.files)
    world.check_exactly_once()


def test_a_second_run_uploads_nothing_and_registers_nothing(world: IngestWorld):
    world.frames(NAME)
    first = world.ingest()
    second = world.ingest()
    assert set(verdicts(second).values()) == {"destination.same"}
    assert (second.summary["uploaded"], second.summary["bytes_uploaded"]) == (0, 0)
    assert [file.version_id for file in second.files] == [file.version_id for file in first.files]
    world.check_exactly_once()


def test_a_run_from_another_machine_sends_nothing_twice(world: IngestWorld):
    world.frames(NAME)
    world.ingest()
    report = world.elsewhere("other").ingest()
    assert set(verdicts(report).values()) == {"destination.same"}
    world.check_exactly_once()


def test_an_object_with_other_bytes_is_never_overwritten(world: IngestWorld):
    world.frames(NAME)
    world.store.put(f"FG/{NAME}.1002.exr", b"somebody else's")
    report = world.ingest()
    assert set(verdicts(report)) == {f"{NAME}.{frame}.exr" for frame in (1001, 1002, 1003)}
    assert verdicts(report)[f"{NAME}.1002.exr"] == "destination.differs"
    assert world.store.read(f"FG/{NAME}.1002.exr")[0] == b"somebody else's"
    assert world.versions() == []
    # Nothing of a sequence is sent once it is known that it cannot be whole.
    assert world.keys() == [f"FG/{NAME}.1002.exr"]


def test_a_version_that_came_before_with_other_bytes_is_refused(world: IngestWorld):
    world.frames(NAME)
    world.ingest()
    world.frames(NAME, 1002, 1002, salt="retouched")
    report = world.ingest()
    assert {file.code for file in report.files} == {"version.exists"}
    again = world.elsewhere("other").ingest()
    assert verdicts(again)[f"{NAME}.1002.exr"] == "destination.differs"
    assert len(world.versions()) == 1


def test_a_large_file_is_compared_before_it_is_sent_again(world: IngestWorld):
    name = "FG_ep010_sc02_0010_plate_v001.1001.exr"
    write_exr(world.drop / name, width=2048, height=2048)
    assert (world.drop / name).stat().st_size > PART_BYTES
    world.ingest()
    report = world.elsewhere("other").ingest()
    assert (verdicts(report), report.summary["bytes_uploaded"]) == ({name: "destination.same"}, 0)
    world.check_exactly_once()


def test_content_that_came_before_under_another_name_is_told(world: IngestWorld):
    frames = world.frames(NAME)
    world.ingest()
    for path in frames:
        shutil.copy(path, path.with_name(path.name.replace("_0010_", "_0020_")))
    report = world.ingest()
    copied = [file for file in report.files if "_0020_" in file.path]
    assert {file.verdict for file in copied} == {"ok"}
    assert all("delivery.duplicate" in " ".join(file.warnings) for file in copied)


def test_every_file_stands_once_in_the_report(world: IngestWorld):
    world.frames(NAME)
    (world.drop / "FG_ep010_sc02_0020_comp_v001.1001.exr").write_bytes(b"this is no picture, whatever its name says")
    (world.drop / ".DS_Store").write_bytes(b"")
    (world.drop / "old.zip").write_bytes(b"PK\3\4")
    os.mkfifo(world.drop / "pipe")
    world.drop.joinpath(os.fsdecode(b"caf\xe9.exr")).write_bytes(b"")
    report = world.ingest()
    assert verdicts(report) == {
        **{f"{NAME}.{frame}.exr": "ok" for frame in (1001, 1002, 1003)},
        "FG_ep010_sc02_0020_comp_v001.1001.exr": "media.invalid",
        ".DS_Store": "file.temporary",
        "old.zip": "archive.refused",
        "pipe": "file.special",
        "caf\\xe9.exr": "media.empty",
    }
    assert (report.summary["ok"], report.summary["skipped"], report.summary["refused"]) == (3, 1, 4)
    told = json.loads(report_json(report))
    assert told["schema"] == "onepiece.ingest-report.1"
    assert {"path", "verdict", "code", "message", "key", "version_id"} <= told["files"][0].keys()
    rows = list(csv.DictReader(io.StringIO(report_csv(report).decode())))
    assert [row["path"] for row in rows] == [file["path"] for file in told["files"]]


def test_a_version_knows_its_shot_its_task_and_its_frames(world: IngestWorld, site: RunningSite):
    tracker = site.tracker()
    project = tracker.find_one("Project", [["name", "is", world.project]])
    shot = tracker.create("Shot", {"project": project, "code": "ep010_sc02_0010"})
    step = tracker.create("Step", {"code": "Compositing", "short_name": "comp", "entity_type": "Shot"})
    task = tracker.create("Task", {"project": project, "entity": _link(shot), "content": "main", "step": _link(step)})
    world.frames(NAME, 1001, 1003)
    world.ingest()
    (version,) = world.versions()
    assert (version["entity"]["id"], version["sg_task"]["id"]) == (shot["id"], task["id"])
    assert version["code"] == NAME
    assert version["sg_path_to_frames"] == f"s3://{world.bucket}/FG/{NAME}.%04d.exr"
    (file,) = world.files()
    assert file["code"] == f"{NAME}.%04d.exr"


def test_of_two_tasks_with_that_name_none_is_chosen(world: IngestWorld, site: RunningSite):
    tracker = site.tracker()
    project = tracker.find_one("Project", [["name", "is", world.project]])
    shot = tracker.create("Shot", {"project": project, "code": "ep010_sc02_0010"})
    for _ in range(2):
        tracker.create("Task", {"project": project, "entity": _link(shot), "content": "comp"})
    world.frames(NAME)
    world.ingest()
    assert world.versions()[0]["sg_task"] is None


def test_thumbnails_are_uploaded_once(world: IngestWorld, site: RunningSite):
    world.frames(NAME)
    world.ingest(thumbnails=True)
    assert world.versions()[0]["image"]
    before = _last_call(site)
    world.ingest(thumbnails=True)
    assert {call["method"] for call in site.calls(before)} <= {"read", "info", "schema_field_read", "schema_read"}


def test_a_review_movie_is_made_of_frames(world: IngestWorld):
    world.frames(NAME)
    world.ingest(review_movies=True)
    assert world.tracker is not None
    found = world.tracker.find("Version", [["id", "is", world.versions()[0]["id"]]], ["sg_uploaded_movie"])
    assert found[0]["sg_uploaded_movie"]["name"] == f"{NAME}.mov"


def test_requests_grow_with_hundreds_of_sequences_not_with_files(world: IngestWorld, site: RunningSite):
    for number in range(1, 7):
        world.frames(f"FG_ep010_sc02_{number:04d}_comp_v001", 1001, 1002)
    few = _requests(world, site)
    for number in range(7, 31):
        world.frames(f"FG_ep010_sc02_{number:04d}_comp_v001", 1001, 1005)
    many = _requests(world, site)
    assert len(world.versions()) == 30
    assert len(many) <= len(few) + 1, (few, many)


def _requests(world: IngestWorld, site: RunningSite) -> list[tuple[str, str]]:
    before = _last_call(site)
    world.ingest()
    return [(call["method"], call.get("type")) for call in site.calls(before)]


def _last_call(site: RunningSite) -> int:
    number = 0
    while calls := site.calls(number):
        number = calls[-1]["seq"]
    return number


def test_a_tracker_that_is_away_leaves_the_registration_in_the_outbox(world: IngestWorld, site: RunningSite):
    world.frames(NAME)
    plan = world.plan()
    world.tracker = None
    report = world.ingest(plan=plan)
    assert {file.verdict for file in report.files} == {"ok"}
    assert {file.version_id for file in report.files} == {None}
    assert report.summary["waiting"] > 0
    assert [warning["code"] for warning in report.summary["warnings"]] == ["tracker.not_configured"]
    world.tracker = site.tracker()
    assert world.versions() == []
    with closing(Journal(world.state)) as journal:
        assert [each.outcome for each in recover_ingests(RegisterParts(journal, world.tracker))] == ["completed"]
        assert list(recover_ingests(RegisterParts(journal, world.tracker))) == []
    world.check_exactly_once()


def test_the_next_run_over_the_drop_registers_what_waits(world: IngestWorld, site: RunningSite):
    world.frames(NAME)
    plan = world.plan()
    world.tracker = None
    world.ingest(plan=plan)
    world.tracker = site.tracker()
    report = world.ingest()
    assert (report.summary["uploaded"], report.summary["waiting"]) == (0, 0)
    assert all(file.version_id for file in report.files)
    world.check_exactly_once()


@pytest.mark.parametrize("fault", [{"fault": "drop_reply"}, {"fault": "commit_late", "seconds": 0.8}], ids=str)
def test_every_second_write_spoilt_makes_each_row_once(fault: dict[str, Any], world: IngestWorld, site: RunningSite):
    for number in range(1, 4):
        world.frames(f"FG_ep010_sc02_{number:04d}_comp_v001", 1001, 1002)
    plan = world.plan()
    world.tracker = site.tracker(timeout_seconds=0.5)
    with site.spoils(**fault, every=2):
        world.ingest(plan=plan, thumbnails=True)
    world.tracker = site.tracker()
    world.ingest()
    world.check_exactly_once()


def test_a_site_that_asks_for_patience_gets_it(world: IngestWorld, site: RunningSite):
    world.frames(NAME)
    plan = world.plan()
    with site.spoils("too_many", retry_after_seconds=1, every=2):
        report = world.ingest(plan=plan)
    assert report.summary["waiting"] == 0
    world.check_exactly_once()


def test_two_machines_at_one_drop_at_once_make_nothing_twice(world: IngestWorld, site: RunningSite):
    for number in range(1, 6):
        world.frames(f"FG_ep010_sc02_{number:04d}_comp_v001", 1001, 1004)
    machines = [world.elsewhere(name) for name in ("one", "two", "three")]
    for machine in machines:
        machine.tracker = site.tracker()
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(IngestWorld.ingest, machines))
    assert {file.verdict for report in reports for file in report.files} <= {"ok", "skipped"}
    assert sum(report.summary["uploaded"] for report in reports) == 20
    world.check_exactly_once()


def test_rows_that_the_site_refuses_are_a_failure_and_are_tried_again(world: IngestWorld, site: RunningSite):
    world.frames(NAME)
    plan = world.plan()
    with site.spoils("error", message="No."):
        report = world.ingest(plan=plan)
    assert report.summary["failed"] == 1
    assert world.versions() == []
    world.ingest()
    world.check_exactly_once()


@pytest.mark.parametrize("of_them", [1, 3], ids=["one of five", "three of five"])
def test_a_row_that_the_site_refuses_keeps_no_other_from_being_made(of_them: int, world: IngestWorld):
    for number in range(1, 6):
        world.frames(f"FG_ep010_sc02_{number:04d}_comp_v001", 1001, 1002)
    wrong = {f"FG_ep010_sc02_{number:04d}_comp_v001" for number in range(2, 2 + of_them)}
    for run in range(2):
        plan = world.plan()
        for item in plan.items:
            if item.name in wrong:
                # No site holds this character.
                told = {"description": "a\0b"}
                item.expected = (Expected(item.pattern, SHOW, "ep010", "sc02", "0010", None, 1, more=told),)
        report = world.ingest(plan=plan)
        refused = [file for file in report.files if file.code == "tracker.refused"]
        assert {file.path.partition(".")[0] for file in refused} == wrong
        assert all(file.verdict == "refused" and file.key and file.version_id is None for file in refused)
        assert all(file.version_id for file in report.files if file not in refused)
        assert report.summary["failed"] == of_them
        assert len(world.versions()) == len(world.files()) == 5 - of_them, run
    assert world.ingest().summary["failed"] == 0
    world.check_exactly_once()


def test_more_rows_than_that_refused_are_one_trouble_and_nothing_is_made(world: IngestWorld, site: RunningSite):
    for number in range(1, 26):
        world.frames(f"FG_ep010_sc02_{number:04d}_comp_v001", 1001, 1001)
    plan = world.plan()
    with site.spoils("error", message="No."):
        report = world.ingest(plan=plan)
    assert (report.summary["failed"], world.versions()) == (1, [])


def test_of_two_runs_at_once_the_second_is_told_who_is_at_it(world: IngestWorld):
    world.frames(NAME)
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(world.state), world.request().model_dump_json()],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "held"
    with pytest.raises(OperationBusy) as busy:
        world.ingest()
    assert busy.value.report.context["pid"] == holder.pid
    assert (str(holder.pid) in str(busy.value), socket.gethostname() in str(busy.value)) == (True, True)
    assert world.keys() == []
    holder.kill()
    holder.communicate()
    world.ingest()
    world.check_exactly_once()


_HOLD = """
import sys
from pathlib import Path
from onepiece_core.ingest.claim import claimed
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.journal import Journal
with claimed(IngestRequest.model_validate_json(sys.argv[2]), Journal(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_lost_replies_of_the_store_change_nothing(world: IngestWorld):
    world.frames(NAME, 1001, 1012)
    with s3_proxy(world.aws.endpoint_url or "") as proxy:
        proxy.plan = lambda call, before: REPLY_LOST if call.method == "PUT" and before % 3 == 1 else PASS
        world.store = connect(world.aws.model_copy(update={"endpoint_url": proxy.url}), world.bucket)
        report = world.ingest()
    world.store = connect(world.aws, world.bucket)
    assert {file.verdict for file in report.files} <= {"ok", "skipped"}
    world.check_exactly_once()


def test_a_file_that_changes_on_its_way_is_refused_and_its_sequence_not_registered(world: IngestWorld):
    world.frames(NAME)
    plan = world.plan()
    (world.drop / f"{NAME}.1002.exr").write_bytes(b"still coming")
    report = world.ingest(plan=plan)
    assert verdicts(report)[f"{NAME}.1002.exr"] == "file.changing"
    assert {file.verdict for file in report.files} == {"refused"}
    assert world.versions() == []
    assert f"FG/{NAME}.1002.exr" not in list(world.keys())


def test_no_resume_compares_the_contents_again(world: IngestWorld):
    (frame, *_) = world.frames(NAME)
    world.ingest()
    world.store.delete(f"FG/{frame.name}")
    report = world.ingest(resume=False)
    assert verdicts(report)[frame.name] == "ok"
    world.check_exactly_once()


def test_refused_files_are_copied_and_the_drop_stays_as_it_is(world: IngestWorld, tmp_path: Path):
    world.frames(NAME)
    bad = world.drop / "sc03" / "FG_ep010_sc03_0020_comp_v001.1001.exr"
    bad.parent.mkdir()
    bad.write_bytes(b"no picture")
    before = signature_of(world.drop)
    plan, folder = world.plan(), tmp_path / "quarantine"
    check_quarantine(folder, world.drop)
    done = copy_refused(plan, refused_files(plan, None), folder, Reporter())
    assert (done.copied, done.left) == (1, [])
    assert (folder / world.drop.name / "sc03" / bad.name).read_bytes() == b"no picture"
    assert copy_refused(plan, refused_files(plan, None), folder, Reporter()).there == 1
    assert signature_of(world.drop) == before


def test_a_quarantine_in_the_drop_is_refused(world: IngestWorld):
    with pytest.raises(PathEscapes):
        check_quarantine(world.drop / "quarantine", world.drop)


def test_a_quarantine_that_cannot_hold_it_is_told_before_anything_is_copied(world: IngestWorld, small_disk: Path):
    (world.drop / "FG_ep010_sc03_0020_comp_v001.1001.exr").write_bytes(b"no picture" * 200_000)
    plan = world.plan()
    with pytest.raises(DiskFull):
        copy_refused(plan, refused_files(plan, None), small_disk, Reporter())
    assert list(small_disk.iterdir()) == []


def test_a_cancelled_ingest_goes_on(world: IngestWorld):
    world.frames(NAME)
    plan, reporter = world.plan(), Reporter()
    world.checkpoint = lambda name: reporter.cancel() if name == "moved" else None
    with pytest.raises(OperationCancelled):
        world.ingest(plan=plan, reporter=reporter)
    world.checkpoint = lambda name: None
    world.ingest()
    world.check_exactly_once()


def _link(row: dict[str, Any]) -> dict[str, Any]:
    return {"type": row["type"], "id": row["id"]}
