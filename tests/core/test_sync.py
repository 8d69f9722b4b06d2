"""A folder and a bucket made alike, both ways, on a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.errors import BucketMissing, InputMissing, InputRefused, OperationCancelled
from onepiece_core.progress import Progress, Reporter
from onepiece_core.storage.store import Condition
from onepiece_core.sync.filters import compile_filters
from tests.support.rights import needs_mount, public_folder, without_root
from tests.support.syncs import OLD_NS, World, problems, told
from tests.support.weed import Weed

BUCKET = "syncs"


@pytest.fixture
def world(weed: Weed, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(weed, tmp_path, BUCKET, prefix=f"{abs(hash(request.node.name)):x}/plates")
    yield made
    made.close()


# Up


def test_a_folder_goes_up_and_a_second_run_moves_nothing(world: World):
    world.write({"a.exr": "one", "sc02/b.exr": "two", "empty": ""})
    first = world.sync("to")
    assert (first.uploaded, first.bytes_uploaded, first.skipped, first.problems) == (3, 6, 0, [])
    assert world.objects() == {"a.exr": "one", "sc02/b.exr": "two", "empty": ""}
    second = world.sync("to")
    assert (second.uploaded, second.skipped, second.bytes_skipped) == (0, 3, 6)


def test_what_others_uploaded_is_skipped_without_asking_for_its_metadata(world: World):
    world.write({"a.exr": "one"})
    old = os.stat(world.folder / "a.exr").st_ctime
    while world.store.now() < old + 4:
        os.sched_yield()
    world.put({"a.exr": "one"})
    plan = world.plan("to")
    assert (plan.skipped, plan.transfers) == (1, [])
    assert not (world.root / "state" / "sync.sqlite").exists()


def test_another_size_is_a_replacement(world: World):
    world.write({"a.exr": "longer"})
    world.put({"a.exr": "short"})
    assert told(world.plan("to")) == [("replace", "a.exr", "size")]
    world.sync("to")
    assert world.objects() == {"a.exr": "longer"}


def test_an_edit_of_the_same_size_with_an_older_time_is_seen(world: World):
    world.write({"a.exr": "one"})
    world.sync("to")
    world.write({"a.exr": "two"}, mtime_ns=OLD_NS - 5_000_000_000)
    assert world.sync("to").uploaded == 1
    assert world.objects() == {"a.exr": "two"}


def test_only_checksums_see_an_edit_with_the_same_size_and_time(world: World):
    world.write({"a.exr": "one"})
    world.sync("to")
    world.write({"a.exr": "two"})
    assert world.plan("to").transfers == []
    assert told(world.plan("to", checksum=True)) == [("replace", "a.exr", "content")]
    world.sync("to", checksum=True)
    assert world.objects() == {"a.exr": "two"}


def test_a_touched_file_is_read_and_not_sent(world: World):
    world.write({"a.exr": "one"})
    world.sync("to")
    world.write({"a.exr": "one"}, mtime_ns=None)
    assert world.plan("to").skipped == 1


def test_an_object_without_our_metadata_is_compared_by_its_md5(world: World):
    world.write({"same.exr": "one", "other.exr": "one"}, mtime_ns=None)
    world.put({"same.exr": "one", "other.exr": "two"})
    assert told(world.plan("to")) == [("replace", "other.exr", "content")]


def test_an_object_that_somebody_replaced_is_put_right_only_by_size_or_checksum(world: World):
    world.write({"a.exr": "one"})
    world.sync("to")
    world.put({"a.exr": "two"})
    assert told(world.plan("to", checksum=True)) == [("replace", "a.exr", "content")]


def test_a_folder_that_is_not_there_is_an_error(world: World):
    with pytest.raises(InputMissing):
        world.plan("to")
    world.folder.write_text("a file")
    with pytest.raises(InputRefused):
        world.plan("to")


def test_a_bucket_that_is_not_there_is_an_error_before_anything_is_sent(world: World):
    world.write({"a": "one"})
    with pytest.raises(BucketMissing):
        World.plan(Elsewhere(world), "to")


class Elsewhere(World):
    """The same world, asked about a bucket that nobody made."""

    def __init__(self, world: World) -> None:
        from onepiece_core.storage.s3.client import connect

        self.__dict__.update(world.__dict__)
        self.bucket = "no-such-bucket"
        self.store = connect(world.weed.aws, self.bucket)


def test_links_to_files_inside_go_as_files(world: World):
    world.write({"real.exr": "one"})
    (world.folder / "link.exr").symlink_to("real.exr")
    assert world.sync("to").problems == []
    assert world.objects() == {"real.exr": "one", "link.exr": "one"}


def test_every_utf8_name_is_carried_unchanged(world: World):
    names = [
        "a\u00a0b.exr",
        "q'uo\"te",
        "new\nline",
        "é" * 125,
        "C:x",
        "con",
        "dot.",
        "sp ace ",
        "e\u0301",
        "~x",
    ]
    names += ["$HOME", "%41", "a+b&c<d>", "#?x", "\x1b[31m"]
    world.write({name: name for name in names})
    assert world.sync("to").uploaded == len(names)
    shutil.rmtree(world.folder)
    fetched = world.sync("from")
    assert fetched.problems == []
    assert world.files() == {name: name for name in names}


def test_a_backslash_that_the_server_would_take_for_a_slash_is_refused(world: World):
    world.write({"sc02\\a": "one", "b": "two"})
    done = world.sync("to")
    assert problems(done) == {"sc02\\a": "refused"}
    assert world.objects() == {"b": "two"}


# Down


def test_a_place_comes_down_with_its_times_and_a_second_run_moves_nothing(world: World):
    world.write({"a.exr": "one", "sc02/b.exr": "two"})
    world.sync("to")
    shutil.rmtree(world.folder)
    first = world.sync("from")
    assert (first.downloaded, first.bytes_downloaded) == (2, 6)
    assert world.files() == {"a.exr": "one", "sc02/b.exr": "two"}
    assert (world.folder / "a.exr").stat().st_mtime_ns == OLD_NS
    second = world.sync("from")
    assert (second.downloaded, second.skipped) == (0, 2)


def test_without_the_cache_metadata_tells_what_is_the_same(world: World):
    world.write({"a.exr": "one"})
    world.sync("to")
    shutil.rmtree(world.root / "state")
    assert world.plan("from").skipped == 1
    assert world.plan("to").skipped == 1


def test_a_cache_that_is_no_database_is_only_slower(world: World):
    world.write({"a.exr": "one"})
    (world.root / "state").mkdir()
    (world.root / "state" / "sync.sqlite").write_text("this is no database, and quite long enough to be looked at")
    assert world.sync("to").uploaded == 1
    assert world.sync("to").skipped == 1


def test_a_newer_object_of_the_same_size_comes_down(world: World):
    world.put({"frame.dpx": "one"})
    world.sync("from")
    world.put({"frame.dpx": "two"})
    assert world.sync("from").downloaded == 1
    assert world.files() == {"frame.dpx": "two"}


def test_a_file_edited_here_is_put_back(world: World):
    world.put({"a": "one"})
    world.sync("from")
    world.write({"a": "two"}, mtime_ns=None)
    assert world.sync("from").downloaded == 1
    assert world.files() == {"a": "one"}


def test_nothing_at_the_place_is_an_error_and_deletes_nothing(world: World):
    world.write({"a": "one"})
    with pytest.raises(InputMissing):
        world.plan("from", delete=True)


BAD_KEYS = ["../out", "a/../../out", "a//b", "/abs", "./x", "x/.", "x/..", "deep//"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_is_no_path_is_refused_and_never_written(key: str):
    from onepiece_core.sync.names import Names

    assert Names().refusal(key)


@pytest.mark.parametrize("key", ["C:\\x", "a:b", "con", "NUL.exr", "x/aux/y", "dot.", "space ", "tab\t", "wh?t"])
def test_windows_refuses_more(key: str):
    from onepiece_core.sync.names import Names

    assert Names(windows=True).refusal(key)
    assert Names(windows=False).refusal(key) is None


def test_a_name_that_is_file_and_folder_is_refused_wherever_it_comes():
    from onepiece_core.sync.names import Names

    names = Names()
    keys = ["a", "a b", "a-b", "a/b", "a/c/d", "ab", "b"]
    assert [key for key in keys if names.refusal(key)] == ["a/b", "a/c/d"]


def test_names_that_differ_in_case_only_are_refused_where_they_are_one():
    from onepiece_core.sync.names import Names

    folding = Names(folds=True)
    assert [key for key in ("A.exr", "a.exr", "b") if folding.refusal(key)] == ["a.exr"]
    plain = Names()
    assert [key for key in ("A.exr", "a.exr", "b") if plain.refusal(key)] == []


def test_markers_of_folders_are_no_files(world: World):
    world.put({"a": "one", "folder/": ""})
    assert world.sync("from").problems == []
    assert world.files() == {"a": "one"}


def test_nothing_is_written_through_a_link_that_leads_out(world: World):
    outside = world.root / "outside"
    outside.mkdir()
    world.folder.mkdir()
    (world.folder / "sc02").symlink_to(outside)
    world.put({"sc02/a": "one", "b": "two"})
    done = world.sync("from")
    assert problems(done) == {"sc02": "refused"}
    assert list(outside.iterdir()) == []
    assert (world.folder / "b").read_text() == "two"


def test_a_link_that_is_made_between_plan_and_apply_leads_nowhere(world: World):
    outside = world.root / "outside"
    outside.mkdir()
    world.folder.mkdir()
    world.put({"sc02/a": "one"})
    plan = world.plan("from")
    (world.folder / "sc02").symlink_to(outside)
    assert problems(world.apply(plan)) == {"sc02/a": "refused"}
    assert list(outside.iterdir()) == []


def test_a_link_where_a_file_is_to_be_is_kept(world: World):
    world.write({"real": "mine"})
    (world.folder / "link").symlink_to("real")
    world.put({"link": "theirs!", "real": "mine"})
    assert problems(world.sync("from")) == {"link": "refused"}
    assert world.files() == {"real": "mine", "link": "mine"}


def test_a_dangling_link_at_the_destination_matters_only_in_the_way(world: World):
    world.write({"a": "one"})
    (world.folder / "old").symlink_to("nowhere")
    world.put({"a": "one", "b": "two"})
    assert world.sync("from").problems == []
    world.put({"old": "three"})
    assert problems(world.sync("from")) == {"old": "missing"}
    assert (world.folder / "old").is_symlink()


def test_a_file_that_stands_where_a_folder_must_be_is_a_failure_of_that_item_alone(world: World):
    world.write({"a": "a file"})
    world.put({"a/b": "one", "c": "two"})
    done = world.sync("from")
    assert list(problems(done)) == ["a/b"]
    assert world.files() == {"a": "a file", "c": "two"}


# Deleting


def test_delete_removes_what_the_source_does_not_have_and_only_then(world: World):
    world.write({"a": "one"})
    world.put({"old": "two", "sc02/older": "three"})
    assert world.sync("to").deleted == 0
    assert world.sync("to", delete=True).deleted == 2
    assert world.objects() == {"a": "one"}


def test_delete_on_the_way_down_removes_files_and_the_folders_they_leave_empty(world: World):
    world.put({"a": "one"})
    world.write({"old": "two", "sc02/older": "three"})
    (world.folder / "kept").mkdir()
    assert world.sync("from", delete=True).deleted == 2
    assert world.files() == {"a": "one"}
    assert {path.name for path in world.folder.iterdir()} == {"a", "kept"}


def test_more_than_max_delete_deletes_nothing_and_says_so(world: World):
    world.write({"new": "one"})
    world.put({f"old{number}": "x" for number in range(4)})
    done = world.sync("to", delete=True, max_delete=3)
    assert (done.deleted, done.uploaded, problems(done)) == (0, 1, {"": "deletes_refused"})
    assert len(world.objects()) == 5
    assert world.sync("to", delete=True, max_delete=4).deleted == 4


def test_delete_spares_what_is_filtered_out(world: World):
    world.write({"a.exr": "one"})
    world.put({"old.exr": "two", "old.tmp": "three", "wip/old.exr": "four"})
    done = world.sync("to", delete=True, filters=compile_filters(["*.exr"], ["wip"]))
    assert done.deleted == 1
    assert set(world.objects()) == {"a.exr", "old.tmp", "wip/old.exr"}


@pytest.mark.parametrize("bad", ["dangling", "loop", "pipe", "non-utf8"])
def test_while_anything_is_unknown_nothing_is_deleted(world: World, bad: str):
    world.write({"a": "one"})
    world.put({"old": "two"})
    if bad == "pipe":
        os.mkfifo(world.folder / bad)
    elif bad == "non-utf8":
        (world.folder / os.fsdecode(b"caf\xe9")).write_text("x")
    else:
        (world.folder / bad).symlink_to("nowhere" if bad == "dangling" else ".")
    plan = world.plan("to", delete=True)
    assert plan.deletes == []
    done = world.apply(plan)
    assert (done.uploaded, done.deleted, done.refused, done.failed) == (1, 0, 2, 0)
    assert world.objects() == {"a": "one", "old": "two"}


def test_an_unreadable_folder_deletes_nothing_and_everything_else_arrives(weed: Weed):
    with public_folder() as root:
        world = World(weed, root, BUCKET, prefix="unreadable/plates")
        world.write({"a": "one", "shut/b": "two", "secret": "three"})
        world.sync("to")
        world.write({"z": "new", "secret": "changed"}, mtime_ns=None)
        shutil.rmtree(root / "state")
        (world.folder / "shut").chmod(0)
        (world.folder / "secret").chmod(0)
        (root / "state").mkdir(mode=0o777)
        (root / "state").chmod(0o777)
        with without_root():
            done = world.sync("to", delete=True)
        (world.folder / "shut").chmod(0o755)
        world.close()
        assert problems(done) == {"shut": "unreadable", "secret": "unreadable"}
        assert world.objects() == {"a": "one", "shut/b": "two", "secret": "three", "z": "new"}


def test_after_a_failed_transfer_nothing_is_deleted(world: World):
    world.write({"renamed": "one"})
    world.put({"original": "one"})
    plan = world.plan("to", delete=True)
    (world.folder / "renamed").unlink()
    done = world.apply(plan)
    assert problems(done) == {"renamed": "missing", "": "deletes_refused"}
    assert world.objects() == {"original": "one"}


def test_what_appears_between_plan_and_apply_is_kept(world: World):
    world.write({"a": "one"})
    world.put({"old": "two"})
    plan = world.plan("to", delete=True)
    world.write({"old": "two"})
    assert problems(world.apply(plan)) == {"old": "changed"}
    assert "old" in world.objects()


def test_an_object_that_somebody_writes_between_plan_and_apply_is_kept(world: World):
    world.write({"a": "one"})
    world.put({"old": "two"})
    plan = world.plan("to", delete=True)
    world.put({"old": "new work"})
    assert problems(world.apply(plan)) == {"old": "changed"}
    assert world.objects()["old"] == "new work"


def test_a_local_file_that_changes_or_appears_there_is_not_deleted(world: World):
    world.put({"a": "one"})
    world.write({"edited": "x", "sent": "x"})
    plan = world.plan("from", delete=True)
    world.write({"edited": "my work"}, mtime_ns=None)
    world.put({"sent": "x"})
    assert problems(world.apply(plan)) == {"edited": "changed", "sent": "changed"}
    assert world.files() == {"a": "one", "edited": "my work", "sent": "x"}


# One item's trouble


def test_a_file_that_changes_after_the_plan_is_named_and_the_others_go_on(world: World):
    world.write({"a": "one", "b": "two", "c": "three"})
    plan = world.plan("to")
    world.write({"b": "changed"}, mtime_ns=None)
    (world.folder / "c").unlink()
    done = world.apply(plan)
    assert (done.uploaded, problems(done)) == (1, {"b": "changed", "c": "missing"})
    assert (done.failed, done.refused) == (0, 2)
    assert world.objects() == {"a": "one"}


def test_an_object_that_changes_after_the_plan_is_named_and_the_others_go_on(world: World):
    world.put({"a": "one", "b": "two", "c": "three"})
    plan = world.plan("from")
    world.put({"b": "changed"})
    world.store.delete(f"{world.prefix}/c")
    done = world.apply(plan)
    assert done.downloaded == 1
    assert set(problems(done)) == {"b", "c"}
    assert world.files() == {"a": "one"}


def test_two_syncs_at_once_end_with_the_same_bucket(world: World):
    world.write({"a": "one", "b": "two"})
    first, second = world.plan("to"), world.plan("to")
    assert world.apply(first).uploaded == 2
    done = world.apply(second)
    assert (done.uploaded, done.skipped, done.problems) == (0, 2, [])
    assert world.objects() == {"a": "one", "b": "two"}


def test_what_somebody_else_wrote_in_between_is_never_replaced_unseen(world: World):
    world.write({"a": "mine"})
    plan = world.plan("to")
    world.store.put(f"{world.prefix}/a", b"theirs", condition=Condition(if_absent=True))
    done = world.apply(plan)
    assert problems(done) == {"a": "storage.precondition_failed"}
    assert done.failed == 1
    assert world.objects() == {"a": "theirs"}


@needs_mount
def test_a_disk_that_fills_is_a_result_of_each_item_that_did_not_fit(weed: Weed, small_disk: Path):
    world = World(weed, small_disk, BUCKET, prefix="full/plates")
    world.put({"large": "x" * 3_000_000, "small": "one"})
    done = world.sync("from")
    assert problems(done) == {"large": "storage.disk_full"}
    assert world.files() == {"small": "one"}
    assert [path for path in world.folder.iterdir() if path.name != "small"] == []
    world.close()


def test_a_cancelled_sync_goes_on_where_it_was(world: World):
    world.write({f"{number:02d}": "x" for number in range(20)})
    plan = world.plan("to")

    def stop_at_once(event: Progress) -> None:
        reporter.cancel()

    reporter = Reporter(stop_at_once)
    with pytest.raises(OperationCancelled):
        world.apply(plan, reporter=reporter)
    there = set(world.objects())
    rest = world.plan("to")
    assert {action.relative for action in rest.transfers} == {f"{number:02d}" for number in range(20)} - there
    world.apply(rest)
    assert len(world.objects()) == 20


def test_events_tell_each_item_once(world: World):
    world.write({"a": "one", "b": "two"})
    plan = world.plan("to")
    (world.folder / "b").unlink()
    world.apply(plan)
    told_of = sorted((name, fields["path"]) for name, fields in world.events)
    assert told_of == [("done", "a"), ("problem", "b"), ("start", "a"), ("start", "b")]
