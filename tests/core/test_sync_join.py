"""Scan, listing and their merge-join, for servers of every order."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.storage.s3.client import connect
from onepiece_core.sync.filters import ALL, compile_filters
from onepiece_core.sync.join import Sides, join, joined
from onepiece_core.sync.listing import OrderBroken, look
from onepiece_core.sync.order import BY_BYTES, BY_FOLDERS, Order
from onepiece_core.sync.scan import LocalFile, Trouble, scan
from tests.support.listed import ListedKeys, backwards, by_bytes, by_folders
from tests.support.weed import Weed

NAMES = st.sampled_from(["a", "a-b", "a.b", "a b", "ab", "b", "é", "\u00a0", "z\n", "0", "~", "😀", "\uffee"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def without_clashes(paths: set[str]) -> set[str]:
    """A name is a file or a folder, not both."""
    return {path for path in paths if not any(other.startswith(f"{path}/") for other in paths)}


TREES = st.sets(PATHS, max_size=25).map(without_clashes)


def make_tree(root: Path, paths: set[str]) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def pairs(sides: Sides, order: Order | None) -> dict[str, tuple[bool, bool]]:
    found: dict[str, tuple[bool, bool]] = {}
    for item in joined(sides, order):
        assert not isinstance(item, Trouble)
        file, row = item
        name = file.relative if file else row.key if row else ""
        assert name not in found
        found[name] = (file is not None, row is not None)
    return found


@pytest.mark.parametrize(("told", "order"), [(by_bytes, BY_BYTES), (by_folders, BY_FOLDERS), (backwards, None)])
@settings(max_examples=60)
@given(here=TREES, there=st.sets(PATHS, max_size=25), chunk=st.integers(1, 6), page=st.integers(1, 4))
def test_each_path_comes_once_whatever_the_order(told, order, here: set[str], there: set[str], chunk: int, page: int):
    # In folder order a file and a folder of one name cannot be told apart by their place; no such server holds both.
    there = without_clashes(there) if order is BY_FOLDERS else there
    store = ListedKeys({f"P/{key}": 1 for key in there}, told, page_size=page)
    with tempfile.TemporaryDirectory() as folder:
        make_tree(Path(folder), here)
        found = pairs(Sides(Path(folder), store, "P/", ALL, chunk), order)
    assert found == {path: (path in here, path in there) for path in here | there}


@pytest.mark.parametrize(("told", "order"), [(by_bytes, BY_FOLDERS), (by_folders, BY_BYTES), (backwards, BY_BYTES)])
def test_an_order_that_is_not_kept_is_noticed(told, order: Order):
    store = ListedKeys({"P/a/b": 1, "P/a-b": 1, "P/c": 1}, told)
    with pytest.raises(OrderBroken):
        list(join(Sides(None, store, "P/", ALL), order))


def test_the_order_is_taken_from_what_the_server_calls_itself():
    assert look(ListedKeys({"P/a": 1}, server="SeaweedFS 8000GB 4.48"), "P/").orders[0] is BY_FOLDERS
    assert look(ListedKeys({"P/a": 1}, server="MinIO"), "P/").orders[0] is BY_BYTES
    assert look(ListedKeys({"P/a": 1}, server="AmazonS3", is_aws=True), "P/").orders[0] is BY_BYTES


def test_ranges_begin_at_paths_of_the_folder(tmp_path: Path):
    names = {f"{number:03d}" for number in range(20)}
    make_tree(tmp_path, names)
    store = ListedKeys({f"P/{name}": 1 for name in names}, page_size=5)
    assert len(pairs(Sides(tmp_path, store, "P/", ALL, 5), BY_BYTES)) == 20
    assert store.asked == ["", "P/004", "P/009", "P/014", "P/019"]


@settings(max_examples=12, deadline=None)
@given(here=TREES, there=TREES, chunk=st.integers(1, 6))
def test_seaweed_lists_in_the_order_that_it_is_taken_to(weed: Weed, here: set[str], there: set[str], chunk: int):
    create_bucket(weed.aws, "joined")
    store = connect(weed.aws, "joined")
    prefix = f"T{os.urandom(6).hex()}/"
    for key in there:
        store.put(prefix + key, b"x")
    with tempfile.TemporaryDirectory() as folder:
        make_tree(Path(folder), here)
        order = look(store, prefix).orders[0]
        found = pairs(Sides(Path(folder), store, prefix, ALL, chunk), order)
    store.close()
    assert order is BY_FOLDERS
    assert found == {path: (path in here, path in there) for path in here | there}


def test_a_folder_here_and_a_file_there_of_one_name_are_both_seen(weed: Weed, tmp_path: Path):
    create_bucket(weed.aws, "joined")
    store = connect(weed.aws, "joined")
    make_tree(tmp_path, {"a", "b/c"})
    store.put("clash/a/deep", b"x")
    store.put("clash/b", b"x")
    found = pairs(Sides(tmp_path, store, "clash/", ALL, 1), BY_FOLDERS)
    store.close()
    assert set(found) == {"a", "a/deep", "b", "b/c"}


# The scan


def names_of(found: list[LocalFile | Trouble]) -> list[str]:
    return [item.relative for item in found if isinstance(item, LocalFile)]


def troubles_of(found: list[LocalFile | Trouble]) -> dict[str, str]:
    return {item.path: item.kind for item in found if isinstance(item, Trouble)}


@given(TREES)
@settings(max_examples=40)
def test_a_scan_is_in_the_order_of_the_servers(paths: set[str]):
    with tempfile.TemporaryDirectory() as folder:
        make_tree(Path(folder), paths)
        assert names_of(list(scan(Path(folder), BY_BYTES))) == sorted(paths, key=by_bytes)
        assert names_of(list(scan(Path(folder), BY_FOLDERS))) == sorted(paths, key=by_folders)


def test_what_is_no_file_is_named_and_the_rest_goes_on(tmp_path: Path):
    root = tmp_path / "root"
    make_tree(root, {"a.exr", "z.exr", "deep/b.exr"})
    (tmp_path / "secret").write_text("s")
    (root / "dangling").symlink_to("nowhere")
    (root / "outside").symlink_to(tmp_path / "secret")
    (root / "deep" / "loop").symlink_to("..")
    (root / "itself").symlink_to("itself")
    (root / "inside").symlink_to("deep/b.exr")
    os.mkfifo(root / "pipe")
    (root / os.fsdecode(b"caf\xe9.exr")).write_text("x")
    (root / os.fsdecode(b"dir\xff")).mkdir()
    (root / os.fsdecode(b"dir\xff") / "x").write_text("x")
    (root / ".onepiece-1234.part").write_text("half")
    found = list(scan(root))
    assert names_of(found) == ["a.exr", "deep/b.exr", "inside", "z.exr"]
    assert troubles_of(found) == {
        "dangling": "missing",
        "outside": "refused",
        "deep/loop": "refused",
        "itself": "refused",
        "pipe": "refused",
        "caf\\xe9.exr": "refused",
        "dir\\xff": "refused",
    }


def test_a_folder_that_may_not_be_read_is_a_trouble():
    from tests.support.rights import public_folder, without_root

    with public_folder() as root:
        make_tree(root, {"open/a", "shut/b", "z"})
        (root / "shut").chmod(0)
        with without_root():
            found = list(scan(root))
        (root / "shut").chmod(0o755)
    assert names_of(found) == ["open/a", "z"]
    assert troubles_of(found) == {"shut": "unreadable"}


def test_a_folder_that_vanishes_while_it_is_scanned_is_a_trouble(tmp_path: Path):
    make_tree(tmp_path, {"a", "gone/b", "z"})
    found = scan(tmp_path)
    first = next(found)
    shutil.rmtree(tmp_path / "gone")
    rest = list(found)
    assert names_of([first, *rest]) == ["a", "z"]
    assert troubles_of(rest) == {"gone": "missing"}


def test_what_is_filtered_out_is_no_trouble(tmp_path: Path):
    make_tree(tmp_path, {"a.exr", "wip/b.exr"})
    (tmp_path / "wip" / "dangling").symlink_to("nowhere")
    (tmp_path / "note.txt").symlink_to("nowhere")
    assert troubles_of(list(scan(tmp_path, BY_BYTES, compile_filters(["*.exr"], ["wip"])))) == {}


def test_a_name_of_250_bytes_and_a_deep_folder_are_carried(tmp_path: Path):
    names = {"é" * 125, "/".join(["deep"] * 60), "a\u00a0b", "q\"uote's", "new\nline"}
    make_tree(tmp_path, names)
    assert set(names_of(list(scan(tmp_path)))) == names
