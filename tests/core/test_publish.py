"""A publish through its plan and its steps, with a store and a tracker in memory and a real disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import (
    DestinationExists,
    DiskFull,
    OnePieceError,
    OperationCancelled,
    OperationMismatch,
    ProjectMissing,
    ShotMissing,
    SourceChanged,
    StorageUnavailable,
    TrackerError,
    VersionExists,
)
from onepiece_core.journal import Journal
from onepiece_core.paths import Roots
from onepiece_core.progress import Progress, Reporter
from onepiece_core.publish.apply import apply_publish
from onepiece_core.publish.parts import PublishOptions, PublishParts
from onepiece_core.publish.plan import plan_publish
from onepiece_core.publish.record import persist_request, restore_request
from onepiece_core.publish.recover import list_journal, recover_all
from onepiece_core.publish.request import PublishRequest, PublishResult
from onepiece_core.testing.memory_store import Fault, MemoryBucket, MemoryStore
from onepiece_core.testing.memory_tracker import MemoryTracker
from onepiece_core.verify import verify_folder, verify_package
from tests.support.media import write_exr

NAME = "FG_ep010_sc02_0010_comp"


class Died(Exception):
    """Not one of ours: nobody catches it."""


@dataclass
class House:
    """One artist's machine. ``bucket`` and ``tracker`` are the studio's."""

    root: Path
    bucket: MemoryBucket = field(default_factory=MemoryBucket)
    tracker: MemoryTracker | None = None
    faults: tuple[Fault, ...] = ()

    def parts(self, reporter: Reporter | None = None, **changes: Any) -> PublishParts:
        store = MemoryStore(self.bucket, faults=self.faults)
        parts = PublishParts(
            journal=Journal(self.root / "state"),
            open_store=lambda _bucket: store,
            roots=Roots({}, "workstation"),
            tracker=self.tracker,
            options=PublishOptions(settle_seconds=0.2, timeout_seconds=1),
            reporter=reporter or Reporter(),
        )
        return replace(parts, **changes)

    def request(self, scene_name: str = f"{NAME}_v001", **more: Any) -> PublishRequest:
        told: dict[str, Any] = {
            "dcc": "nuke",
            "scene_name": scene_name,
            "renders": self.root / "renders",
            "destination": self.root / "out",
            "bucket": "studio-prod-data",
            "show_code": "FG",
        }
        return PublishRequest(**{**told, **more})

    def publish(self, *args: Any, **more: Any) -> PublishResult:
        parts = self.parts()
        return apply_publish(plan_publish(self.request(*args, **more), parts), parts)

    def publish_and_die(self, moment: str) -> None:
        """A publish that ends at a moment of its life with nothing tidied up."""

        def die(now: str) -> None:
            if now == moment:
                raise Died

        parts = self.parts(checkpoint=die)
        with pytest.raises(Died):
            apply_publish(plan_publish(self.request(), parts), parts)

    def rows(self, entity_type: str) -> int:
        assert self.tracker is not None
        return len(self.tracker.find(entity_type, []))

    def visible(self) -> list[str]:
        """The packages on disk."""
        out = self.root / "out"
        return sorted(path.name for path in out.glob("*") if path.name != ".onepiece") if out.exists() else []


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "renders").mkdir()
    for frame in range(1001, 1006):
        write_exr(tmp_path / "renders" / f"{NAME}.{frame}.exr", seed=frame)
    tracker = MemoryTracker()
    project = tracker.create("Project", {"name": "Frost Giant", "code": "FG"})
    tracker.create("Shot", {"code": "ep010_sc02_0010", "project": project})
    other = tracker.create("Project", {"name": "Other", "code": "OT"})
    tracker.create("Shot", {"code": "ot_0010", "project": other})
    return House(tmp_path, tracker=tracker)


def test_a_publish_is_whole_on_disk_in_the_store_and_in_the_tracker(house: House) -> None:
    result = house.publish()
    assert (result.files, result.bytes_sent) == (5, result.bytes_total)
    assert verify_folder(Path(result.package)).ok
    assert verify_package(MemoryStore(house.bucket), f"vfx/FG/{NAME}_v001").ok
    assert result.tracker.version_id is not None
    assert (house.rows("Version"), house.rows("PublishedFile")) == (1, 1)
    assert list(list_journal(house.parts())) == []


def test_the_same_publish_again_changes_nothing_and_says_the_same(house: House) -> None:
    first, again = house.publish(), house.publish()
    assert again == first.model_copy(update={"bytes_sent": 0})
    assert house.rows("Version") == 1


def test_touched_but_equal_inputs_are_the_same_publish(house: House) -> None:
    first = house.publish()
    for path in (house.root / "renders").iterdir():
        path.touch()
    assert house.publish().operation == first.operation


def test_a_number_is_never_published_twice_with_other_content(house: House) -> None:
    house.publish()
    write_exr(house.root / "renders" / f"{NAME}.1003.exr", seed=99)
    with pytest.raises(VersionExists) as caught:
        house.publish()
    assert caught.value.report.context["state"] == "finished"
    assert verify_folder(house.root / "out" / f"{NAME}_v001").ok


def test_a_package_that_was_deleted_from_its_disk_is_made_again(house: House) -> None:
    first = house.publish()
    shutil.rmtree(first.package)
    again = house.publish()
    assert again.operation == first.operation
    assert verify_folder(Path(again.package)).ok
    assert verify_package(MemoryStore(house.bucket), f"vfx/FG/{NAME}_v001").ok
    assert house.rows("Version") == 1


def test_a_name_without_a_number_gets_the_next_free_one(house: House) -> None:
    assert house.publish(NAME).scene_name == f"{NAME}_v001"
    assert house.publish(NAME).scene_name == f"{NAME}_v001"  # nothing changed
    write_exr(house.root / "renders" / f"{NAME}.1003.exr", seed=99)
    second = house.publish(NAME)
    assert (second.scene_name, second.version) == (f"{NAME}_v002", 2)
    assert second.bytes_sent == second.bytes_total // 5, "four of five frames are copied inside the store"


@pytest.mark.parametrize("known_to", ["disk", "store", "tracker"])
def test_a_number_that_one_place_knows_is_not_free(house: House, known_to: str) -> None:
    if known_to == "disk":
        (house.root / "out" / f"{NAME}_v007").mkdir(parents=True)
    elif known_to == "store":
        MemoryStore(house.bucket).put(f"vfx/FG/{NAME}_v007/manifest.json", b"{}")
    else:
        assert house.tracker is not None
        project = house.tracker.find_one("Project", [["code", "is", "FG"]])
        house.tracker.create("Version", {"code": f"{NAME}_v007", "project": project, "sg_path_to_frames": "/x"})
    assert house.publish(NAME).scene_name == f"{NAME}_v008"


def test_another_artist_is_told_who_has_the_version(house: House, tmp_path: Path) -> None:
    house.publish()
    other = House(tmp_path / "other", house.bucket, house.tracker)
    shutil.copytree(house.root / "renders", other.root / "renders")
    with pytest.raises(VersionExists) as caught:
        other.publish()
    assert caught.value.report.context["state"] == "finished"
    assert not (other.root / "out").exists()


def test_equal_options_with_another_operation_id_are_another_publish(house: House) -> None:
    first = house.publish(operation="mine-1")
    assert first.operation == "mine-1"
    with pytest.raises(OperationMismatch):
        house.publish(operation="mine-1", comment="other options")


def test_without_a_tracker_the_registration_waits_and_recover_makes_it_once(house: House) -> None:
    tracker, house.tracker = house.tracker, None
    result = house.publish()
    assert result.tracker.version_id is None
    assert [warning.code for warning in result.warnings] == ["tracker.not_configured"]
    house.tracker = tracker
    assert [each.outcome for each in recover_all(house.parts())] == ["completed"]
    assert (house.rows("Version"), house.rows("PublishedFile")) == (1, 1)
    assert house.publish().tracker.version_id == 1


def test_many_registrations_that_wait_are_made_together(house: House) -> None:
    tracker, house.tracker = house.tracker, None
    names = [f"{NAME}_v{number:03d}" for number in range(1, 13)]
    for name in names:
        house.publish(name)
    house.tracker = tracker
    recovered = list(recover_all(house.parts()))
    assert sorted(each.scene_name for each in recovered) == names
    assert {each.outcome for each in recovered} == {"completed"}
    assert (house.rows("Version"), house.rows("PublishedFile"), house.rows("PublishedFileType")) == (12, 12, 1)


def test_the_next_publish_registers_what_waits(house: House) -> None:
    tracker, house.tracker = house.tracker, None
    house.publish()
    house.tracker = tracker
    write_exr(house.root / "renders" / f"{NAME}.1003.exr", seed=99)
    house.publish(f"{NAME}_v002")
    assert house.rows("Version") == 2
    assert list(list_journal(house.parts())) == []


def test_a_registration_that_cannot_be_made_does_not_hold_up_the_others(house: House) -> None:
    house.publish(f"{NAME}_v001", show_code="NEW")
    tracker, house.tracker = house.tracker, None
    house.publish(f"{NAME}_v002", destination=house.root / "out2")
    house.tracker = tracker
    house.publish(f"{NAME}_v003", destination=house.root / "out3")
    assert house.rows("Version") == 2
    assert [each.scene_name for each in list_journal(house.parts())] == [f"{NAME}_v001"]


def test_a_show_that_the_tracker_does_not_have_waits(house: House) -> None:
    result = house.publish(show_code="NEW")
    assert result.tracker.version_id is None
    assert "tracker.project_missing" in {warning.code for warning in result.warnings}


def test_a_publish_that_needs_the_tracker_fails_without_it(house: House) -> None:
    house.tracker = None
    with pytest.raises(TrackerError):
        house.publish(require_tracker=True)
    assert house.visible() == []


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"project": "Nobody's"}, ProjectMissing),
        ({"shot": "sh999"}, ShotMissing),
        ({"shot": "ot_0010"}, ShotMissing),
    ],
)
def test_what_an_option_names_must_be_there(house: House, options: dict[str, str], error: type[OnePieceError]) -> None:
    with pytest.raises(error):
        house.publish(**options)
    assert house.visible() == []
    assert house.bucket.objects == {}


def test_a_version_of_other_frames_in_the_tracker_is_somebody_elses(house: House) -> None:
    assert house.tracker is not None
    project = house.tracker.find_one("Project", [["code", "is", "FG"]])
    house.tracker.create("Version", {"code": f"{NAME}_v001", "project": project, "sg_path_to_frames": "/other.exr"})
    with pytest.raises(VersionExists):
        house.publish()
    assert house.visible() == []
    assert house.bucket.objects == {}


@pytest.mark.parametrize("content", [None, b"somebody's notes"])
def test_a_folder_of_other_content_is_left_alone(house: House, content: bytes | None) -> None:
    theirs = house.root / "out" / f"{NAME}_v001"
    theirs.mkdir(parents=True)
    if content:
        (theirs / "notes.txt").write_bytes(content)
    with pytest.raises(DestinationExists):
        house.publish()
    assert [path.name for path in theirs.iterdir()] == (["notes.txt"] if content else [])
    assert house.bucket.objects == {}


def test_foreign_bytes_under_our_key_are_replaced(house: House) -> None:
    key = f"vfx/FG/{NAME}_v001/renders/{NAME}.1003.exr"
    MemoryStore(house.bucket).put(key, b"not ours")
    house.publish()
    assert verify_package(MemoryStore(house.bucket), f"vfx/FG/{NAME}_v001").ok


@pytest.mark.parametrize("method", ["find", "put"])
def test_a_store_that_is_away_leaves_nothing_anywhere(house: House, method: str) -> None:
    house.faults = (Fault(method, 0),)
    with pytest.raises(StorageUnavailable):
        house.publish()
    assert not (house.root / "out").exists()
    assert house.rows("Version") == 0


def test_a_store_that_goes_away_while_sending_is_gone_on_with_by_the_same_command(house: House) -> None:
    house.faults = (Fault("put_file", 3),)
    with pytest.raises(StorageUnavailable):
        house.publish()
    assert MemoryStore(house.bucket).find(f"vfx/FG/{NAME}_v001/manifest.json") is None
    house.faults = ()
    result = house.publish()
    assert result.bytes_sent < result.bytes_total, "what was sent is not sent again"
    assert verify_package(MemoryStore(house.bucket), f"vfx/FG/{NAME}_v001").ok


def test_a_source_that_grows_stops_the_publish_without_a_trace(house: House) -> None:
    parts = house.parts()
    plan = plan_publish(house.request(), parts)
    with (house.root / "renders" / f"{NAME}.1004.exr").open("ab") as file:
        file.write(b"more")
    with pytest.raises(SourceChanged):
        apply_publish(plan, parts)
    assert house.visible() == []
    write_exr(house.root / "renders" / f"{NAME}.1004.exr", seed=4)
    assert house.publish().tracker.version_id is not None


@pytest.mark.parametrize("phase", ["reserve", "stage", "upload"])
def test_a_cancelled_publish_can_be_run_again(house: House, phase: str) -> None:
    reporter = Reporter(lambda event: reporter.cancel() if event.phase == phase else None)
    parts = house.parts(reporter)
    with pytest.raises(OperationCancelled):
        apply_publish(plan_publish(house.request(), parts), parts)
    assert MemoryStore(house.bucket).find(f"vfx/FG/{NAME}_v001/manifest.json") is None
    house.publish()
    assert house.rows("Version") == 1


def test_progress_counts_every_file(house: House) -> None:
    events: list[Progress] = []
    parts = house.parts(Reporter(events.append))
    apply_publish(plan_publish(house.request(), parts), parts)
    staged = [event for event in events if event.phase == "stage"]
    assert (staged[-1].done, staged[-1].total) == (5, 5)
    assert [event.phase for event in events][-1] == "finish"


def test_the_plan_changes_nothing(house: House) -> None:
    plan_publish(house.request(), house.parts())
    assert not (house.root / "out").exists()
    assert house.bucket.objects == {}
    assert house.rows("Version") == 0


def test_recover_discards_what_has_lost_its_inputs_and_frees_the_name(house: House) -> None:
    house.publish_and_die("reserve.recorded")
    shutil.move(house.root / "renders", house.root / "moved")
    recovered = list(recover_all(house.parts()))
    assert [(each.scene_name, each.outcome) for each in recovered] == [(f"{NAME}_v001", "discarded")]
    assert house.visible() == []
    assert house.rows("Version") == 0
    shutil.move(house.root / "moved", house.root / "renders")
    assert house.publish().tracker.version_id is not None


def test_recover_needs_no_inputs_once_everything_is_staged(house: House) -> None:
    house.publish_and_die("stage.done")
    shutil.rmtree(house.root / "renders")
    assert [each.outcome for each in recover_all(house.parts())] == ["completed"]
    assert verify_folder(house.root / "out" / f"{NAME}_v001").ok


def test_a_share_that_is_not_mounted_is_not_taken_for_an_empty_one(house: House) -> None:
    house.publish_and_die("stage.done")
    shutil.move(house.root / "out", house.root / "unmounted")
    shutil.rmtree(house.root / "renders")
    recovered = list(recover_all(house.parts()))
    assert [(each.outcome, each.error.code if each.error else None) for each in recovered] == [
        ("failed", "storage.failed")
    ]
    shutil.move(house.root / "unmounted", house.root / "out")
    assert [each.outcome for each in recover_all(house.parts())] == ["completed"]


def test_a_full_disk_leaves_nothing_half_and_works_once_there_is_space(house: House, small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(bytes(1000 * 1024))
    with pytest.raises(DiskFull):
        house.publish(destination=small_disk / "out")
    assert not (small_disk / "out" / f"{NAME}_v001").exists()
    assert MemoryStore(house.bucket).find(f"vfx/FG/{NAME}_v001/manifest.json") is None
    filler.unlink()
    assert house.publish(destination=small_disk / "out").tracker.version_id is not None


def test_no_path_of_a_machine_is_kept(house: House) -> None:
    house.publish(scene=None)
    text = str(house.root).encode()
    kept = [path for path in (house.root / "out").rglob("*") if path.is_file()]
    assert [path for path in kept if text in path.read_bytes()] == []
    stored = [key for key, value in house.bucket.objects.items() if text in value.data]
    assert stored == []


def test_a_publish_of_caches_that_died_is_completed_by_recover(house: House) -> None:
    caches = house.root / "caches"
    caches.mkdir()
    for name in ("giant.abc", "smoke.1001.vdb", "smoke.1002.vdb"):
        (caches / name).write_bytes(name.encode())

    def die(now: str) -> None:
        if now == "stage.done":
            raise Died

    request = house.request(caches=(caches / "giant.abc", caches / "smoke.%04d.vdb"))
    parts = house.parts(checkpoint=die)
    with pytest.raises(Died):
        apply_publish(plan_publish(request, parts), parts)
    shutil.rmtree(caches)
    assert [each.outcome for each in recover_all(house.parts())] == ["completed"]
    package = house.root / "out" / f"{NAME}_v001"
    assert {path.name for path in (package / "caches").iterdir()} == {"giant.abc", "smoke.1001.vdb", "smoke.1002.vdb"}
    assert verify_folder(package, Reporter()).findings == ()


def test_a_record_keeps_one_path_as_one_and_several_as_several(house: House) -> None:
    roots = Roots({"projects": house.root}, "workstation")
    single = persist_request(house.request(), roots)
    assert (single["renders"], single["previews"], "caches" in single) == ("projects:renders", None, False)
    request = house.request(renders=(house.root / "a", house.root / "b"), caches=(house.root / "c",))
    told = persist_request(request, roots)
    assert (told["renders"], told["caches"]) == (["projects:a", "projects:b"], "projects:c")
    assert restore_request(told, roots) == request
    assert restore_request(single, roots) == house.request()
    assert restore_request(told, Roots({}, "workstation")) is None
