"""What this machine's own record knows beside the tracker's rows: deliveries, ingests, operations, findings.

Read when asked. Any thread may call it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from onepiece_core.dashboard import findings, ingests, operations
from onepiece_core.dashboard.deliveries import Deliveries, TrackedDelivery
from onepiece_core.dashboard.model import (
    DeliveryDetail,
    DeliverySummary,
    FindingsReport,
    Found,
    IngestDetail,
    IngestSummary,
    OperationRow,
    Page,
)
from onepiece_core.errors import DashboardStoreFailed, JournalError
from onepiece_core.journal import Journal

# A process that dies writes nothing: whether those of unfinished operations live is looked at this often.
_LOOK_SECONDS = 2.0


class Paper:
    """Named as :class:`~onepiece_core.dashboard.board.Board`'s methods are.

    Args:
        names_of: what a project is called in the record: its short code, its name; asked with the board's code.
        tracked: the Deliveries that the tracker has, the newest first.
    """

    def __init__(
        self,
        journal: Journal | Path,
        *,
        names_of: Callable[[str], Sequence[str]] = lambda code: (code,),
        tracked: Callable[[], Sequence[TrackedDelivery]] = tuple,
    ) -> None:
        """With a state folder, its journal is opened here. Raises DashboardStoreFailed."""
        with _told():
            self._journal = Journal(journal) if isinstance(journal, Path) else journal
        self._names_of = names_of
        self._deliveries = Deliveries(self._journal, tracked)
        self._lock = threading.Lock()
        self._known: tuple[tuple[int, int], float, str] | None = None

    def close(self) -> None:
        self._journal.close()

    def generation(self) -> str:
        """Changes with the record and the kept reports, and when the process of an unfinished operation ends."""
        with _told(), self._lock:
            mark, now = self._mark(), time.monotonic()
            if self._known is None or self._known[0] != mark or now - self._known[1] > _LOOK_SECONDS:
                self._known = mark, now, self._content()
            return self._known[2]

    def _mark(self) -> tuple[int, int]:
        try:
            reports = (self._journal.folder / "reports").stat().st_mtime_ns
        except OSError:
            reports = 0
        return int(self._journal.rows("pragma data_version")[0][0]), reports

    def _content(self) -> str:
        """The same in every process: ``data_version`` is not."""
        rows = self._journal.rows("select count(*), max(updated_at) from operations")
        told = [tuple(rows[0]), self._mark()[1], operations.state_of(self._journal), self._deliveries.generation()]
        return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()

    def list_deliveries(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[DeliverySummary]:
        with _told():
            return self._deliveries.list(self._names(project), limit, cursor)

    def get_delivery(self, delivery: str) -> DeliveryDetail:
        with _told():
            return self._deliveries.get(delivery)

    def list_ingests(
        self, *, project: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[IngestSummary]:
        with _told():
            return ingests.list_page(self._journal, self._names(project), limit, cursor)

    def get_ingest(self, ingest: str) -> IngestDetail:
        with _told():
            return ingests.get(self._journal, ingest)

    def list_operations(self, *, limit: int = 50, cursor: str | None = None) -> Page[OperationRow]:
        with _told():
            return operations.list_page(self._journal, limit, cursor)

    def list_findings(self) -> list[FindingsReport]:
        with _told():
            return findings.list_reports(self._journal.folder)

    def search(self, text: str, *, limit: int = 20) -> list[Found]:
        """Deliveries and ingests whose name holds ``text``, of any case."""
        with _told():
            return [*self._deliveries.search(text, limit), *ingests.search(self._journal, text, limit)][:limit]

    def _names(self, project: str | None) -> frozenset[str] | None:
        return None if project is None else frozenset(name.casefold() for name in self._names_of(project))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, JournalError) as cause:
        raise DashboardStoreFailed(
            f"The journal of this machine cannot be read: {cause}", hint="Check the disk of the state folder."
        ) from cause
