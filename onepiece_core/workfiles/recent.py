"""The workfiles that were opened last on this machine, in the state folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.filesystems import make_folders, storage_error, write_file
from onepiece_core.shown import is_text
from onepiece_core.storage.locking import file_lock

_NAME = "recent-workfiles.json"
_MOST = 50
_MAX_BYTES = 1 << 20


class Recent(BaseModel, frozen=True):
    """A workfile that was opened; ``opened_at`` is seconds since the epoch."""

    path: Path
    dcc: str
    opened_at: float


class _Recents(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["onepiece.recent-workfiles.1"] = Field(default="onepiece.recent-workfiles.1", alias="schema")
    items: tuple[Recent, ...] = ()


def list_recent(state_dir: Path) -> tuple[Recent, ...]:
    """The newest first; those that are not there any more are left out."""
    return tuple(one for one in _read(state_dir / _NAME).items if one.path.exists())


def note_opened(state_dir: Path, path: Path, dcc: str) -> None:
    """Put ``path`` on top of the list. Raises StorageError."""
    if not is_text(path):  # JSON holds text; a list for convenience is not worth an error
        return
    make_folders(state_dir)
    place = state_dir / _NAME
    try:
        with file_lock(state_dir / f".{_NAME}.lock"):
            others = [one for one in _read(place).items if one.path != path]
            mine = Recent(path=path, dcc=dcc, opened_at=time.time())
            kept = _Recents(items=(mine, *others[: _MOST - 1]))
            write_file(place, kept.model_dump_json(by_alias=True, indent=1).encode())
    except OSError as cause:
        raise storage_error(cause, place) from cause


def _read(place: Path) -> _Recents:
    try:
        with place.open("rb") as file:
            return _Recents.model_validate_json(file.read(_MAX_BYTES))
    except (OSError, ValidationError):  # not there yet, or damaged: start anew
        return _Recents()
