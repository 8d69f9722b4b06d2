"""Sync over each bad input: it looks at links, pipes and rights, never at names, pictures and lists."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core.shown import is_text, shown
from tests.corpus.looking import tree_of
from tests.corpus.row import Row, Spot, entries_of
from tests.corpus.rows import ROWS
from tests.support.syncs import World
from tests.support.weed import Weed

# To a sync, rows about lists are a sound picture and nothing else.
OF_FOLDERS = [row for row in ROWS if row.manifest is None and row.code not in ("row.path", "row.excel_damaged")]


@pytest.fixture(scope="module")
def bucket(weed: Weed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(weed, tmp_path_factory.mktemp("first"), "corpus-sync")
    yield made
    made.close()


def world_of(bucket: World, root: Path, key: str) -> World:
    world = World.__new__(World)
    world.weed, world.root, world.bucket, world.prefix = bucket.weed, root, bucket.bucket, f"SHOW{key}/plates"
    world.events, world.store, world.folder = [], bucket.store, root / "plates"
    world.folder.mkdir()
    return world


def expected_of(folder: Path) -> tuple[dict[str, bytes], set[str]]:
    """What must arrive, and what must be named, by nothing but the folder itself."""
    files, troubles = {}, set()
    root = os.path.realpath(folder)
    for relative in entries_of(folder):
        path = folder / relative
        real = os.path.realpath(path)
        is_inside = real.startswith(f"{root}/")
        # The server takes a backslash for a slash.
        is_carried = is_text(relative) and "\\" not in relative
        if is_carried and is_inside and os.path.isfile(path) and stat.S_ISREG(os.stat(path).st_mode):
            files[relative] = path.read_bytes()
        else:
            troubles.add(shown(relative))
    return files, troubles


def named(problems: Iterator[str], trouble: str) -> bool:
    """Itself, or the folder that it lies in."""
    return any(trouble == each or trouble.startswith(f"{each}/") for each in problems)


def check(world: World) -> None:
    files, troubles = expected_of(world.folder)
    before = tree_of(world.folder)
    start = f"{world.prefix}/"
    world.store.put(f"{start}there/before.exr", b"kept")
    done = world.sync("to", delete=True)
    assert tree_of(world.folder) == before
    objects = {info.key.removeprefix(start): world.store.read(info.key)[0] for info in world.store.iter_objects(start)}
    kept = {"there/before.exr": b"kept"} if troubles else {}
    assert objects == {**files, **kept}
    told = {problem.path for problem in done.problems} - {""}
    assert all(named(iter(told), each) for each in troubles), (troubles, told)
    assert all(any(each == one or one.startswith(f"{each}/") for one in troubles) for each in told), (troubles, told)
    assert (done.failed, done.deleted) == (0, 0 if troubles else 1)
    again = world.sync("to")
    assert (again.uploaded, again.skipped) == (0, len(files))
    world.folder = world.root / "down"
    world.folder.mkdir()
    down = world.sync("from")
    assert down.problems == []
    found = {name: (world.folder / name).read_bytes() for name in entries_of(world.folder)}
    assert found == objects


@pytest.mark.parametrize("row", OF_FOLDERS, ids=str)
def test_what_can_be_read_arrives_and_the_rest_is_named(row: Row, bucket: World, tmp_path: Path) -> None:
    world = world_of(bucket, tmp_path, row.key)
    row.made_in(world.folder)
    check(world)


def test_the_whole_corpus_at_once(bucket: World, tmp_path: Path) -> None:
    world = world_of(bucket, tmp_path, "ALL")
    for row in ROWS:
        row.make(Spot(world.folder, f"r{row.key}"))
    check(world)
