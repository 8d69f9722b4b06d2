"""What a folder has that a bucket has not: links, pipes, permissions, other people's files, other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from onepiece_core.errors import ObjectMissing, PathEscapes, PreconditionFailed, StorageError
from onepiece_core.storage.local import LocalStore
from onepiece_core.storage.locking import file_lock
from onepiece_core.storage.store import IF_ABSENT, Condition

posix_only = pytest.mark.skipif(os.name == "nt", reason="links, pipes and modes of POSIX")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def store(root: Path) -> LocalStore:
    return LocalStore(root)


def files_under(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def test_files_that_others_wrote_are_objects(store: LocalStore, root: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "frame.1001.exr").write_bytes(b"pixels")
    assert [(info.key, info.size_bytes) for info in store.iter_objects()] == [("sub/frame.1001.exr", 6)]
    assert store.read("sub/frame.1001.exr")[0] == b"pixels"


def test_a_change_by_somebody_else_changes_the_etag(store: LocalStore, root: Path) -> None:
    etag = store.put("claim", b"mine").etag
    (root / "claim").write_bytes(b"their")
    with pytest.raises(PreconditionFailed):
        store.put("claim", b"again", condition=Condition(if_match=etag))
    assert (root / "claim").read_bytes() == b"their"


def test_metadata_of_other_content_is_not_ours(store: LocalStore, root: Path) -> None:
    store.put("frame", b"1", metadata={"xxh128": "aa"})
    (root / "frame").write_bytes(b"22")
    info = store.find("frame")
    assert info is not None
    assert info.metadata == {}


def test_plain_writes_leave_only_the_file(store: LocalStore, root: Path) -> None:
    etag = store.put("a/claim", b"1", condition=IF_ABSENT).etag
    store.put("a/claim", b"2", condition=Condition(if_match=etag))
    store.put("a/b", b"3", metadata={"x": "y"})
    with pytest.raises(PreconditionFailed):
        store.put("a/claim", b"4", condition=IF_ABSENT)
    store.now()
    store.delete("a/b")
    assert files_under(root) == ["a/claim"]


def test_reading_changes_nothing(store: LocalStore, root: Path) -> None:
    (root / "a").write_bytes(b"1")
    root.chmod(0o555)
    try:
        assert store.read("a")[0] == b"1"
        assert len(list(store.iter_objects())) == 1
    finally:
        root.chmod(0o755)
    assert files_under(root) == ["a"]


def test_nothing_is_made_by_opening_or_looking(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "not" / "there")
    assert list(store.iter_objects()) == []
    assert store.find("a") is None
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a\\b", "a\0b", ".onepiece-lock-x", "a/."]
)
def test_keys_that_could_leave_the_folder_are_refused(store: LocalStore, tmp_path: Path, key: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"1")
    for ask in (
        lambda: store.find(key),
        lambda: store.read(key),
        lambda: list(store.iter_bytes(key)),
        lambda: store.put(key, b"1"),
        lambda: store.put_file(key, source, size_bytes=1, xxh128="0"),
        lambda: store.delete(key),
    ):
        with pytest.raises((PathEscapes, StorageError)):
            ask()
    assert files_under(tmp_path) == ["source"]


@posix_only
def test_links_are_followed_only_to_files_inside(store: LocalStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (root / "real").write_bytes(b"real")
    (root / "inside").symlink_to("real")
    (root / "leaves").symlink_to(outside / "secret")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(".")
    (root / "dangling").symlink_to("nowhere")
    assert store.read("inside")[0] == b"real"
    assert [info.key for info in store.iter_objects()] == ["dangling", "folder", "inside", "leaves", "loop", "real"]
    for key in ("leaves", "folder/secret", "loop", "dangling", "folder"):
        with pytest.raises((PathEscapes, StorageError)):
            store.read(key)
    for key in ("folder/new", "folder/deeper/new"):
        with pytest.raises(PathEscapes):
            store.put(key, b"1")
    assert list(store.iter_objects("folder/")) == list(store.iter_folders("folder/")) == []
    assert files_under(outside) == ["secret"]


@posix_only
def test_a_write_over_a_link_replaces_the_link(store: LocalStore, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"keep")
    (root / "link").symlink_to(tmp_path / "outside")
    store.put("link", b"new")
    assert (tmp_path / "outside").read_bytes() == b"keep"
    assert not (root / "link").is_symlink()


@posix_only
def test_a_dangling_link_takes_the_name(store: LocalStore, root: Path) -> None:
    (root / "claim").symlink_to("nowhere")
    with pytest.raises(PreconditionFailed):
        store.put("claim", b"1", condition=IF_ABSENT)


@posix_only
def test_a_pipe_is_listed_and_never_waited_for(store: LocalStore, root: Path, tmp_path: Path) -> None:
    os.mkfifo(root / "pipe")
    assert [info.key for info in store.iter_objects()] == ["pipe"]
    for ask in (lambda: store.read("pipe"), lambda: list(store.iter_bytes("pipe"))):
        with pytest.raises(StorageError):
            ask()
    with pytest.raises(StorageError):
        store.put_file("copy", root / "pipe", size_bytes=0, xxh128="0")


def test_a_file_where_a_folder_is_needed_is_an_error(store: LocalStore) -> None:
    store.put("a", b"1")
    assert store.find("a/b") is None
    with pytest.raises(ObjectMissing):
        store.read("a/b")
    with pytest.raises(StorageError):
        store.put("a/b", b"2")
    store.put("folder/file", b"1")
    for condition in (IF_ABSENT, Condition()):
        with pytest.raises(StorageError):
            store.put("folder", b"2", condition=condition)


def test_the_longest_names_work(store: LocalStore) -> None:
    key = "n" * 255
    etag = store.put(key, b"1", metadata={"a": "b"}, condition=IF_ABSENT).etag
    store.put(key, b"2", condition=Condition(if_match=etag))
    assert store.read(key)[0] == b"2"


def test_a_name_that_is_too_long_is_an_error(store: LocalStore) -> None:
    assert_raises = pytest.raises(StorageError)
    with assert_raises:
        store.put("n" * 256, b"1")


def test_a_lock_is_free_again_when_its_process_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    code = f"""
        import sys, time
        from pathlib import Path
        from onepiece_core.storage.locking import file_lock
        with file_lock(Path({str(lock)!r})):
            print("held", flush=True)
            time.sleep(600)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"held"
    with pytest.raises(StorageError), file_lock(lock, timeout_seconds=0):
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    with file_lock(lock, timeout_seconds=5):
        assert lock.exists()
    assert not lock.exists()


def test_one_of_many_processes_wins_each_round(tmp_path: Path) -> None:
    """Four processes count up one number with if_match: no step is lost."""
    code = f"""
        from pathlib import Path
        from onepiece_core.errors import PreconditionFailed
        from onepiece_core.storage.local import LocalStore
        from onepiece_core.storage.store import Condition
        store = LocalStore(Path({str(tmp_path)!r}))
        done = 0
        while done < 25:
            data, info = store.read("number")
            try:
                store.put("number", str(int(data) + 1).encode(), condition=Condition(if_match=info.etag))
            except PreconditionFailed:
                continue
            done += 1
    """
    store = LocalStore(tmp_path)
    store.put("number", b"0")
    processes = [subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert store.read("number")[0] == b"100"
    assert files_under(tmp_path) == ["number"]
