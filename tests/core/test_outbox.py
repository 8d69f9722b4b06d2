"""The outbox makes each row exactly once, whatever dies or gets lost on the way."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import LeaseLost, OperationCancelled, TrackerUnanswered
from onepiece_core.progress import Reporter
from onepiece_core.testing.memory_tracker import MAKES, Fault, FaultPlan, MemoryTracker, every, no_faults
from onepiece_core.tracker.outbox import DrainOutcome, drain, registered
from tests.support.outbox import Died, MemoryLog, SteppedClock, counts, make_writes, seed, seeded

SETTLE, TIMEOUT = 30.0, 20.0
# One package: a scene, a sequence, a movie, a cut; sequence -> scene and movie -> sequence.
WHOLE = {"Version": 1, "PublishedFileType": 4, "PublishedFile": 4, "PublishedFileDependency": 2, "Attachment": 2}


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def tracker(clock: SteppedClock) -> MemoryTracker:
    return seeded(clock)


@pytest.fixture
def log(tmp_path: Path) -> MemoryLog:
    return MemoryLog(make_writes(tmp_path / "package"))


def publish(log: MemoryLog, tracker: MemoryTracker, clock: SteppedClock, **changed: Any) -> DrainOutcome:
    told: dict[str, Any] = {"wait": False, "guard": lambda: None, "reporter": Reporter(), **changed}
    return drain(log, tracker, clock=clock, settle_seconds=SETTLE, timeout_seconds=TIMEOUT, **told)


def recover(log: MemoryLog, tracker: MemoryTracker, clock: SteppedClock) -> DrainOutcome:
    return publish(log, tracker, clock, wait=True)


def on(method: str, fault: Fault) -> FaultPlan:
    """The first call of ``method``."""
    left = [fault]
    return lambda called, _number: left.pop() if called == method and left else None


def test_registers_everything_that_belongs_to_a_package(log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    assert publish(log, tracker, clock) == DrainOutcome(done=True)

    assert counts(tracker) == WHOLE
    (version,) = tracker.find("Version", [], ("code", "entity", "sg_task", "sg_status_list", "image", "frame_count"))
    assert version["code"] == "FG_ep010_sc02_0010_comp_v004"
    assert version["entity"]["name"] == "0010"
    assert version["sg_task"]["name"] == "comp"
    assert version["sg_status_list"] == "rev"
    assert version["image"]
    assert version["frame_count"] == 3
    files = tracker.find("PublishedFile", [], ("version", "name", "published_file_type", "version_number"))
    assert {each["version"]["id"] for each in files} == {version["id"]}
    assert {each["name"] for each in files} >= {"FG_ep010_sc02_0010_comp.nk", "FG_ep010_sc02_0010_comp.%04d.exr"}
    assert {each["published_file_type"]["name"] for each in files} == {
        "Nuke Script",
        "Rendered Image",
        "Movie",
        "OpenTimelineIO",
    }
    assert registered(log.rows()) == {"version_id": version["id"], "published_file_ids": [1, 2, 3, 4]}


def test_links_say_what_uses_what(log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    publish(log, tracker, clock)

    links = tracker.find("PublishedFileDependency", [], ("published_file", "dependent_published_file"))
    ends = {(each["published_file"]["name"], each["dependent_published_file"]["name"]) for each in links}
    base = "FG_ep010_sc02_0010_comp_v004"
    assert ends == {(f"{base}.%04d.exr", f"{base}.nk"), (f"{base}.mov", f"{base}.%04d.exr")}


def test_draining_again_changes_nothing(log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    publish(log, tracker, clock)
    made = [call for call in tracker.calls if call in MAKES]

    assert publish(log, tracker, clock).done
    assert [call for call in tracker.calls if call in MAKES] == made


def test_two_publishes_share_file_types(tmp_path: Path, tracker: MemoryTracker, clock: Any) -> None:
    for version in ("v004", "v005"):
        name = f"FG_ep010_sc02_0010_comp_{version}"
        assert publish(MemoryLog(make_writes(tmp_path / name, name)), tracker, clock).done

    assert counts(tracker)["PublishedFileType"] == 4
    assert counts(tracker)["PublishedFile"] == 8


@pytest.mark.parametrize("method", MAKES)
def test_a_lost_reply_makes_no_second_row(method: str, log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    tracker.faults = on(method, Fault("drop"))

    assert publish(log, tracker, clock).done
    assert counts(tracker) == WHOLE


@pytest.mark.parametrize("method", MAKES)
def test_a_publish_parks_what_comes_late_and_recover_finds_it(
    method: str, log: MemoryLog, tracker: MemoryTracker, clock: Any
) -> None:
    tracker.faults = on(method, Fault("late", seconds=5))

    outcome = publish(log, tracker, clock)
    assert not outcome.done
    assert not outcome.failed
    assert outcome.reason is not None
    assert outcome.reason.code == "tracker.unanswered"
    assert clock.slept < 5  # a publish does not sit settle times out

    assert recover(log, tracker, clock).done
    assert counts(tracker) == WHOLE
    assert clock.slept <= SETTLE + 5


@pytest.mark.parametrize("method", MAKES)
def test_what_was_never_carried_out_is_sent_again_once_it_has_settled(
    method: str, log: MemoryLog, tracker: MemoryTracker, clock: Any
) -> None:
    tracker.faults = on(method, Fault("lose"))
    assert not publish(log, tracker, clock).done
    before = tracker.calls.count(method)

    assert not publish(log, tracker, clock).done
    assert tracker.calls.count(method) == before  # not settled: nobody may send it

    assert recover(log, tracker, clock).done
    assert counts(tracker) == WHOLE
    assert clock.slept >= SETTLE


@pytest.mark.parametrize("method", MAKES)
def test_a_write_that_comes_just_before_it_has_settled_is_not_doubled(
    method: str, log: MemoryLog, tracker: MemoryTracker, clock: Any
) -> None:
    tracker.faults = on(method, Fault("late", seconds=SETTLE - 0.001))

    assert recover(log, tracker, clock).done
    assert counts(tracker) == WHOLE


# The first write is a read: it is never sending.
@pytest.mark.parametrize(("event", "seq"), [(event, seq) for event in ("sending", "done") for seq in range(1, 8)][1:])
def test_a_process_that_dies_beside_a_journal_row_loses_and_doubles_nothing(
    event: str, seq: int, log: MemoryLog, tracker: MemoryTracker, clock: Any
) -> None:
    log.die_at(event, seq)
    with pytest.raises(Died):
        publish(log, tracker, clock)

    assert recover(log, tracker, clock).done
    assert counts(tracker) == WHOLE


def test_a_process_that_dies_in_a_send_waits_for_its_write(log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    """The request is under way while the process is killed, and is carried out after somebody else took over."""
    die_in(tracker, "create", late_seconds=9)
    with pytest.raises(Died):
        publish(log, tracker, clock)
    tracker.create = type(tracker).create.__get__(tracker)  # type: ignore[method-assign]

    assert not publish(log, tracker, clock).done  # the same machine, at once: it cannot know yet
    assert recover(log, tracker, clock).done
    assert counts(tracker) == WHOLE


def die_in(tracker: MemoryTracker, method: str, late_seconds: float) -> None:
    tracker.faults = on(method, Fault("late", seconds=late_seconds))
    real: Callable[..., Any] = getattr(tracker, method)

    def dies(*args: Any, **kwargs: Any) -> Any:
        try:
            return real(*args, **kwargs)
        except Exception as error:
            raise Died from error

    setattr(tracker, method, dies)


def test_the_last_request_of_a_long_upload_may_have_left_just_now(
    log: MemoryLog, tracker: MemoryTracker, clock: Any
) -> None:
    """The send began long ago, and its process died a moment ago."""
    movie = log.row("movie").write
    log.die_at("sending", movie.seq)
    with pytest.raises(Died):
        publish(log, tracker, clock)
    log.sending(movie.seq, clock.now())
    clock.sleep(1000)
    tracker.faults = on("upload", Fault("late", seconds=9))
    with pytest.raises(TrackerUnanswered):
        tracker.upload("Version", 1, Path(movie.payload["path"]), field_name="sg_uploaded_movie")

    assert recover(log, tracker, clock).done
    clock.sleep(SETTLE)
    assert counts(tracker) == WHOLE


def test_only_what_is_missing_is_made(log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    publish(log, tracker, clock)
    tracker.delete("PublishedFile", 2)
    log.waiting(log.row("files").write.seq)

    assert publish(log, tracker, clock).done
    assert len(tracker.find("PublishedFile", [])) == 4
    assert len(tracker.find("PublishedFile", [], retired_only=True)) == 1


def test_a_zombie_that_sends_after_another_process_took_over_leaves_one_row(
    tmp_path: Path, tracker: MemoryTracker, clock: Any
) -> None:
    """Frozen between its look-up and its request, it wakes up when the other is through."""
    writes = make_writes(tmp_path / "package")
    zombie, other = MemoryLog(writes), MemoryLog(writes)
    asleep = [True]

    def wake_up_late() -> None:
        if asleep and zombie.row("context").state == "done":
            asleep.clear()
            assert publish(other, tracker, clock).done

    assert publish(zombie, tracker, clock, guard=wake_up_late).done
    assert not asleep
    assert counts(tracker) == {**WHOLE, "Attachment": 2}
    assert registered(zombie.rows()) == registered(other.rows())


@pytest.mark.parametrize("method", MAKES)
def test_an_adopted_operation_waits_for_what_the_lost_machine_had_under_way(
    method: str, tmp_path: Path, tracker: MemoryTracker, clock: Any
) -> None:
    writes = make_writes(tmp_path / "package")
    tracker.faults = on(method, Fault("late", seconds=9))
    publish(MemoryLog(writes), tracker, clock)

    adopted = MemoryLog(writes)
    for row in adopted.rows():
        adopted.unanswered(row.write.seq, clock.now())
    assert recover(adopted, tracker, clock).done
    clock.sleep(SETTLE)
    assert counts(tracker) == WHOLE


def test_two_first_publishes_at_once_make_one_file_type_each(
    tmp_path: Path, tracker: MemoryTracker, clock: Any
) -> None:
    first = MemoryLog(make_writes(tmp_path / "a", "FG_ep010_sc02_0010_comp_v004"))
    second = MemoryLog(make_writes(tmp_path / "b", "FG_ep010_sc02_0010_comp_v005"))

    def in_between() -> None:
        if first.row("version").state == "done" and second.row("context").state == "waiting":
            assert publish(second, tracker, clock).done

    assert publish(first, tracker, clock, guard=in_between).done
    assert counts(tracker)["PublishedFileType"] == 4
    assert counts(tracker)["PublishedFile"] == 8


def test_a_late_file_type_beside_another_publishes_own_is_taken_away(
    tmp_path: Path, tracker: MemoryTracker, clock: Any
) -> None:
    first = MemoryLog(make_writes(tmp_path / "a", "FG_ep010_sc02_0010_comp_v004"))
    second = MemoryLog(make_writes(tmp_path / "b", "FG_ep010_sc02_0010_comp_v005"))
    tracker.faults = on("batch", Fault("late", seconds=10))
    assert not publish(first, tracker, clock).done
    assert publish(second, tracker, clock).done

    assert recover(first, tracker, clock).done
    assert counts(tracker)["PublishedFileType"] == 4


def test_the_owner_of_another_lease_stops_the_drain_before_it_writes(
    log: MemoryLog, tracker: MemoryTracker, clock: Any
) -> None:
    def lost() -> None:
        raise LeaseLost("taken over")

    with pytest.raises(LeaseLost):
        publish(log, tracker, clock, guard=lost)
    assert counts(tracker)["Version"] == 0
    assert log.row("version").state == "waiting"


def test_a_refusal_is_kept_and_tried_again_when_asked(log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    tracker.faults = on("create", Fault("refuse"))

    outcome = publish(log, tracker, clock)
    assert outcome.failed
    assert outcome.reason is not None
    assert outcome.reason.code == "tracker.refused"
    assert log.row("version").state == "failed"

    assert publish(log, tracker, clock).done
    assert counts(tracker) == WHOLE


def test_a_busy_site_is_asked_again(log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    tracker.faults = on("create", Fault("unavailable"))

    assert publish(log, tracker, clock).done
    assert counts(tracker) == WHOLE


def test_a_site_that_is_gone_parks_the_rest(log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    tracker.faults = lambda _method, _number: Fault("unavailable")

    outcome = publish(log, tracker, clock)
    assert not outcome.done
    assert not outcome.failed
    assert outcome.waiting == len(log.rows())

    tracker.faults = no_faults
    assert publish(log, tracker, clock).done


def test_a_version_of_other_frames_is_somebody_elses(
    tmp_path: Path, log: MemoryLog, tracker: MemoryTracker, clock: Any
) -> None:
    assert publish(MemoryLog(make_writes(tmp_path / "elsewhere")), tracker, clock).done

    outcome = publish(log, tracker, clock)
    assert outcome.failed
    assert outcome.reason is not None
    assert outcome.reason.code == "publish.version_exists"
    assert outcome.reason.context["state"] == "finished"
    assert counts(tracker)["Version"] == 1


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"project": {"name": "Nowhere"}, "named": True}, "tracker.project_missing"),
        ({"shot": "9999"}, "tracker.shot_missing"),
        ({"task": "knitting"}, "tracker.task_missing"),
    ],
)
def test_what_was_named_and_is_not_there_is_an_error(
    target: dict[str, Any], code: str, tmp_path: Path, tracker: MemoryTracker, clock: Any
) -> None:
    log = MemoryLog(make_writes(tmp_path / "package", **target))

    outcome = publish(log, tracker, clock)
    assert outcome.failed
    assert outcome.reason is not None
    assert outcome.reason.code == code
    assert counts(tracker)["Version"] == 0


def test_a_project_that_nobody_named_may_still_be_made(tmp_path: Path, clock: SteppedClock) -> None:
    tracker, log = MemoryTracker(clock=clock), MemoryLog(make_writes(tmp_path / "package"))

    outcome = publish(log, tracker, clock)
    assert not outcome.failed
    assert outcome.reason is not None
    assert outcome.reason.code == "tracker.project_missing"

    seed(tracker)
    assert publish(log, tracker, clock).done


def test_a_shot_that_was_only_guessed_is_left_out(tmp_path: Path, tracker: MemoryTracker, clock: Any) -> None:
    log = MemoryLog(make_writes(tmp_path / "package", shot="9999", shot_named=False, task=None))

    assert publish(log, tracker, clock).done
    assert tracker.find("Version", [], ("entity",))[0]["entity"] is None


def test_a_clock_that_was_set_back_makes_nobody_wait_for_hours(
    log: MemoryLog, tracker: MemoryTracker, clock: Any
) -> None:
    tracker.faults = on("create", Fault("lose"))
    publish(log, tracker, clock)
    log.unanswered(log.row("version").write.seq, clock.now() + 86_400)

    assert recover(log, tracker, clock).done
    assert clock.slept < SETTLE + TIMEOUT + 20


def test_a_cancelled_wait_leaves_the_row_as_it_is(log: MemoryLog, tracker: MemoryTracker, clock: Any) -> None:
    tracker.faults = on("create", Fault("lose"))
    publish(log, tracker, clock)
    reporter = Reporter()
    cancel_when_asleep = clock.sleep

    def sleep(seconds: float) -> None:
        reporter.cancel()
        cancel_when_asleep(seconds)

    clock.sleep = sleep
    with pytest.raises(OperationCancelled):
        publish(log, tracker, clock, wait=True, reporter=reporter)
    assert log.row("version").state == "unanswered"


@pytest.mark.parametrize("kind", ["drop", "late"])
def test_fifty_registrations_with_every_fifth_write_lost_are_fifty(
    kind: Any, tmp_path: Path, tracker: MemoryTracker, clock: Any
) -> None:
    tracker.faults = every(5, Fault(kind, seconds=5))
    logs = [MemoryLog(make_writes(tmp_path / f"p{n}", f"FG_ep010_sc02_0010_comp_v{n:03d}")) for n in range(1, 51)]

    for log in logs:
        publish(log, tracker, clock)
    rounds = 0
    while any(not recover(log, tracker, clock).done for log in logs):
        rounds += 1
        assert rounds < 5
    assert counts(tracker) == {
        "Version": 50,
        "PublishedFileType": 4,
        "PublishedFile": 200,
        "PublishedFileDependency": 100,
        "Attachment": 100,
    }


@pytest.mark.parametrize("seed_number", range(10))
def test_deaths_and_faults_at_random_end_in_one_registration(
    seed_number: int, tmp_path: Path, tracker: MemoryTracker, clock: Any
) -> None:
    dice = random.Random(seed_number)
    log = MemoryLog(make_writes(tmp_path / "package"))

    def fault(_method: str, _number: int) -> Fault | None:
        kinds = [None, None, None, "drop", "late", "lose", "unavailable"]
        kind: Any = dice.choice(kinds)
        return Fault(kind, seconds=dice.uniform(0, SETTLE - 1)) if kind else None

    for attempt in range(40):
        tracker.faults = fault if attempt < 20 else no_faults
        if attempt < 20:
            log.die_at(dice.choice(["sending", "done", "unanswered", "waiting"]), dice.randint(1, 7))
        try:
            if publish(log, tracker, clock, wait=dice.random() < 0.5).done:
                break
        except Died:
            clock.sleep(dice.uniform(0, 10))
    # What is still under way comes in before the rows are counted.
    clock.sleep(SETTLE)
    tracker.faults = no_faults
    assert publish(log, tracker, clock).done
    assert counts(tracker) == WHOLE
