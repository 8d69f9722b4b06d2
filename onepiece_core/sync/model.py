"""What a sync is asked for, and what its plan holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from onepiece_core.checksums import Stamp
from onepiece_core.storage.places import Place
from onepiece_core.sync.filters import ALL, Filters
from onepiece_core.sync.summary import Problem

Direction = Literal["to", "from"]
Kind = Literal["upload", "download", "replace", "delete"]

SCHEMA = "onepiece.sync.1"
MAX_DELETE = 100


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """One folder and one place in a bucket, one made like the other.

    Attributes:
        direction: ``to`` the bucket or ``from`` it.
        place: bucket and prefix.
        folder: on this machine.
        delete: remove at the destination what the source does not have.
        max_delete: with more than so many, nothing is deleted.
        checksum: compare contents, not sizes and times.
    """

    direction: Direction
    place: Place
    folder: Path
    filters: Filters = ALL
    delete: bool = False
    max_delete: int = MAX_DELETE
    checksum: bool = False

    @property
    def prefix(self) -> str:
        """What all keys start with, with its slash."""
        return f"{self.place.prefix}/" if self.place.prefix else ""

    @property
    def source(self) -> str:
        return str(self.folder) if self.direction == "to" else self.place.uri

    @property
    def destination(self) -> str:
        return self.place.uri if self.direction == "to" else str(self.folder)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to be done.

    Attributes:
        kind: ``replace`` sends or fetches over what is there.
        relative: POSIX path, seen from the folder and the prefix.
        size_bytes: of what is moved or deleted.
        state: the file here as it was looked at (``hash_cache.state_of``); None: there is none.
        etag: of the object as it was looked at; "": there is none.
        modified: of the object, as the listing has it.
    """

    kind: Kind
    relative: str
    size_bytes: int
    why: str
    state: tuple[int, int, int, int, int] | None = None
    etag: str = ""
    modified: str = ""

    @property
    def stamp(self) -> Stamp | None:
        if self.state is None:
            return None
        device, inode, size_bytes, mtime_ns, _ = self.state
        return Stamp(size_bytes, mtime_ns, inode, device)

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "path": self.relative, "size_bytes": self.size_bytes, "why": self.why}


@dataclass(slots=True)
class SyncPlan:
    """All that is not as it should be; what is, is only counted.

    Attributes:
        root: the folder, a real path; it may not be there yet.
        transfers: uploads, downloads and replacements.
        deletes: empty where deleting is refused; ``problems`` says why.
    """

    request: SyncRequest
    root: Path
    transfers: list[Action] = field(default_factory=list)
    deletes: list[Action] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    skipped: int = 0
    bytes_skipped: int = 0

    @property
    def actions(self) -> list[Action]:
        """In the order in which they begin."""
        return [*self.transfers, *self.deletes]

    @property
    def bytes_to_move(self) -> int:
        return sum(action.size_bytes for action in self.transfers)
