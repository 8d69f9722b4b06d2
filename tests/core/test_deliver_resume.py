"""A delivery that is stopped while it packs: what is whole and as published stays, the rest is packed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onepiece_core.config import AwsSettings
from onepiece_core.deliver.media import Places, find_media
from onepiece_core.deliver.model import DeliverRequest, DeliveryPlan, Entry, Format, PlannedVersion
from onepiece_core.deliver.pack import Packed, pack
from onepiece_core.deliver.recorded import find_recorded
from onepiece_core.errors import DestinationDiffers, OperationCancelled
from onepiece_core.progress import Event, Reporter
from onepiece_core.storage.places import Place
from onepiece_server.sandbox.report import SandboxReport
from tests.support.deliveries import DeliveryWorld
from tests.support.outbox import Died
from tests.support.packages import make_package

FRAMES = range(1001, 1009)
PLACES = Places(AwsSettings())
AT = datetime(2026, 3, 1, tzinfo=UTC)


def published(root: Path) -> Path:
    """The folder of published frames."""
    files = {f"renders/comp.{frame}.exr": f"{frame}".encode() * 5000 for frame in FRAMES}
    return make_package(root, files) / "renders"


def planned(frames: Path, form: Format) -> DeliveryPlan:
    media = find_media({"sg_path_to_frames": f"{frames}/comp.%04d.exr"}, "frames", PLACES)
    assert media is not None
    files = find_recorded(media, PLACES).files
    entries = tuple(Entry(f"comp/{file.name}", file.name, file, file.frame) for file in files)
    version = PlannedVersion(1, "comp", "0010", "EP01", "sc01", "apr", AT, entries)
    request = DeliverRequest("Frost Giant", "out", frames.parent / "out", format=form)
    return DeliveryPlan(request, {"name": "Frost Giant", "id": 1}, "FG", Place("out"), ("xxh128", "xxh64"), (version,))


def packed(plan: DeliveryPlan, staged: Path, reporter: Reporter | None = None) -> Packed:
    return pack(plan, staged, PLACES, reporter or Reporter())


def stop_after(count: int) -> Reporter:
    """Packs ``count`` files and stops in the next."""
    told: list[Event] = []

    def take(event: Event) -> None:
        told.append(event)
        if len(told) == count:
            reporter.cancel()

    reporter = Reporter(take)
    return reporter


def content(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return {each.relative_to(path).as_posix(): each.read_bytes() for each in files}


@pytest.fixture(params=["zip", "folder"])
def form(request: pytest.FixtureRequest) -> Format:
    return request.param


def test_files_that_were_packed_are_not_read_again_and_the_bytes_are_those_of_one_run(tmp_path: Path, form: Format):
    frames = published(tmp_path)
    plan = planned(frames, form)
    whole = packed(plan, tmp_path / "whole")
    with pytest.raises(OperationCancelled):
        packed(plan, tmp_path / "staged", stop_after(4))
    for frame in (1001, 1002, 1003, 1004):
        (frames / f"comp.{frame}.exr").unlink()
    again = packed(plan, tmp_path / "staged")
    assert content(tmp_path / "staged") == content(tmp_path / "whole")
    assert again.delivered == whole.delivered


def test_what_a_killed_run_left_is_believed_only_where_it_is_what_was_published(tmp_path: Path, form: Format):
    plan = planned(published(tmp_path), form)
    packed(plan, tmp_path / "whole")
    with pytest.raises(OperationCancelled):
        packed(plan, tmp_path / "staged", stop_after(6))
    for file in (path for path in (tmp_path / "staged", *(tmp_path / "staged").rglob("*")) if path.is_file()):
        data = bytearray(file.read_bytes())
        at = data.find(b"1003" * 4)
        data[at if at >= 0 else len(data) - 1] ^= 1
        file.write_bytes(data)
    packed(plan, tmp_path / "staged")
    assert content(tmp_path / "staged") == content(tmp_path / "whole")


def test_media_without_a_recorded_hash_is_packed_anew(tmp_path: Path, form: Format):
    frames = published(tmp_path)
    (frames.parent / "manifest.json").unlink()
    shutil.rmtree(frames.parent / "ascmhl")
    with pytest.raises(OperationCancelled):
        packed(planned(frames, form), tmp_path / "staged", stop_after(4))
    (frames / "comp.1002.exr").write_bytes(b"later" * 4000)
    plan = planned(frames, form)
    packed(plan, tmp_path / "staged")
    packed(plan, tmp_path / "whole")
    assert content(tmp_path / "staged") == content(tmp_path / "whole")


def test_what_is_not_wanted_any_more_is_gone(tmp_path: Path, form: Format):
    frames = published(tmp_path)
    with pytest.raises(OperationCancelled):
        packed(planned(frames, form), tmp_path / "staged", stop_after(6))
    (frames / "comp.1008.exr").unlink()
    (frames / "comp.1001.exr").unlink()
    plan = planned(frames, form)
    packed(plan, tmp_path / "staged")
    packed(plan, tmp_path / "whole")
    assert content(tmp_path / "staged") == content(tmp_path / "whole")


def test_a_version_that_changed_in_between_is_taken_out_of_what_was_left(tmp_path: Path, form: Format):
    frames = published(tmp_path)
    with pytest.raises(OperationCancelled):
        packed(planned(frames, form), tmp_path / "staged", stop_after(4))
    (frames / "comp.1007.exr").write_bytes(b"another" * 100)
    result = packed(planned(frames, form), tmp_path / "staged")
    (refused,) = result.versions
    assert [problem.code for problem in refused.problems] == ["delivery.media_changed"]
    assert not [name for name, data in content(tmp_path / "staged").items() if b"1001" in data or "comp" in name]


@pytest.fixture
def world(studio: SandboxReport, tmp_path: Path) -> DeliveryWorld:
    """A delivery that died when its archive was in place; a part of its media has no recorded hash."""
    made = DeliveryWorld.of(studio.env, tmp_path)
    made.publish("comp_v001")
    bare = tmp_path / "bare.wav"
    bare.write_bytes(b"sound" * 5000)
    made.version("bare_v001", sg_path_to_movie=str(bare))

    def die(name: str) -> None:
        if name == "renamed":
            raise Died

    made.checkpoint = die
    with pytest.raises(Died):
        made.deliver()
    assert made.stored() == {}
    return made


def test_an_archive_that_is_in_place_is_proven_where_it_is(world: DeliveryWorld):
    output = world.root / "out.zip"
    before = (output.read_bytes(), output.stat().st_ino)
    seen: list[Path] = []
    world.checkpoint = lambda _: seen.extend(world.root.glob(".*"))
    report = world.deliver()
    assert (output.read_bytes(), output.stat().st_ino, seen) == (*before, [])
    assert sorted(version.code for version in report.delivered) == ["bare_v001", "comp_v001"]
    assert world.stored()[f"{world.code}/out/out.zip"] == before[0]


@pytest.mark.parametrize("where", ["published", "bare", "name", "directory", "more", "less"])
def test_an_archive_that_was_changed_in_between_is_neither_believed_nor_touched(world: DeliveryWorld, where: str):
    output = world.root / "out.zip"
    data = bytearray(output.read_bytes())
    at = {
        "published": data.find(b"comp_v001 1003" * 2),
        "bare": data.find(b"sound" * 2),
        "name": data.find(b"comp_v001/"),
        "directory": data.rfind(b"comp_v001/"),
    }
    if where in at:
        data[at[where]] ^= 1
    changed = bytes(data) + b"x" if where == "more" else bytes(data)[:-1] if where == "less" else bytes(data)
    output.write_bytes(changed)
    world.checkpoint = lambda _: None
    with pytest.raises(DestinationDiffers):
        world.deliver()
    assert output.read_bytes() == changed
    assert (world.stored(), world.deliveries()) == ({}, [])
