"""A workfile and its lock, as lists and panels show them."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel


class Lock(BaseModel, frozen=True):
    """Who has a workfile open. Times are seconds since the epoch.

    Attributes:
        user, host, pid: the process that holds it; empty and 0 where the lock file is damaged.
        token: tells two locks of one process apart.
        is_stale: it may be stolen: its process is dead, or it was not renewed for two minutes.
    """

    host: str
    user: str
    pid: int
    token: str = ""
    taken_at: float
    heartbeat_at: float
    is_stale: bool


class Workfile(BaseModel, frozen=True):
    """One scene file as it was found.

    Attributes:
        version: None where the name tells none.
        task, step: as its name and folder tell.
        modified_at: seconds since the epoch.
        user: whoever saved it, as its note or else the file's owner tells; None where neither does.
        comment: from its note.
        thumbnail: a picture beside it.
    """

    path: Path
    name: str
    dcc: str
    version: int | None
    task: str | None = None
    step: str | None = None
    modified_at: float
    user: str | None = None
    comment: str | None = None
    size_bytes: int
    thumbnail: Path | None = None
    lock: Lock | None = None
