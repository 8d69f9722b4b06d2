"""What a sync planned and did, as people and programs read it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from onepiece_core.errors import OnePieceError
from onepiece_core.shown import shown

# Problems that a person has to look at, beside the kinds of onepiece_core.sync.scan.
CHANGED = "changed"
DELETES_REFUSED = "deletes_refused"


@dataclass(frozen=True, slots=True)
class Problem:
    """One path that was not dealt with, and why.

    Attributes:
        path: relative to the synced folder, printable; "" is the whole sync.
        code: ``missing``, ``unreadable``, ``refused``, ``changed``, ``deletes_refused``, or an error's code.
        is_failure: a transfer failed; else something was refused, missing or unreadable.
    """

    path: str
    code: str
    message: str
    is_failure: bool = False

    @classmethod
    def of(cls, relative: str, error: OnePieceError, code: str | None = None) -> Problem:
        """Of an item's error; ``code`` is given for what is no failure."""
        return cls(shown(relative), code or error.report.code, shown(error.report.message), code is None)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Summary:
    """Counts of files, bytes as they went over the wire, and every problem."""

    uploaded: int = 0
    downloaded: int = 0
    skipped: int = 0
    deleted: int = 0
    bytes_uploaded: int = 0
    bytes_downloaded: int = 0
    bytes_skipped: int = 0
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum(problem.is_failure for problem in self.problems)

    @property
    def refused(self) -> int:
        return len(self.problems) - self.failed

    @property
    def bytes_moved(self) -> int:
        return self.bytes_uploaded + self.bytes_downloaded

    @property
    def bytes_per_second(self) -> float:
        return self.bytes_moved / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        """The counts; ``problems`` stand beside it in a report."""
        return {
            "uploaded": self.uploaded,
            "downloaded": self.downloaded,
            "skipped": self.skipped,
            "deleted": self.deleted,
            "failed": self.failed,
            "refused": self.refused,
            "bytes_uploaded": self.bytes_uploaded,
            "bytes_downloaded": self.bytes_downloaded,
            "bytes_skipped": self.bytes_skipped,
            "seconds": round(self.seconds, 3),
            "bytes_per_second": round(self.bytes_per_second),
        }
