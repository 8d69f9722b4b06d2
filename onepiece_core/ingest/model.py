"""What an ingest is about: a drop, its items, and one verdict for each of its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from onepiece_core.checksums import Stamp
from onepiece_core.context import Context
from onepiece_core.media.facts import MediaFacts
from onepiece_core.sequences import Sequence

Source = Literal["vendor", "client"]
Verdict = Literal["ok", "skipped", "refused"]
# Every table of a file and every checksum that is known, or only the first bytes of each file.
Depth = Literal["structure", "first-bytes"]


class Problem(BaseModel, frozen=True):
    """One thing about an item or a file. ``error`` refuses it, ``warning`` is told, ``skipped`` leaves it out.

    Attributes:
        code: stable: ``media.truncated``, ``sequence.gaps``, ``row.duplicate``.
        line: of the manifest, the physical one.
        frames: the frames that it is about, as ranges: ``1003,1010-1012``.
    """

    code: str
    severity: Literal["error", "warning", "skipped"]
    message: str
    hint: str | None = None
    line: int | None = None
    frames: str | None = None
    context: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class DropFile:
    """A regular file of the drop.

    Attributes:
        relative: POSIX, as the drop spells it (surrogates where it is not UTF-8).
        root: the drop's folder, one text for all of its files.
        target: what is read, where ``relative`` is a link to another file of the drop.
    """

    relative: str
    root: str
    stamp: Stamp
    target: str | None = None

    @property
    def source(self) -> str:
        """What is read, as text: a drop has a hundred thousand of them."""
        return self.target or f"{self.root}/{self.relative}"

    @property
    def path(self) -> Path:
        return Path(self.source)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a manifest says about one file or sequence.

    Attributes:
        delivery_path: relative POSIX path within the drop; may hold ``%04d`` for a sequence.
        checksum: algorithm and lower-case hex digest.
        frames: the frames that must be there, as ranges; None: whatever is there.
        line: where the manifest says so.
    """

    delivery_path: str
    show: str
    episode: str | None
    sequence: str | None
    shot: str | None
    asset: str | None
    version: int
    source_path: str = ""
    checksum: tuple[str, str] | None = None
    frames: str | None = None
    line: int | None = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class DropItem:
    """One thing that becomes one Version: a movie, a still, or a whole frame sequence.

    Attributes:
        name: the Version's code: the file name without frame and extension.
        pattern: relative path in the drop, ``%04d`` for frames, ``<UDIM>`` for tiles.
        sequence: the frames, None for a single file.
        context: what its name or the manifest tells.
        shot: the tracker's row that it belongs to, ``{"type", "id", "name"}``; None: unknown, or nobody was asked.
        media: of the files, in their order; None where a file was not probed.
    """

    name: str
    pattern: str
    files: tuple[DropFile, ...]
    sequence: Sequence | None = None
    context: Context = field(default_factory=Context)
    expected: tuple[Expected, ...] = ()
    media: tuple[MediaFacts | None, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    file_problems: dict[str, list[Problem]] = field(default_factory=dict)
    shot: dict[str, Any] | None = None

    @property
    def is_refused(self) -> bool:
        """Nothing of the item is sent: one bad frame makes the sequence one that is not whole."""
        every = [*self.problems, *(problem for some in self.file_problems.values() for problem in some)]
        return any(problem.severity == "error" for problem in every)

    @property
    def size_bytes(self) -> int:
        return sum(file.stamp.size_bytes for file in self.files)


@dataclass(slots=True)
class DropPlan:
    """What an ingest would do. Every file of the drop is in one item, or in ``left``.

    Attributes:
        depth: how far files were looked at; only a plan of ``structure`` may be applied.
        left: files that belong to no item (skipped or refused), by their relative path.
        problems: about the drop as a whole: folders that could not be read, rows without a file.
    """

    folder: Path
    items: list[DropItem]
    left: dict[str, Problem]
    problems: list[Problem]
    depth: Depth = "structure"

    def ready(self) -> Iterator[DropItem]:
        return (item for item in self.items if not item.is_refused)


class FileReport(BaseModel, frozen=True):
    """One file of the drop in the report.

    Attributes:
        path: relative to the drop; bytes that are no UTF-8 are shown as ``\\x``.
        key: of the object, for what was uploaded or is there already.
        version_id: of the Version it belongs to.
        also: more reasons for which it is refused.
    """

    path: str
    verdict: Verdict
    code: str | None = None
    message: str | None = None
    key: str | None = None
    version_id: int | None = None
    warnings: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class IngestReport(BaseModel):
    """What became of a drop: every file once."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["onepiece.ingest-report.1"] = Field(default="onepiece.ingest-report.1", alias="schema")
    summary: dict[str, Any]
    files: tuple[FileReport, ...]
