"""A folder with everything that trips copy tools: what can be read arrives, the rest is named, nothing is deleted."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Done, run_cli
from tests.corpus.looking import tree_of
from tests.support.media import write_exr
from tests.support.studio import store_of

# Root may read everything, unless this one right is taken from it.
AS_ANYBODY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
SOUND = "FG_ep001_sc01_0010_comp_v001"
NAMES = (
    "no\u00a0break.exr",
    'it\'s "quoted".exr',
    "new\nline.exr",
    "é" * 123 + ".exr",
    unicodedata.normalize("NFD", "Ångström.exr"),
    "plus+and & per%20cent #1 ?=*.exr",
    " leading and trailing .exr",
    "日本語/かな.exr",
    "emoji 🎬.exr",
    "$HOME `id` ; rm -rf.exr",
    "-rf",
    "back\u202egpj.exr",
)


@dataclass(frozen=True)
class Hostile:
    """The folder ``plates`` below ``root``; what can be read of it, and what cannot, relative to it."""

    root: Path
    readable: dict[str, bytes]
    trouble: frozenset[str]

    @property
    def folder(self) -> Path:
        return self.root / "plates"


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Hostile]:
    folder = tmp_path / "plates"
    (folder / "sub").mkdir(parents=True)
    for name in NAMES:
        (folder / name).parent.mkdir(exist_ok=True)
        write_exr(folder / name, seed=name)
    for frame in (1001, 1002):
        write_exr(folder / f"{SOUND}.{frame}.exr", seed=frame)
    readable = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "gone.exr").symlink_to("nowhere")
    (folder / "sub/loop").symlink_to("..")
    (folder / "self.exr").symlink_to("self.exr")
    os.mkfifo(folder / "pipe.exr")
    locked = folder / "locked"
    locked.mkdir()
    write_exr(locked / "a.exr")
    write_exr(folder / "closed.exr").chmod(0)
    locked.chmod(0)
    yield Hostile(
        tmp_path, readable, frozenset({"gone.exr", "sub/loop", "self.exr", "pipe.exr", "locked", "closed.exr"})
    )
    locked.chmod(0o755)


def sync(way: str, hostile: Hostile, env: dict[str, str], show: str, *more: str, local: Path | None = None) -> Done:
    words = ["my-bucket", show, "plates", str(local or hostile.root), "--json", *more]
    return run_cli(env, "aws", way, *words, prefix=AS_ANYBODY, cwd=hostile.root)


def test_sync_carries_what_can_be_read_both_ways_and_deletes_nothing(
    hostile: Hostile, studio: SandboxReport, studio_env: dict[str, str], tmp_path: Path
) -> None:
    show = f"HOSTILE{os.getpid()}"
    store = store_of(studio, "my-bucket")
    start = f"{show}/plates/"
    kept = {f"{start}locked/there.exr": b"kept", f"{start}sub/loop/there.exr": b"kept", f"{start}old.exr": b"kept"}
    for key, data in kept.items():
        store.put(key, data)
    before = tree_of(hostile.root / "plates")
    done = sync("sync-to", hostile, studio_env, show, "--delete")
    assert done.status == 2, done
    told = done.told
    assert (told["summary"]["uploaded"], told["summary"]["failed"]) == (len(hostile.readable), 0)
    assert told["summary"]["deleted"] == 0
    assert {each["path"] for each in told["problems"]} - {""} == hostile.trouble
    assert all(each["message"] for each in told["problems"])
    objects = {info.key: store.read(info.key)[0] for info in store.iter_objects(start)}
    assert objects == {**kept, **{start + name: data for name, data in hostile.readable.items()}}
    assert tree_of(hostile.root / "plates") == before
    down = sync("sync-from", hostile, studio_env, show, local=tmp_path / "down")
    assert down.status == 0, down
    came = tmp_path / "down" / "plates"
    found = {path.relative_to(came).as_posix(): path.read_bytes() for path in came.rglob("*") if path.is_file()}
    assert found == {key.removeprefix(start): data for key, data in objects.items()}


def test_sync_down_over_such_a_folder_replaces_none_of_it(
    hostile: Hostile, studio: SandboxReport, studio_env: dict[str, str]
) -> None:
    show = f"DOWN{os.getpid()}"
    store = store_of(studio, "my-bucket")
    for name in ("locked/new.exr", "gone.exr", "pipe.exr", "self.exr", "fresh.exr", "sub/fresh.exr"):
        store.put(f"{show}/plates/{name}", b"new")
    before = {path: state for path, state in tree_of(hostile.folder).items() if not os.path.isdir(path)}
    done = sync("sync-from", hostile, studio_env, show, "--delete", "--max-delete", "1000")
    assert done.status in (1, 2), done
    assert done.told["summary"]["deleted"] == 0
    after = {path: state for path, state in tree_of(hostile.folder).items() if not os.path.isdir(path)}
    new = {str(hostile.folder / name) for name in ("fresh.exr", "sub/fresh.exr")}
    assert after.keys() - before.keys() == new
    assert {path: after[path] for path in before} == before


def test_ingest_takes_in_what_can_be_read_and_names_the_rest(
    hostile: Hostile, studio: SandboxReport, studio_env: dict[str, str]
) -> None:
    before = tree_of(hostile.folder)
    words = ["--project", "Frost Giant", "--show-code", "FG", "--vendor-bucket", "my-bucket", "--json"]
    done = run_cli(studio_env, "aws", "ingest", hostile.folder, *words, prefix=AS_ANYBODY, cwd=hostile.root)
    assert done.status == 2, done
    told: dict[str, Any] = json.loads(done.out)
    verdicts = {file["path"]: (file["verdict"], file["code"]) for file in told["files"]}
    assert len(told["files"]) == len(verdicts) == len(hostile.readable) + len(hostile.trouble) - 1
    assert {path for path, (verdict, _) in verdicts.items() if verdict == "ok"} == {
        f"{SOUND}.{frame}.exr" for frame in (1001, 1002)
    }
    assert verdicts["closed.exr"] == ("refused", "file.unreadable")
    assert verdicts["gone.exr"] == ("refused", "link.broken")
    assert verdicts["self.exr"] == ("refused", "link.loop")
    assert verdicts["sub/loop"] == ("skipped", "link.back")
    assert verdicts["pipe.exr"] == ("refused", "file.special")
    assert [each["code"] for each in told["summary"]["problems"]] == ["folder.unreadable"]
    assert tree_of(hostile.folder) == before
