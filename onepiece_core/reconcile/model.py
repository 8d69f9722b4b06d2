"""What a comparison finds, and what could be done about it."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["error", "warning"]
Scope = Literal["shots", "assets", "versions", "all"]

# Every class of finding: code -> (severity, what is wrong, what to do about it).
CLASSES: dict[str, tuple[Severity, str, str]] = {
    "orphan.file": (
        "warning",
        "media on disk that no row refers to",
        "Register it if it is wanted; parking it moves it aside.",
    ),
    "orphan.object": (
        "warning",
        "media in S3 that no row refers to",
        "Register it if it is wanted; parking it moves it aside.",
    ),
    "row.no_files": (
        "error",
        "a row none of whose places holds anything",
        "Bring the files back from a backup, or retire the row.",
    ),
    "frames.missing": (
        "error",
        "files that a row or a manifest promises and that are not there",
        "They come back from the other side; else render them again.",
    ),
    "frames.truncated": (
        "error",
        "media that is empty or was cut",
        "It comes back from the other side; else render it again.",
    ),
    "size.differs": (
        "error",
        "files of another size than the manifest's",
        "The side that agrees with the manifest is right.",
    ),
    "hash.differs": (
        "error",
        "files with other bytes than the manifest's",
        "The side that agrees with the manifest is right.",
    ),
    "root.wrong": (
        "error",
        "a row whose path leads out of the project's roots",
        "Map the root in [roots] of onepiece.toml, or set the path.",
    ),
    "row.duplicate": (
        "warning",
        "rows that are there twice",
        "The one that nothing links to is retired.",
    ),
    "version.gap": (
        "warning",
        "versions between the first and the last that are nowhere",
        "Find out whether they were deleted by hand.",
    ),
    "status.stale": (
        "warning",
        "a status that the files or a newer version contradict",
        "Set the status; [reconcile] of onepiece.toml holds the table.",
    ),
    "operation.unfinished": (
        "warning",
        "work that was begun and not finished",
        "`onepiece recover` goes on with it.",
    ),
}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ParkFile(_Model):
    """Move a file or a whole package's folder aside. ``path`` is ``root:relative``; so is ``base``, the folder whose
    ``.onepiece/parked`` takes it. ``size_bytes`` and ``mtime_ns`` are None for a folder."""

    kind: Literal["park_file"] = "park_file"
    path: str
    base: str
    size_bytes: int | None = None
    mtime_ns: int | None = None


class ParkObject(_Model):
    """Move an object aside, below ``base`` (a prefix of the same bucket)."""

    kind: Literal["park_object"] = "park_object"
    bucket: str
    key: str
    base: str
    size_bytes: int
    etag: str


class Download(_Model):
    """Bring a file back from S3, where it is not there (any more). ``xxh128`` "": by size alone."""

    kind: Literal["download"] = "download"
    bucket: str
    key: str
    path: str
    base: str
    size_bytes: int
    etag: str
    xxh128: str = ""
    mtime_ns: int | None = None


class Upload(_Model):
    """Send a file to S3, where it is not there (any more)."""

    kind: Literal["upload"] = "upload"
    path: str
    bucket: str
    key: str
    base: str
    size_bytes: int
    xxh128: str
    mtime_ns: int


class UpdateRow(_Model):
    """Change fields of a row from ``before`` to ``after``."""

    kind: Literal["update_row"] = "update_row"
    type: str
    id: int
    before: dict[str, Any]
    after: dict[str, Any]


class RetireRow(_Model):
    """Retire a row; one that others link to only with ``even_linked``."""

    kind: Literal["retire_row"] = "retire_row"
    type: str
    id: int
    even_linked: bool = False


class Register(_Model):
    """Register a package by its manifest: ``place`` is a ``root:relative`` folder or an s3:// URI."""

    kind: Literal["register"] = "register"
    place: str
    s3_uri: str
    scene_name: str
    operation: str


class Recover(_Model):
    """Go on with an interrupted publish. ``at``: "" is this machine's journal. It cannot be undone."""

    kind: Literal["recover"] = "recover"
    operation: str
    at: str = ""


Action = Annotated[
    ParkFile | ParkObject | Download | Upload | UpdateRow | RetireRow | Register | Recover, Field(discriminator="kind")
]


class RowRef(_Model):
    """A row, by name."""

    type: str
    id: int
    code: str


class Finding(_Model):
    """One thing that is wrong.

    Attributes:
        subject: what it is about: a path, an s3:// URI, ``Version 12``, a name.
        frames: the frames meant, as ranges.
        repair: what would put it right; None: only a person can.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    hint: str
    rows: tuple[RowRef, ...] = ()
    paths: tuple[str, ...] = ()
    frames: str | None = None
    repair: tuple[Action, ...] | None = None


def finding(code: str, subject: str, message: str, **more: Any) -> Finding:
    """A finding with its class's severity and hint."""
    severity, _, hint = CLASSES[code]
    return Finding(**{"code": code, "severity": severity, "subject": subject, "message": message, "hint": hint, **more})


class Unknown(_Model):
    """A place that could not be looked at: nothing is said about it, and nothing there is touched."""

    place: str
    code: str
    message: str


class Looked(_Model):
    """How much was compared."""

    rows: int = 0
    files: int = 0
    objects: int = 0
    packages: int = 0
    operations: int = 0
    folders: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class ReconcileReport(_Model):
    """What ``--json`` prints."""

    schema_: Literal["onepiece.reconcile.1"] = Field(default="onepiece.reconcile.1", alias="schema")
    project: str
    show_code: str
    site: str
    scope: Scope
    looked: Looked
    findings: tuple[Finding, ...]
    unknown: tuple[Unknown, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many of each class, in the order of CLASSES."""
        found = Counter(each.code for each in self.findings)
        return {code: found[code] for code in CLASSES if found[code]}


class Repair(_Model):
    """One repair of a plan: all of its actions or, when the world has changed, none."""

    number: int
    code: str
    subject: str
    message: str
    actions: tuple[Action, ...]


class RepairPlan(_Model):
    """What ``--plan`` writes, ``--apply`` does and ``--undo`` takes back."""

    schema_: Literal["onepiece.repairs.1"] = Field(default="onepiece.repairs.1", alias="schema")
    id: str
    kind: Literal["repair", "unpublish"] = "repair"
    project: str
    show_code: str
    site: str
    created_at: str
    repairs: tuple[Repair, ...]


Outcome = Literal["done", "already", "skipped", "failed", "undone"]


class RepairResult(_Model):
    """What became of one repair."""

    number: int
    code: str
    subject: str
    outcome: Outcome
    message: str = ""


class ApplyReport(_Model):
    """What ``--apply`` and ``--undo`` print under ``--json``."""

    schema_: Literal["onepiece.repaired.1"] = Field(default="onepiece.repaired.1", alias="schema")
    operation: str
    results: tuple[RepairResult, ...]

    def count(self, *outcomes: Outcome) -> int:
        return sum(each.outcome in outcomes for each in self.results)
