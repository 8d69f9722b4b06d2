"""Each bad input, alone in a drop beside a sound sequence; then all of them in one drop."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import StorageError
from onepiece_core.storage.s3.client import connect
from tests.corpus.looking import check_always, said, shown_set, status_of, tree_of
from tests.corpus.row import Row, Spot
from tests.corpus.rows import ELSEWHERE, LAST, ROWS, UNUSED
from tests.support.ingests import IngestWorld
from tests.support.s3_proxy import PASS, refused, s3_proxy

ROOT = Path(__file__).parents[2]
SEVERITY = {"ok": "warning", "skipped": "skipped", "refused": "error"}


def test_no_row_is_left_out() -> None:
    made = {row.number for row in ROWS}
    assert made | ELSEWHERE.keys() | UNUSED == set(range(1, LAST + 1))
    assert not UNUSED & (made | ELSEWHERE.keys())
    assert len({row.key for row in ROWS}) == len(ROWS)
    for path, test in ELSEWHERE.values():
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, (path, test)


def write_list(spot: Spot, path: Path) -> Path | None:
    """The entries of a drop as its manifest."""
    if not spot.entries:
        return None
    path.write_text(json.dumps({"files": spot.entries}), encoding="utf-8")
    return path


def tell_tracker(world: IngestWorld, spot: Spot) -> None:
    assert world.tracker is not None
    project = world.tracker.find("Project", [["name", "is", world.project]], [])[0]
    link = {"type": "Project", "id": project["id"]}
    for kind, data in spot.tracked:
        world.tracker.create(kind, {"project": link, **data})


def asked_of(row: Row, spot: Spot, world: IngestWorld) -> dict[str, Any]:
    asked = {name: str(world.root / value) if name == "preset" else value for name, value in row.asked.items()}
    if row.manifest is not None:
        path = world.root / ("list.json" if row.is_json else "list.csv")
        path.write_bytes(row.manifest(spot))
        return {**asked, "manifest": path}
    return {**asked, "manifest": write_list(spot, world.root / "list.json")}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row_is_named_and_stops_nothing_else(row: Row, world: IngestWorld) -> None:
    world.frames("FG_ep999_sc99_0010_comp_v001", below="sound")
    spot = row.made_in(world.drop)
    tell_tracker(world, spot)
    before = tree_of(world.drop)
    report = world.ingest(**asked_of(row, spot, world))
    check_always(world, report, before)
    found = said(report)
    verdicts = {file.path: file.verdict for file in report.files}
    stops_all = row.manifest is not None and row.verdict == "refused"
    bad = set(verdicts) if stops_all else shown_set(spot.bad)
    assert {path for path, verdict in verdicts.items() if verdict != "ok"} == (bad if row.verdict != "ok" else set())
    assert {verdicts[path] for path in bad} <= {row.verdict}
    if row.code is None:
        assert found.keys() <= {"shot.unknown", "file.unlisted"}
    else:
        assert row.code in found, found
        is_about_files = bool(bad) and row.code in {file.code for file in report.files}
        assert not is_about_files or found[row.code] == SEVERITY[row.verdict]
    assert status_of(report) == (2 if "error" in found.values() else 0)


def test_the_whole_corpus_in_one_drop(world: IngestWorld) -> None:
    world.frames("FG_ep999_sc99_0010_comp_v001", below="sound")
    rows = [row for row in ROWS if not row.is_alone]
    every = Spot(world.drop, "all")
    bad: dict[str, tuple[Row, str]] = {}
    for row in rows:
        spot = row.made_in(world.drop)
        every.entries += spot.entries
        every.tracked += spot.tracked
        bad |= dict.fromkeys(shown_set(spot.bad), (row, row.verdict))
    tell_tracker(world, every)
    before = tree_of(world.drop)
    report = world.ingest(manifest=write_list(every, world.root / "list.json"))
    check_always(world, report, before)
    for file in report.files:
        if file.path in bad:
            assert file.verdict == bad[file.path][1], (str(bad[file.path][0]), file)
        else:
            assert file.verdict == "ok", file
    found = said(report)
    assert {row.code for row in rows if row.code} <= found.keys()
    assert status_of(report) == 2
    again = world.ingest(manifest=world.root / "list.json")
    assert again.summary["uploaded"] == 0
    assert tree_of(world.drop) == before


def test_a_bucket_that_may_not_be_written_stops_the_run(world: IngestWorld) -> None:
    # An item each: of a sequence nothing more is sent once one frame has failed.
    names = [f"FG_ep999_sc99_{shot:04d}_comp_v001" for shot in range(10, 410, 10)]
    frames = [path for name in names for path in world.frames(name, last=1001)]
    before = tree_of(world.drop)
    with s3_proxy(world.aws.endpoint_url or "") as proxy:
        denied = refused("403 Forbidden", "AccessDenied")
        proxy.plan = lambda call, _: denied if call.method in ("PUT", "POST") else PASS
        world.store = connect(world.aws.model_copy(update={"endpoint_url": proxy.url}), world.bucket)
        with pytest.raises(StorageError):
            world.ingest()
        tried = proxy.methods().count("PUT")
    world.store = connect(world.aws, world.bucket)
    assert 0 < tried < len(frames)
    assert (world.keys(), world.versions()) == ([], [])
    assert tree_of(world.drop) == before
    assert world.ingest().summary["uploaded"] == len(frames)
