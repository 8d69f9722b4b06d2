"""The demo's folder: nobody else's is emptied, and two demos do not share one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from onepiece_cli.demo.shot import Folders
from onepiece_core.errors import StorageError, UsageError


@contextmanager
def workplace(folders: Folders) -> Iterator[None]:
    """An empty place for the block's time; what Blender rendered, and the studio, stay from the last run.

    Raises UsageError for a folder that holds something else, or where another demo runs; StorageError when it
    cannot be written to.
    """
    from onepiece_server.sandbox.locks import try_lock

    try:
        _check(folders)
        folders.root.mkdir(parents=True, exist_ok=True)
        folders.mark.write_text('{"schema": "onepiece.demo-folder.1"}\n', encoding="utf-8")
    except OSError as cause:
        raise StorageError(f"{folders.root} cannot be used: {cause.strerror}", path=str(folders.root)) from cause
    with try_lock(folders.lock) as locked:
        if not locked:
            raise UsageError(f"Another demo runs in {folders.root}.", hint="Wait for it, or give --dir another folder.")
        for folder in (folders.media, folders.published, folders.broken, folders.state):
            shutil.rmtree(folder, ignore_errors=True)
        folders.picture.unlink(missing_ok=True)
        yield


def _check(folders: Folders) -> None:
    if not folders.root.exists() or folders.mark.exists():
        return
    if not folders.root.is_dir() or any(folders.root.iterdir()):
        raise UsageError(
            f"{folders.root} is no folder of the demo, and it is not empty.",
            hint="Give --dir a new folder: the demo empties its own each time.",
        )
