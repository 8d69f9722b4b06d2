"""``onepiece aws sync-to`` and ``sync-from`` as a shell runs them, against a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.conftest import Done, run_cli
from tests.support.syncs import World
from tests.support.weed import Weed, weed

__all__ = ["weed"]

BUCKET = "cli-syncs"


@dataclass
class Desk:
    """A world, and the environment of whoever syncs it."""

    world: World
    env: dict[str, str]
    words: list[str] = field(default_factory=list)

    def run(self, command: str, *more: object, env: dict[str, str] | None = None) -> Done:
        """``command`` with the four names as options."""
        return self.say(command, *self.words, *more, env=env)

    def say(self, command: str, *words: object, env: dict[str, str] | None = None) -> Done:
        return run_cli({**self.env, **(env or {})}, "aws", command, *words, cwd=self.world.root)


@pytest.fixture
def desk(weed: Weed, tmp_path: Path, env: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Desk]:
    show = f"S{abs(hash(request.node.name)):x}"
    world = World(weed, tmp_path, BUCKET, prefix=f"{show}/plates")
    keys = {
        "AWS_ACCESS_KEY_ID": weed.access_key,
        "AWS_SECRET_ACCESS_KEY": weed.secret_key,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": weed.endpoint_url,
    }
    words = ["--bucket", BUCKET, "--show-code", show, "--folder", "plates", "--local-path", str(tmp_path)]
    yield Desk(world, {**env, **keys}, words)
    world.close()


def summary_of(done: Done) -> dict[str, int]:
    return dict(done.told["summary"])


def test_up_and_down_with_a_summary_that_says_all(desk: Desk):
    desk.world.write({"a.exr": "one", "sc02/b.exr": "two"})
    done = desk.run("sync-to")
    assert done.status == 0
    assert "uploaded 2, downloaded 0, skipped 0, deleted 0, failed 0, refused 0; 6 bytes" in done.out
    again = desk.run("sync-to", "--json")
    assert (again.status, again.err) == (0, "")
    assert again.told["schema"] == "onepiece.sync.1"
    assert summary_of(again)["skipped"] == 2
    (desk.world.folder / "a.exr").unlink()
    down = desk.run("sync-from", "--json")
    assert (summary_of(down)["downloaded"], summary_of(down)["skipped"]) == (1, 1)
    assert desk.world.files() == {"a.exr": "one", "sc02/b.exr": "two"}


def test_the_four_names_are_accepted_as_words_in_their_order(desk: Desk):
    desk.world.write({"a": "one"})
    _, bucket, _, show, _, folder, _, local = desk.words
    assert desk.say("sync-to", bucket, show, folder, local).status == 0
    assert desk.world.objects() == {"a": "one"}
    mixed = desk.say("sync-from", "--bucket", bucket, show, folder, "elsewhere")
    assert mixed.status == 0
    assert (desk.world.root / "elsewhere" / "plates" / "a").read_text() == "one"


def test_a_context_is_a_bucket(desk: Desk):
    desk.world.write({"a": "one"})
    (desk.world.root / "onepiece.toml").write_text(f'[contexts.vendor_in]\nbucket = "{BUCKET}"\nprefix = "drops"\n')
    _, _, _, show, _, folder, _, local = desk.words
    assert desk.say("sync-to", "vendor_in", show, folder, local).status == 0
    assert [info.key for info in desk.world.store.iter_objects(f"drops/{show}/")] == [f"drops/{show}/plates/a"]


def test_a_dry_run_names_each_action_and_does_none(desk: Desk):
    desk.world.write({"new.exr": "one", "other.exr": "longer", "half.tmp": "x"})
    desk.world.put({"other.exr": "short", "old.exr": "gone"})
    done = desk.run("sync-to", "--dry-run", "--delete", "--include", "*.exr", "--exclude", "*.tmp")
    assert done.status == 0
    assert done.out.splitlines() == [
        "upload    new.exr  3 bytes  (new)",
        "replace   other.exr  6 bytes  (size)",
        "delete    old.exr  4 bytes  (not in the source)",
        "would move 2 files, 9 bytes; delete 1; skipped 0",
    ]
    told = desk.run("sync-to", "--dry-run", "--delete", "--json").told
    assert told["plan"] == {"transfers": 3, "deletes": 1, "bytes_to_move": 10}
    assert [action["kind"] for action in told["actions"]] == ["upload", "upload", "replace", "delete"]
    assert desk.world.objects() == {"other.exr": "short", "old.exr": "gone"}


def test_more_than_max_delete_ends_with_2(desk: Desk):
    desk.world.write({"a": "one"})
    desk.world.put({"old1": "x", "old2": "x"})
    done = desk.run("sync-to", "--delete", "--max-delete", 1)
    assert done.status == 2
    assert "--max-delete is 1" in done.err
    assert set(desk.world.objects()) == {"a", "old1", "old2"}
    assert desk.run("sync-to", "--delete").status == 0
    assert set(desk.world.objects()) == {"a"}


def test_what_is_wrong_is_named_and_ends_with_2(desk: Desk):
    desk.world.write({"a": "one", "nb\u00a0sp": "x", "q'uo\"te": "x", "new\nline": "x", "é" * 125: "x"})
    (desk.world.folder / "dangling").symlink_to("nowhere")
    (desk.world.folder / "loop").symlink_to(".")
    desk.world.put({"old": "x"})
    done = desk.run("sync-to", "--delete", "--json")
    assert done.status == 2
    assert {problem["path"] for problem in done.told["problems"]} == {"dangling", "loop", ""}
    assert summary_of(done)["uploaded"] == 5
    assert len(desk.world.objects()) == 6


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["sync-to", "--bucket", BUCKET], 2),
        (["sync-to", BUCKET, "S", "plates", ".", "more"], 2),
        (["sync-to", BUCKET, "", "plates", "."], 2),
        (["sync-to", BUCKET, "S", "../up", "."], 2),
        (["sync-to", BUCKET, "S", "not-here", "."], 2),
        (["sync-from", BUCKET, "S", "not-there", "."], 2),
        (["sync-to", BUCKET, "S", "plates", ".", "--include", "../x"], 2),
        (["sync-to", BUCKET, "S", "plates", ".", "--bandwidth", "fast"], 2),
        (["sync-to", "Not_A_Bucket", "S", "plates", "."], 2),
        (["sync-to", "no-such-bucket", "S", "plates", "."], 1),
        (["sync-to", BUCKET, "S", "plates", ".", "--endpoint-url", "http://127.0.0.1:9"], 1),
    ],
)
def test_each_way_to_end_has_its_status(desk: Desk, words: list[str], status: int):
    desk.world.write({"a": "one"})
    done = desk.say(*words, "--json")
    assert done.status == status
    assert done.error["message"]


def test_a_profile_is_aws_profile_and_beats_the_keys_of_the_environment(desk: Desk):
    desk.world.write({"a": "one"})
    aws = desk.world.root / "aws"
    aws.mkdir()
    (aws / "credentials").write_text(
        f"[studio]\naws_access_key_id = {desk.env['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {desk.env['AWS_SECRET_ACCESS_KEY']}\n"
    )
    wrong = {"AWS_ACCESS_KEY_ID": "WRONG", "AWS_SECRET_ACCESS_KEY": "wrong"}
    env = {**wrong, "AWS_SHARED_CREDENTIALS_FILE": str(aws / "credentials")}
    assert desk.run("sync-to", env=env).status == 1
    assert desk.run("sync-to", "--profile", "studio", env=env).status == 0
    assert desk.run("sync-to", "--profile", "nobody", env=env).status == 1


def test_events_are_json_lines_on_stderr(desk: Desk):
    desk.world.write({"a": "one", "b": "two"})
    (desk.world.folder / "dangling").symlink_to("nowhere")
    done = desk.run("sync-to", "--events", "ndjson")
    assert done.status == 2
    lines = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    names = [line["event"] for line in lines]
    assert {"plan", "problem", "skipped", "start", "progress", "done", "summary"} <= set(names)
    assert sorted(line["path"] for line in lines if line["event"] == "done") == ["a", "b"]
    assert names[-1] == "summary"
    assert lines[-1]["uploaded"] == 2


def test_the_bandwidth_the_engine_and_the_jobs_may_be_told(desk: Desk):
    desk.world.write({"a": "one"})
    assert desk.run("sync-to", "--bandwidth", "50M", "--engine", "pool", "--jobs", 2).status == 0
    assert desk.world.objects() == {"a": "one"}


@pytest.mark.parametrize("engine", ["crt", "s5cmd"])
def test_other_engines_carry_the_same_and_a_second_run_moves_nothing(desk: Desk, engine: str):
    desk.world.write({"a": "one", "sc02/b.exr": "two", "q'uote": "three"})
    assert desk.run("sync-to", "--engine", engine).status == 0
    desk.world.write({"a": "edited"}, mtime_ns=None)
    assert summary_of(desk.run("sync-to", "--engine", engine, "--json"))["uploaded"] == 1
    assert desk.world.objects() == {"a": "edited", "sc02/b.exr": "two", "q'uote": "three"}
    (desk.world.folder / "a").unlink()
    assert summary_of(desk.run("sync-from", "--engine", engine, "--json"))["downloaded"] == 1
    assert desk.world.files() == desk.world.objects()
    assert summary_of(desk.run("sync-to", "--json"))["skipped"] == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a console event there")
def test_ctrl_c_leaves_a_state_to_go_on_from_and_says_how(desk: Desk):
    desk.world.write({f"{number:03d}": os.urandom(50_000) for number in range(40)})
    command = [sys.executable, "-m", "onepiece_cli", "aws", "sync-to", *desk.words]
    slow = ["--bandwidth", "200k", "--jobs", "2", "--events", "ndjson"]
    process = subprocess.Popen(
        [*command, *slow], env=desk.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    seen = [next(line for line in process.stderr if '"event": "done"' in line)]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert seen
    assert process.returncode == 130
    assert "operation.cancelled" in err
    assert f"onepiece aws sync-to --bucket {BUCKET}" in err
    assert "uploaded" in out
    left = len(list(desk.world.store.iter_objects(desk.world.prefix)))
    assert 0 < left < 40
    done = desk.run("sync-to", "--json")
    assert (summary_of(done)["skipped"], summary_of(done)["uploaded"]) == (left, 40 - left)
