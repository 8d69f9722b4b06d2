"""What the journal, the receipts and the kept reports say: of real deliveries, ingests and comparisons."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from onepiece_core.dashboard.deliveries import TrackedDelivery
from onepiece_core.dashboard.paper import Paper
from onepiece_core.errors import DashboardInvalid, DashboardMissing, ErrorReport
from onepiece_core.journal import Journal
from onepiece_core.reconcile.kept import keep_findings
from onepiece_core.reconcile.model import CLASSES, Looked, ReconcileReport, finding
from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.verify import VerifyFinding, verify_archive
from onepiece_core.verify_kept import keep_verify
from onepiece_server.sandbox.report import SandboxReport
from tests.support.deliveries import DeliveryWorld
from tests.support.ingests import IngestWorld

_NUMBERS = itertools.count(1)


@pytest.fixture
def world(studio: SandboxReport, tmp_path: Path) -> DeliveryWorld:
    return DeliveryWorld.of(studio.env, tmp_path)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state")) as journal:
        yield journal


def begun(journal: Journal, name: str, kind: str = "deliver", **request: object) -> str:
    number = next(_NUMBERS)
    journal.begin(f"{kind}-{number}", kind=kind, fingerprint=f"{number}", name=name, request=request)
    return f"{kind}-{number}"


def test_a_delivery_shows_its_own_manifest_and_a_given_one_is_preferred(world: DeliveryWorld) -> None:
    world.publish("sh010_comp_v001")
    world.deliver()
    told = world.root / "upstream.json"
    entries = [{"path": "theirs.exr", "original": "theirs.exr", "hashes": {"xxh128": "0" * 32}}]
    told.write_text(json.dumps({"schema": "onepiece.delivery.1", "versions": [{"files": entries}]}))
    world.deliver(output=world.root / "second.zip", upstream=(told,))
    with closing(Paper(world.root / "state")) as paper:
        page = paper.list_deliveries(project=world.name)
        second, first = page.items
        assert (first.name, first.project, first.recipient, first.status) == ("out", world.code, "out", "finished")
        assert (first.versions, first.files, first.verified) == (1, 6, None)
        detail = paper.get_delivery(first.id)
        assert (detail.summary.manifest, detail.note) == ("ours", "")
        assert {entry.version for entry in detail.entries} == {"sh010_comp_v001"}
        assert len(detail.entries) == 6
        assert all(len(entry.digests["xxh128"]) == 32 and entry.size_bytes for entry in detail.entries)
        assert detail.receipt["delivery"]
        assert "files" not in detail.receipt["versions"][0]
        detail = paper.get_delivery(second.id)
        assert (detail.summary.manifest, [entry.path for entry in detail.entries]) == ("upstream", ["theirs.exr"])
        assert paper.list_deliveries(project="another").items == []
        # A package that is gone still shows, and says so.
        (world.root / "out.zip").unlink()
        detail = paper.get_delivery(first.id)
        assert detail.summary.manifest == "tracker"
        assert [entry.version for entry in detail.entries] == ["sh010_comp_v001"]
        assert "out.zip cannot be read" in detail.note


def test_a_delivery_tells_what_the_last_verify_said_of_it_and_when(world: DeliveryWorld) -> None:
    world.publish("sh010_comp_v001")
    world.deliver()
    state, report = world.root / "state", verify_archive(world.root / "out.zip")
    with closing(Paper(state)) as paper:
        (row,) = paper.list_deliveries().items
        assert (row.verified, row.verified_at) == (None, None)
        before = paper.generation()
        keep_verify(state, report)
        assert paper.generation() != before
        (row,) = paper.list_deliveries().items
        assert row.verified
        assert row.created_at < row.verified_at
        uploaded = report.model_copy(
            update={"place": row.place, "findings": (VerifyFinding(kind="missing", path="x", message=""),)}
        )
        keep_verify(state, uploaded)
        assert paper.get_delivery(row.id).summary.verified is False


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no archive", "BadZipFile"),
        (b"PK\x05\x06" + b"\0" * 18, "lists no files"),
        (None, "cannot be read"),
    ],
)
def test_a_package_that_tells_nothing_is_no_error(journal: Journal, tmp_path: Path, content: bytes, why: str) -> None:
    if content is not None:
        (tmp_path / "out.zip").write_bytes(content)
    made = begun(journal, "out", output=str(tmp_path / "out.zip"), project="Show", show_code="SH")
    detail = Paper(journal).get_delivery(made)
    assert (detail.entries, detail.summary.manifest) == ([], None)
    assert why in detail.note


def test_lists_are_paged_without_gaps_whatever_came_in_the_meantime(journal: Journal) -> None:
    made = [begun(journal, f"d{number}", project="A" if number % 2 else "B") for number in range(7)]
    tracked = [TrackedDelivery(90 + each, f"theirs {each}", "A", created_at=float(each)) for each in range(3)]
    paper = Paper(journal, tracked=lambda: tracked)
    seen: list[str] = []
    cursor = None
    while True:
        page = paper.list_deliveries(limit=2, cursor=cursor)
        seen += [each.id for each in page.items]
        begun(journal, "newer")
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [*reversed(made), "tracker-92", "tracker-91", "tracker-90"]
    assert {each.name for each in paper.list_deliveries(project="a").items} == {"d1", "d3", "d5"} | {
        each.title for each in tracked
    }
    assert paper.get_delivery("tracker-91").note.startswith("No list of files")
    journal.settle(made[0], "finished", result={"delivery": 91})
    assert "tracker-91" not in {each.id for each in paper.list_deliveries(limit=500).items}
    for bad in ("x", "bm8", "!!", "W10", "WzEsMl0", "a" * 5000, "W05hTiwgIngiXQ"):
        with pytest.raises(DashboardInvalid):
            paper.list_deliveries(cursor=bad)
    for limit in (0, 501):
        with pytest.raises(DashboardInvalid):
            paper.list_operations(limit=limit)
    for ask in (paper.get_delivery, paper.get_ingest):
        with pytest.raises(DashboardMissing):
            ask("deliver-none")


def test_an_ingest_tells_what_it_refused_and_why(tmp_path: Path, studio: SandboxReport) -> None:
    aws, bucket = DeliveryWorld.of(studio.env, tmp_path).aws, f"paper-{os.getpid()}"
    create_bucket(aws, bucket)
    world = IngestWorld(tmp_path, aws, bucket, None, project="Show of paper")
    world.frames("FG_ep010_sc02_0010_comp_v001")
    (world.drop / "FG_ep010_sc02_0020_comp_v001.1001.exr").write_bytes(b"no picture")
    report = world.ingest()
    world.store.close()
    with closing(Paper(world.state)) as paper:
        (summary,) = paper.list_ingests(project="fg").items
        assert (summary.files, summary.refused, summary.source) == (4, 1, "vendor")
        assert summary.size_bytes == report.summary["bytes_uploaded"]
        detail = paper.get_ingest(summary.id)
        (refused,) = detail.refused
        assert refused.path == "FG_ep010_sc02_0020_comp_v001.1001.exr"
        (told,) = [file for file in report.files if file.verdict == "refused"]
        assert (refused.code, refused.message) == (told.code, told.message)
        assert [found.kind for found in paper.search("VENDOR_drop")] == ["ingest"]
        # What it kept is gone: the counts stay.
        (world.state / "reports" / f"{summary.id}.json").unlink()
        assert paper.get_ingest(summary.id).summary.refused == 1


_DIES = """
import os, sys
from pathlib import Path
from onepiece_core.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.begin("bulk-dead", kind="bulk", fingerprint="f", name="<b>dead</b>", request={})
with journal.step("bulk-dead", "one"): pass
with journal.transaction() as db:
    db.execute("insert into outbox (operation, seq, kind, payload) values ('bulk-dead', 1, 'rows', '{}')")
    db.execute("insert into steps (operation, name, opened_at) values ('bulk-dead', 'two', 9e9)")
