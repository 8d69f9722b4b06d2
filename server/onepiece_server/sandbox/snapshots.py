"""Snapshots: the content of a studio under a name, to come back to.

::

    DIR/snapshots/NAME/
      snapshot.json    when, by which version of OnePiece, and the studio's options then
      objects/ shotgrid/

Addresses and keys are no content: a studio keeps its own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from onepiece_core import __version__
from onepiece_core.errors import SandboxError, UsageError
from onepiece_core.filesystems import storage_error
from onepiece_core.progress import Progress, Reporter
from onepiece_server.sandbox.content import copy_content, new_stage, put_in_place, size_bytes
from onepiece_server.sandbox.files import Layout, State, write_private
from onepiece_server.sandbox.options import StudioOptions
from onepiece_server.sandbox.studio import get_state, layout_of, stopped

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
# Names that Windows gives to devices, whatever their extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FORM = "onepiece.sandbox-snapshot.1"


class Snapshot(BaseModel, frozen=True, serialize_by_alias=True):
    """``snapshot.json``, and what ``sandbox snapshots --json`` lists."""

    schema_: Literal["onepiece.sandbox-snapshot.1"] = Field("onepiece.sandbox-snapshot.1", alias="schema")
    name: str
    created_at: datetime
    onepiece: str
    size_bytes: int
    options: StudioOptions = StudioOptions()


def take(directory: Path, name: str, reporter: Reporter) -> Snapshot:
    """Copy the studio's content; its servers are stopped meanwhile and run again afterwards.

    Raises:
        UsageError: the name is none for a folder.
        SandboxDown: there is no sandbox in ``directory``.
        SandboxError: there is a snapshot of that name.
        StorageError: the disk refuses; nothing of the snapshot is left.
    """
    layout = layout_of(directory)
    target = _folder(layout, name)
    get_state(layout)
    _check_free(target)
    with stopped(layout) as state:
        _check_free(target)
        part = target.with_name(f".{name}.part")
        try:
            layout.snapshots.mkdir(mode=0o700, exist_ok=True)
            part.mkdir(mode=0o700)
            made = Snapshot(
                name=name,
                created_at=datetime.now(UTC).replace(microsecond=0),
                onepiece=__version__,
                size_bytes=size_bytes(layout.directory),
                options=state.options,
            )
            copy_content(layout.directory, part, _told(reporter, "snapshot", made.size_bytes))
            write_private(part / "snapshot.json", made.model_dump_json(by_alias=True, indent=2).encode())
            part.replace(target)
        except OSError as cause:
            raise storage_error(cause, layout.snapshots) from cause
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return made


def restore(directory: Path, name: str, reporter: Reporter) -> Snapshot:
    """Bring back a snapshot's content and options in the place of the present ones, as a whole or not at all.

    Raises:
        SandboxDown: there is no sandbox in ``directory``.
        SandboxError: there is no such snapshot, it is damaged, or a newer OnePiece made it.
        StorageError: the disk refuses; the studio is as it was.
    """
    layout = layout_of(directory)
    found = plan_restore(directory, name)
    with stopped(layout) as state:
        _bring_back(layout, state, found, reporter)
    return found


def plan_restore(directory: Path, name: str) -> Snapshot:
    """The snapshot that would be restored. Raises as :func:`restore` does."""
    layout = layout_of(directory)
    get_state(layout)
    return _read(_folder(layout, name))


def list_snapshots(directory: Path) -> list[Snapshot]:
    """All that can be restored, the oldest first."""
    layout = layout_of(directory)
    get_state(layout)
    found = []
    for folder in layout.snapshots.glob("*"):
        if _NAME.fullmatch(folder.name) and (folder / "snapshot.json").is_file():
            found.append(_read(folder))
    return sorted(found, key=lambda one: (one.created_at, one.name))


def delete(directory: Path, name: str) -> Snapshot | None:
    """Remove a snapshot, also a damaged one; what it was, as far as that can be read."""
    layout = layout_of(directory)
    get_state(layout)
    folder = _folder(layout, name)
    if not folder.is_dir():
        raise _missing(folder)
    try:
        found = _read(folder)
    except SandboxError:
        found = None
    gone = folder.with_name(f".{name}.part")
    try:
        folder.replace(gone)
    except OSError as cause:
        raise storage_error(cause, folder) from cause
    shutil.rmtree(gone, ignore_errors=True)
    return found


def _folder(layout: Layout, name: str) -> Path:
    if not _NAME.fullmatch(name) or name.endswith(".") or _DEVICES.fullmatch(name):
        raise UsageError(
            f"{name[:80]!r} is no name for a snapshot",
            hint="Letters, digits, dots, dashes and underscores; a letter or digit first; at most 64.",
        )
    return layout.snapshots / name


def _check_free(target: Path) -> None:
    if target.exists():
        raise SandboxError(
            f"there is a snapshot {target.name} already",
            hint=f"Take another name, or delete it: `onepiece sandbox snapshots --delete {target.name}`.",
            snapshot=target.name,
        )


def _read(folder: Path) -> Snapshot:
    """Raises SandboxError."""
    try:
        content = (folder / "snapshot.json").read_bytes()
    except (FileNotFoundError, NotADirectoryError) as cause:
        raise _missing(folder) from cause
    except OSError as cause:
        raise SandboxError(f"cannot read the snapshot {folder.name}: {cause.strerror}", file=str(folder)) from cause
    try:
        found = Snapshot.model_validate_json(content)
    except ValidationError as cause:
        if content.find(_FORM.encode()) < 0 and b'"onepiece.sandbox-snapshot.' in content:
            raise _newer(folder, "another version") from cause
        raise SandboxError(f"the snapshot {folder.name} is damaged", file=str(folder / "snapshot.json")) from cause
    if _release(found.onepiece) > _release(__version__):
        raise _newer(folder, found.onepiece)
    return found


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _newer(folder: Path, version: str) -> SandboxError:
    return SandboxError(
        f"the snapshot {folder.name} was made by a newer OnePiece ({version}); this is {__version__}",
        hint="Use the newer OnePiece to restore it.",
        snapshot=folder.name,
    )


def _missing(folder: Path) -> SandboxError:
    return SandboxError(
        f"there is no snapshot {folder.name}", hint="`onepiece sandbox snapshots` lists them.", snapshot=folder.name
    )


def _bring_back(layout: Layout, state: State, found: Snapshot, reporter: Reporter) -> None:
    try:
        stage = new_stage(layout)
        source = layout.snapshots / found.name
        copy_content(source, stage, _told(reporter, "restore", found.size_bytes))
        put_in_place(layout, state.model_copy(update={"options": found.options}), stage)
    except OSError as cause:
        raise storage_error(cause, layout.directory) from cause
    # What is left of the stage after an error is cleared away when the studio is started again.


def _told(reporter: Reporter, operation: str, total: int) -> Callable[[Path, int], None]:
    done = 0

    def copied(path: Path, size: int) -> None:
        nonlocal done
        done += size
        reporter.step(
            Progress(operation=operation, phase="copy", done=done, total=total, unit="bytes", item=path.as_posix())
        )

    return copied
