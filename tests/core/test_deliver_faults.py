"""Deliveries to a disk that fills up, a bucket that refuses and a site that is busy; all real."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.errors import DiskFull, StorageError, TrackerUnavailable
from onepiece_core.progress import Reporter
from onepiece_core.tracker.bulk import BulkTiming
from onepiece_core.tracker.patience import patiently
from onepiece_server.sandbox.report import SandboxReport
from tests.support.deliveries import DeliveryWorld
from tests.support.outbox import SteppedClock
from tests.support.s3_proxy import PASS, Call, refused, s3_proxy
from tests.support.site_admin import SiteAdmin

SLOW_DOWN = refused("503 Slow Down", "SlowDown")
DENIED = refused("403 Forbidden", "AccessDenied")


@pytest.fixture
def site(studio: SandboxReport) -> Iterator[SiteAdmin]:
    made = SiteAdmin(studio.env["ONEPIECE_SHOTGRID_URL"], studio.env["ONEPIECE_SHOTGRID_KEY"])
    yield made
    made.clear_faults()


@pytest.fixture
def world(studio: SandboxReport, tmp_path: Path) -> DeliveryWorld:
    """Time passes only while somebody waits."""
    return DeliveryWorld.of(studio.env, tmp_path, SteppedClock())


def check_whole(world: DeliveryWorld, output: Path) -> None:
    with zipfile.ZipFile(output) as archive:
        assert archive.testzip() is None
    stored = world.stored()
    assert {key.rpartition(".")[2] for key in stored} == {"zip", "csv", "json"}
    assert stored[f"{world.code}/out/out.zip"] == output.read_bytes()
    (delivery,) = world.deliveries()
    assert [each["name"] for each in delivery["versions"]] == ["comp_v001"]


@pytest.mark.parametrize(("form", "name"), [("zip", "out.zip"), ("folder", "out")])
def test_a_full_disk_is_told_with_what_is_needed_and_leaves_nothing(world, small_disk: Path, form, name):
    world.publish("comp_v001")
    filler = small_disk / "filler"
    filler.write_bytes(bytes(950 * 1024))
    with pytest.raises(DiskFull) as told:
        world.deliver(output=small_disk / name, format=form)
    context = told.value.report.context
    assert context["need_bytes"] > context["free_bytes"]
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
    assert (world.stored(), world.deliveries()) == ({}, [])
    filler.unlink()
    report = world.deliver(output=small_disk / name, format=form)
    assert (small_disk / name).exists()
    assert [delivery["id"] for delivery in world.deliveries()] == [report.delivery]


def test_a_site_that_answers_429_for_a_minute_while_it_is_told_gets_one_delivery(world, site: SiteAdmin):
    world.publish("comp_v001")
    busy = {"method": ["create", "batch"], "fault": "too_many", "retry_after_seconds": 30, "times": 2}
    site.set_faults([busy])
    world.deliver()
    assert site.spoilt() == 2
    assert world.clock.slept >= 60
    check_whole(world, world.root / "out.zip")


def test_a_site_that_answers_429_while_it_is_asked_is_waited_for_or_leaves_nothing_behind(world, site: SiteAdmin):
    world.publish("comp_v001")
    site.set_faults([{"method": "read", "fault": "too_many", "retry_after_seconds": 20, "times": 1}])
    assert world.plan().ready
    site.set_faults([{"method": "read", "fault": "too_many", "retry_after_seconds": 20}])
    with pytest.raises(TrackerUnavailable, match="429"):
        world.deliver()
    site.clear_faults()
    world.clock.sleep(60)
    assert not list(world.root.glob("*out*"))
    world.deliver()
    check_whole(world, world.root / "out.zip")


def test_a_site_that_answers_429_for_a_minute_while_it_is_asked_is_asked_again(world, site: SiteAdmin):
    world.publish("comp_v001")
    site.set_faults([{"method": "read", "fault": "too_many", "retry_after_seconds": 20, "times": 10}])
    timing = BulkTiming(world.clock, settle_seconds=0.3, timeout_seconds=5.0)
    assert patiently(world.plan, timing, Reporter(), "deliver").ready
    assert site.spoilt() == 10
    assert world.clock.slept >= 60


def test_an_upload_through_503s_is_whole(world):
    world.publish("comp_v001")
    straight = world.aws
    with s3_proxy(str(straight.endpoint_url)) as proxy:
        proxy.plan = lambda call, before: SLOW_DOWN if call.method in ("PUT", "POST") and before % 2 == 0 else PASS
        world.aws = straight.model_copy(update={"endpoint_url": proxy.url})
        world.deliver()
    world.aws = straight
    check_whole(world, world.root / "out.zip")


def test_an_upload_that_was_stopped_half_way_goes_on_with_the_same_command(world):
    world.publish("comp_v001")
    straight, sent = world.aws, 0

    def plan(call: Call, _before: int):
        nonlocal sent
        sent += call.method == "PUT"
        return DENIED if call.method == "PUT" and sent > 1 else PASS

    with s3_proxy(str(straight.endpoint_url)) as proxy:
        proxy.plan = plan
        world.aws = straight.model_copy(update={"endpoint_url": proxy.url})
        with pytest.raises(StorageError):
            world.deliver()
    world.aws = straight
    assert {key.rpartition(".")[2] for key in world.stored()} == {"zip"}
    assert world.deliveries() == []
    report = world.deliver()
    assert [sent.was_there for sent in report.sent] == [True, False, False]
    check_whole(world, world.root / "out.zip")
