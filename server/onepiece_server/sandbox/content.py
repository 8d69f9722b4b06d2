"""A studio's content: the folders of its two servers, copied as a whole and put in place as a whole.

New content is put together in a folder beside the old. Then ``sandbox.json`` names that folder: this is the moment
from which the new content is the studio's. What is left to do, two renames, is done at once, or by whichever command
comes next when this one dies.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from onepiece_server.sandbox.files import Layout, State, write_state

FOLDERS = ("objects", "shotgrid")
# Files whose bytes never change once they have their name: a second name for them is as good as a copy.
_IMMUTABLE = Path("shotgrid") / "files"
_STAGE = ".content-"
_UNFINISHED = ".part"
_FICLONE = 0x40049409

Copied = Callable[[Path, int], None]


def size_bytes(root: Path) -> int:
    return sum(path.stat().st_size for path in _files(root))


def copy_content(source: Path, target: Path, copied: Copied) -> None:
    """Copy a studio's content from one folder to another, which is there and holds none.

    ``copied`` is told each file and its size; what it raises ends the copying.
    """
    for name in FOLDERS:
        (target / name).mkdir(mode=0o700)
        for folder in sorted(path for path in (source / name).rglob("*") if path.is_dir() and not path.is_symlink()):
            (target / folder.relative_to(source)).mkdir(mode=0o700)
    for path in _files(source):
        inside = path.relative_to(source)
        _copy(path, target / inside, may_link=inside.parent == _IMMUTABLE)
        copied(inside, path.stat().st_size)


def _files(root: Path) -> Iterator[Path]:
    """The regular files of a studio's content: a socket belongs to a process, an upload on its way to nobody."""
    for name in FOLDERS:
        for path in sorted((root / name).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.suffix != _UNFINISHED:
                yield path


def _copy(source: Path, target: Path, *, may_link: bool) -> None:
    if may_link:
        try:
            target.hardlink_to(source)
        except OSError:
            pass  # another disk, or a filesystem without links: a copy does it
        else:
            return
    if not _cloned(source, target):
        shutil.copyfile(source, target)
    shutil.copystat(source, target)


def _cloned(source: Path, target: Path) -> bool:
    """A copy that shares its blocks until one of the two is written to, where the filesystem can do that."""
    if sys.platform != "linux":
        return False
    import fcntl

    with source.open("rb") as opened, target.open("wb") as made:
        try:
            fcntl.ioctl(made.fileno(), _FICLONE, opened.fileno())
        except OSError:
            return False
    return True


def new_stage(layout: Layout) -> Path:
    """An empty folder for new content."""
    return Path(tempfile.mkdtemp(prefix=_STAGE, dir=layout.directory))


def put_in_place(layout: Layout, state: State, stage: Path) -> State:
    """Make the whole content of ``stage`` the studio's; no server runs. The state without anything pending."""
    write_state(layout, state.model_copy(update={"pending": stage.name}))
    return _finish(layout, state, stage)


def recover(layout: Layout, state: State) -> State:
    """Finish what a killed command had decided, forget what it had not."""
    if state.pending:
        state = _finish(layout, state, layout.directory / state.pending)
    for left in (*layout.directory.glob(f"{_STAGE}*"), *layout.snapshots.glob(f".*{_UNFINISHED}")):
        shutil.rmtree(left, ignore_errors=True)
    return state


def _finish(layout: Layout, state: State, stage: Path) -> State:
    for name in FOLDERS:
        new, current, old = stage / name, layout.directory / name, stage / f"old-{name}"
        if new.exists():
            if current.exists():
                current.replace(old)
            new.replace(current)
    state = state.model_copy(update={"pending": None})
    write_state(layout, state)
    shutil.rmtree(stage, ignore_errors=True)
    return state