if sys.argv[2] == "dies": os._exit(9)
print("here", flush=True); sys.stdin.read()
"""


def test_unfinished_operations_tell_whether_somebody_is_at_them(journal: Journal) -> None:
    paper = Paper(journal)
    process = subprocess.Popen(
        [sys.executable, "-c", _DIES, str(journal.folder), "lives"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    (row,) = paper.list_operations().items
    assert (row.is_alive, row.steps, row.waiting_writes) == (True, [("one", True), ("two", False)], 1)
    process.communicate(b"")
    (row,) = paper.list_operations().items
    assert (row.name, row.is_alive) == ("<b>dead</b>", False)
    journal.settle("bulk-dead", "parked", error=ErrorReport(code="tracker.unavailable", message="away"))
    (row,) = paper.list_operations().items
    assert row.error is not None
    assert row.error.code == "tracker.unavailable"
    journal.settle("bulk-dead", "finished")
    assert paper.list_operations() == paper.list_operations().model_copy(update={"items": [], "total": 0})


def test_the_generation_changes_with_the_record_and_is_the_same_in_every_process(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with closing(Journal(state)) as journal, closing(Paper(state)) as one, closing(Paper(state)) as two:
        before = one.generation()
        assert before == two.generation() == one.generation()
        made = begun(journal, "out")
        assert before != one.generation() == two.generation()
        before = one.generation()
        with journal.step(made, "packed"):
            assert before != one.generation() == two.generation()
        before = one.generation()
        journal.settle(made, "finished")
        assert before != one.generation()
        before = one.generation()
        keep_findings(state, report_of("A"))
        assert before != one.generation() == two.generation()


def report_of(project: str, *findings: str) -> ReconcileReport:
    found = tuple(finding(code, f"{code} \x1b[31m", "told") for code in findings)
    return ReconcileReport(
        project=project, show_code=project, site="https://site", scope="all", looked=Looked(), findings=found
    )


def test_the_newest_findings_of_each_show_are_kept(tmp_path: Path) -> None:
    codes = list(CLASSES)[:3]
    keep_findings(tmp_path, report_of("A", *codes))
    keep_findings(tmp_path, report_of("B", codes[0]))
    keep_findings(tmp_path, report_of("A", codes[1], codes[1]))
    (tmp_path / "reports" / "reconcile-broken.json").write_text("{")
    with closing(Paper(tmp_path)) as paper:
        first, second = paper.list_findings()
        assert (first.project, first.counts, len(first.findings)) == ("A", {codes[1]: 2}, 2)
        assert (second.project, second.counts) == ("B", {codes[0]: 1})
        assert first.findings[0].subject == rf"{codes[1]} \x1b[31m"
