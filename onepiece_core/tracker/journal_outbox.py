"""The outbox of one operation, as rows of the journal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from onepiece_core.errors import ErrorReport
from onepiece_core.journal import Journal
from onepiece_core.tracker.outbox import OutboxRow, Write


class JournalOutbox:
    """An OutboxLog: each call is durable when it returns."""

    def __init__(self, journal: Journal, operation: str) -> None:
        self._journal = journal
        self._operation = operation

    def fill(self, writes: Iterable[Write], *, sent_until: float | None = None) -> None:
        """Add the rows that are not there yet: filling twice changes nothing.

        ``sent_until``: a process whose journal is lost may have sent each of them until then (wall clock), so they
        are looked up until that has settled.
        """
        state = "waiting" if sent_until is None else "unanswered"
        rows = [
            (self._operation, write.seq, write.kind, json.dumps(write.payload), state, sent_until) for write in writes
        ]
        with self._journal.transaction() as db:
            db.executemany(
                "insert or ignore into outbox (operation, seq, kind, payload, state, failed_at)"
                " values (?, ?, ?, ?, ?, ?)",
                rows,
            )

    def rows(self) -> list[OutboxRow]:
        found = self._journal.rows("select * from outbox where operation = ? order by seq", self._operation)
        return [
            OutboxRow(
                write=Write(seq=row["seq"], kind=row["kind"], payload=json.loads(row["payload"])),
                state=row["state"],
                sent_at=row["sent_at"],
                failed_at=row["failed_at"],
                result=json.loads(row["result"]) if row["result"] else None,
            )
            for row in found
        ]

    def sending(self, seq: int, at: float) -> None:
        self._set(seq, "state = 'sending', sent_at = ?, failed_at = null", at)

    def unanswered(self, seq: int, at: float) -> None:
        self._set(seq, "state = 'unanswered', failed_at = ?", at)

    def waiting(self, seq: int) -> None:
        self._set(seq, "state = 'waiting', sent_at = null, failed_at = null")

    def done(self, seq: int, result: Any) -> None:
        self._set(seq, "state = 'done', error = null, result = ?", json.dumps(result))

    def failed(self, seq: int, report: ErrorReport) -> None:
        self._set(seq, "state = 'failed', error = ?", report.model_dump_json())

    def _set(self, seq: int, columns: str, *values: object) -> None:
        # ``columns`` is one of the literals above, never input.
        with self._journal.transaction() as db:
            db.execute(f"update outbox set {columns} where operation = ? and seq = ?", (*values, self._operation, seq))  # noqa: S608
