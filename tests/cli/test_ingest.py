"""``onepiece aws ingest`` as a shell runs it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Done, run_cli
from tests.support.media import write_exr
from tests.support.studio import shotgrid_of, store_of


@dataclass(frozen=True)
class Desk:
    """Where somebody takes in drops. The studio is shared: each test has names of its own."""

    root: Path
    studio: SandboxReport
    env: dict[str, str]
    episode: str

    @property
    def drop(self) -> Path:
        return self.root / "drops" / "vendor_drop"

    def name(self, shot: int = 10) -> str:
        return f"FG_{self.episode}_sc02_{shot:04d}_comp_v004"

    def frames(self, shot: int = 10, first: int = 1001, last: int = 1003, drop: Path | None = None) -> list[Path]:
        folder = (drop or self.drop) / self.episode
        folder.mkdir(parents=True, exist_ok=True)
        names = [f"{self.name(shot)}.{frame}.exr" for frame in range(first, last + 1)]
        return [write_exr(folder / name, seed=name) for name in names]

    def words(self, *more: object, folder: Path | None = None) -> list[str]:
        told = ["aws", "ingest", folder or self.drop, "--project", "Frost Giant", "--show-code", "FG", *more]
        return [str(word) for word in told]

    def ingest(self, *more: object, env: dict[str, str] | None = None) -> Done:
        return run_cli({**self.env, **(env or {})}, *self.words(*more), cwd=self.root)

    def versions(self) -> list[dict[str, Any]]:
        return list(
            shotgrid_of(self.studio).find("Version", [["code", "starts_with", f"FG_{self.episode}_"]], ["code"])
        )

    def keys(self, bucket: str = "vendor-in") -> list[str]:
        return [info.key for info in store_of(self.studio, bucket).iter_objects(f"FG/{self.episode}/")]


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path, studio: SandboxReport, studio_env: dict[str, str]) -> Desk:
    number = zlib.crc32(request.node.nodeid.encode()) % 1000
    return Desk(tmp_path, studio, studio_env, f"ep{number:03d}")


def test_it_ends_with_0_and_says_what_it_did(desk: Desk):
    desk.frames()
    done = desk.ingest()
    assert done.status == 0, done.err
    assert "uploaded 3, skipped 0, refused 0, failed 0" in done.out
    assert [version["code"] for version in desk.versions()] == [desk.name()]
    again = desk.ingest()
    assert (again.status, "uploaded 0, skipped 3" in again.out) == (0, True)


def test_something_refused_ends_with_2_and_the_rest_arrives(desk: Desk):
    desk.frames(10)
    (broken, *_) = desk.frames(20)
    broken.write_bytes(broken.read_bytes()[:-1])
    done = desk.ingest("--json", "--report-path", desk.root / "report.json", "--quarantine", desk.root / "refused")
    assert done.status == 2
    told = json.loads((desk.root / "report.json").read_text())
    assert {name: told["summary"][name] for name in ("ok", "refused")} == {"ok": 3, "refused": 3}
    assert told["files"] == done.told["files"]
    assert len(desk.keys()) == 3
    copied = desk.root / "refused" / "vendor_drop" / desk.episode
    assert len(list(copied.iterdir())) == 3
    assert list((desk.root / "report_mhl" / "ascmhl").glob("0001_vendor_drop_*.mhl"))


def test_invalid_files_are_listed(desk: Desk):
    (broken, *_) = desk.frames()
    broken.write_bytes(b"")
    done = desk.ingest()
    assert broken.name in done.err
    assert "media.empty" in done.err
    assert done.out.startswith("uploaded 0, skipped 0, refused 3")


def test_a_dry_run_changes_nothing(desk: Desk):
    desk.frames()
    done = desk.ingest("--dry-run")
    assert done.status == 0
    assert f"{desk.name()}.%04d.exr" in done.out
    assert "would upload 3 files" in done.out
    assert (desk.keys(), desk.versions()) == ([], [])


def test_a_quick_look_reads_first_bytes_only(desk: Desk):
    (broken, *_) = desk.frames()
    broken.write_bytes(broken.read_bytes()[:-1])
    assert desk.ingest("--dry-run").status == 2
    assert desk.ingest("--dry-run", "--quick").status == 0
    assert desk.ingest("--quick").status == 2


def test_a_clients_drop_goes_to_the_clients_bucket(desk: Desk):
    desk.frames()
    assert desk.ingest("--source", "client").status == 0
    assert (desk.keys(), len(desk.keys("client-in"))) == ([], 3)


def test_the_html_report_loads_nothing_and_runs_nothing(desk: Desk):
    desk.frames()
    (desk.drop / desk.episode / "<img src=x onerror=alert(1)>.mov").write_bytes(b"<script>alert(2)</script>")
    done = desk.ingest("--report-path", desk.root / "report.html")
    assert done.status == 2
    page = (desk.root / "report.html").read_text()
    assert "<img src=x" not in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("data:image/jpeg;base64,") == 1
    assert str(desk.root) not in page


def test_a_csv_report_is_never_carried_out(desk: Desk):
    desk.frames()
    (desk.drop / "=cmd.mov").write_bytes(b"x")
    desk.ingest("--report-format", "csv")
    report = (desk.root / "vendor_drop_report.csv").read_text()
    assert "\n'=cmd.mov," in report
    assert not any(line.startswith("=") for line in report.splitlines())


def test_a_site_that_is_away_is_a_warning_and_recover_registers(desk: Desk):
    desk.frames()
    away = {"ONEPIECE_SHOTGRID_URL": "http://127.0.0.1:9", "ONEPIECE_SANDBOX_ALLOW_MIXED": "1"}
    done = desk.ingest("--json", env={**away, "ONEPIECE_TRACKER_SETTLE_SECONDS": "0"})
    assert done.status == 0, done.err
    assert {file["verdict"] for file in done.told["files"]} == {"ok"}
    assert {file["version_id"] for file in done.told["files"]} == {None}
    assert len(desk.keys()) == 3
    listed = run_cli(desk.env, "recover", "--list", cwd=desk.root)
    assert "vendor_drop  parked" in listed.out
    assert "s3://vendor-in/FG" in listed.out
    recovered = run_cli(desk.env, "recover", cwd=desk.root)
    assert (recovered.status, "vendor_drop  completed" in recovered.out) == (0, True), recovered
    assert len(desk.versions()) == 1


def test_a_project_that_nobody_knows_is_told_before_anything_is_read(desk: Desk):
    desk.frames()
    done = run_cli(desk.env, "aws", "ingest", desk.drop, "--project", "Nobody's", "--show-code", "FG", cwd=desk.root)
    assert (done.status, "tracker.project_missing" in done.err) == (1, True)
    assert desk.keys() == []


def test_a_bucket_that_is_not_there_ends_with_1(desk: Desk):
    desk.frames()
    done = desk.ingest("--vendor-bucket", "no-such-bucket", "--json")
    assert (done.status, done.error["code"]) == (1, "storage.bucket_missing")


def test_a_drop_that_is_not_there_ends_with_2(desk: Desk):
    assert desk.ingest().status == 2


def test_a_report_in_the_drop_is_refused(desk: Desk):
    desk.frames()
    assert desk.ingest("--report-path", desk.drop / "report.json").status == 2
    assert desk.keys() == []


def test_events_tell_how_it_went(desk: Desk):
    desk.frames()
    done = desk.ingest("--events", "ndjson")
    events = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    assert {"upload", "register"} <= {event.get("phase") for event in events}
    assert [event["uploaded"] for event in events if event["event"] == "summary"] == [3]


class Service:
    """``onepiece aws ingest --watch`` until it is asked to end."""

    def __init__(self, desk: Desk, quiet_seconds: float = 0.6) -> None:
        words = desk.words(
            "--watch",
            "--quiet-seconds",
            str(quiet_seconds),
            "--report-path",
            desk.root / "reports",
            "--json",
            folder=desk.drop.parent,
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "onepiece_cli", *words],
            env=desk.env,
            cwd=desk.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def told(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))

    def end(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


def test_a_watched_folder_takes_in_each_drop_once_whatever_is_started_again(desk: Desk):
    desk.frames(10)
    first = Service(desk)
    told = first.told()
    assert (told["drop"], told["uploaded"]) == ("vendor_drop", 3)
    other = desk.drop.parent / "second"
    desk.frames(20, drop=other)
    assert first.told()["drop"] == "second"
    assert first.end() == (0, "")
    assert sorted(path.name for path in (desk.root / "reports").glob("*.json")) == ["second.json", "vendor_drop.json"]

    shutil.copytree(other, desk.drop.parent / "third")
    for path in (desk.drop.parent / "third" / desk.episode).iterdir():
        path.rename(path.with_name(path.name.replace("_0020_", "_0030_")))
    again = Service(desk)
    # The first two are known: the third is the first one that is told.
    assert again.told()["drop"] == "third"
    assert again.end() == (0, "")
    assert len(desk.versions()) == 3


def test_a_drop_that_grows_is_not_touched(desk: Desk):
    desk.frames(10)
    service = Service(desk, quiet_seconds=3)
    for frame in range(1004, 1012):  # in all for longer than it must be quiet
        desk.frames(10, frame, frame)
        time.sleep(0.5)
    told = service.told()
    assert service.end()[0] == 0
    assert told["uploaded"] == 11
