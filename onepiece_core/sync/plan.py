"""What a sync would do: pure, so that ``--dry-run`` shows exactly what would be done."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import InputMissing, InputRefused
from onepiece_core.progress import Progress, Reporter
from onepiece_core.shown import shown
from onepiece_core.storage.bounded import run_bounded
from onepiece_core.storage.s3.listing import Listed
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.sync.compare import Clocks, Verdict, look_closer, remembers
from onepiece_core.sync.hash_cache import HashCache, Known, state_of
from onepiece_core.sync.join import Pair, Sides, joined
from onepiece_core.sync.listing import OrderBroken, look
from onepiece_core.sync.model import Action, SyncPlan, SyncRequest
from onepiece_core.sync.names import Names, folds_case, inside
from onepiece_core.sync.order import Order
from onepiece_core.sync.scan import REFUSED, UNREADABLE, LocalFile, Trouble, real_root
from onepiece_core.sync.summary import DELETES_REFUSED, Problem

OPERATION = "sync"
_LOOKS_AT_ONCE = 16
_TELL_EVERY = 2000


def plan_sync(request: SyncRequest, store: S3Store, cache: HashCache, reporter: Reporter) -> SyncPlan:
    """Compare both sides. Nothing is written but what ``cache`` learns.

    Raises:
        InputMissing, InputUnreadable, InputRefused: the source is not there, or is no folder.
        StorageError: the bucket cannot be listed.
        OperationCancelled: asked for through ``reporter``.
    """
    start = look(store, request.prefix)
    if request.direction == "to":
        root = real_root(request.folder)
    elif start.is_empty:
        raise InputMissing(
            f"there is nothing at {request.place.uri}/",
            hint="Check the bucket, the show code and the folder.",
            uri=request.place.uri,
        )
    else:
        root = _destination(request.folder)
    ahead = max(0.0, start.server_seconds - time.time()) if start.server_seconds is not None else 0.0
    orders: tuple[Order | None, ...] = (*start.orders, None)
    for order in orders:
        planner = _Planner(request, store, cache, reporter, root, Clocks(ahead), start.keeps_backslashes)
        try:
            return planner.run(order)
        except OrderBroken:
            continue
    raise AssertionError("a sorted listing is in order")


def _destination(folder: Path) -> Path:
    """The folder that a download fills; what is there already is a folder."""
    if os.path.lexists(folder):
        return real_root(folder)
    try:
        return folder.resolve()
    except (OSError, RuntimeError) as cause:
        raise InputRefused(f"{shown(folder)} leads nowhere: {cause}", path=shown(folder)) from cause


@dataclass(frozen=True, slots=True)
class _Unsure:
    """A pair of the same size that the listing alone cannot tell apart."""

    file: LocalFile
    row: Listed
    known: Known | None


class _Planner:
    """One pass over both sides."""

    def __init__(
        self,
        request: SyncRequest,
        store: S3Store,
        cache: HashCache,
        reporter: Reporter,
        root: Path,
        clocks: Clocks,
        keeps_backslashes: bool,
    ) -> None:
        self._request = request
        self._store = store
        self._cache = cache
        self._reporter = reporter
        self._clocks = clocks
        self._keeps_backslashes = keeps_backslashes
        self._is_upload = request.direction == "to"
        self._plan = SyncPlan(request, root)
        self._sides = Sides(root if root.is_dir() else None, store, request.prefix, request.filters)
        self._names = None if self._is_upload else Names(folds=folds_case(root))
        self._unknown: dict[str, Trouble] = {}
        self._deletes = 0

    def run(self, order: Order | None) -> SyncPlan:
        for unsure, verdict in run_bounded(self._look, self._sift(order), jobs=_LOOKS_AT_ONCE):
            self._take(unsure, verdict)
        self._decide_deletes()
        self._cache.flush()
        self._plan.transfers.sort(key=lambda action: action.relative)
        self._plan.deletes.sort(key=lambda action: action.relative)
        return self._plan

    def _sift(self, order: Order | None) -> Iterator[_Unsure]:
        """Decide what can be decided at once, and yield the rest."""
        seen = 0
        for item in joined(self._sides, order):
            seen += 1
            if seen % _TELL_EVERY == 0:
                self._reporter.step(Progress(operation=OPERATION, phase="compare", done=seen))
            if isinstance(item, Trouble):
                self._meet(item)
                continue
            unsure = self._send_or_skip(item) if self._is_upload else self._fetch_or_skip(item)
            if unsure is not None:
                yield unsure
        self._reporter.step(Progress(operation=OPERATION, phase="compare", done=seen, total=seen))

    def _meet(self, trouble: Trouble) -> None:
        self._unknown[trouble.relative] = trouble
        # At a destination it is nobody's business until something is to be put or deleted there.
        if self._is_upload or self._request.delete:
            self._report(trouble)

    def _report(self, trouble: Trouble) -> None:
        problem = Problem(trouble.path, trouble.kind, trouble.why)
        if problem not in self._plan.problems:
            self._plan.problems.append(problem)

    def _send_or_skip(self, pair: Pair) -> _Unsure | None:
        file, row = pair
        if file is None:
            if row is not None:
                self._maybe_delete_object(row)
        elif row is None:
            self._send(file, None, "new")
        elif file.size_bytes != row.size_bytes:
            self._send(file, row, "size")
        elif not self._request.checksum and self._clocks.is_settled(file.status, row):
            self._skip(file.size_bytes)
        else:
            return self._ask_cache(file, row)
        return None

    def _fetch_or_skip(self, pair: Pair) -> _Unsure | None:
        file, row = pair
        if row is None:
            if file is not None and self._request.delete:
                self._delete(file.relative, file.size_bytes, state_of(file.status), "")
        elif not self._may_be_here(row):
            pass
        elif file is None:
            self._fetch(row, None, "new")
        elif file.size_bytes != row.size_bytes:
            self._fetch(row, file, "size")
        else:
            return self._ask_cache(file, row)
        return None

    def _may_be_here(self, row: Listed) -> bool:
        """Whether the object is part of the sync and its key can be a file here; if not, say why."""
        relative = row.key
        if (relative.endswith("/") and row.size_bytes == 0) or not self._request.filters.takes(relative):
            return False  # how consoles mark a folder; or filtered out
        assert self._names is not None
        why = self._names.refusal(relative)
        if why is not None:
            self._plan.problems.append(Problem(shown(relative), REFUSED, f"its key is no path here: {why}"))
            return False
        trouble = self._trouble_above(relative)
        if trouble is not None:
            self._report(trouble)
        return trouble is None

    def _trouble_above(self, relative: str) -> Trouble | None:
        if not self._unknown:
            return None
        place = relative
        while place not in self._unknown:
            if not place:
                return None
            place = place.rpartition("/")[0]
        return self._unknown[place]

    def _ask_cache(self, file: LocalFile, row: Listed) -> _Unsure | None:
        known = self._cache.find(file.relative)
        if remembers(known, file.status, row) and not self._request.checksum:
            self._skip(file.size_bytes)
            return None
        return _Unsure(file, row, known)

    def _look(self, unsure: _Unsure) -> Verdict:
        """In a thread of its own."""
        relative = unsure.file.relative
        return look_closer(
            self._store,
            self._request.prefix + relative,
            self._plan.root / relative,
            unsure.file,
            unsure.row,
            unsure.known,
            checksum=self._request.checksum,
        )

    def _take(self, unsure: _Unsure, verdict: Verdict) -> None:
        file, row = unsure.file, unsure.row
        if verdict.answer == "same":
            self._skip(file.size_bytes)
            if verdict.known is not None:
                self._cache.note(file.relative, verdict.known)
        elif self._is_upload:
            self._send(file, row if verdict.answer == "differs" else None, verdict.why or "new")
        elif verdict.answer == "differs":
            self._fetch(row, file, verdict.why)

    def _skip(self, size_bytes: int) -> None:
        self._plan.skipped += 1
        self._plan.bytes_skipped += size_bytes

    def _send(self, file: LocalFile, row: Listed | None, why: str) -> None:
        if not os.access(self._plan.root / file.relative, os.R_OK):
            self._meet(Trouble(file.relative, UNREADABLE, "permission denied"))
            return
        if "\\" in file.relative and not self._keeps_backslashes:
            self._meet(Trouble(file.relative, REFUSED, "this server takes a backslash for a slash"))
            return
        kind, etag = ("upload", "") if row is None else ("replace", row.etag)
        state = state_of(file.status)
        self._plan.transfers.append(
            Action(kind, file.relative, file.size_bytes, why, state, etag)  # type: ignore[arg-type]
        )

    def _fetch(self, row: Listed, file: LocalFile | None, why: str) -> None:
        if file is not None and file.is_link:
            self._report(Trouble(row.key, REFUSED, "a link is here, which a download does not replace"))
            return
        if inside(self._plan.root, row.key) is None:
            self._report(Trouble(row.key, REFUSED, "a link on its way leads out of the folder"))
            return
        state = None if file is None else state_of(file.status)
        self._plan.transfers.append(
            Action(
                "download" if file is None else "replace", row.key, row.size_bytes, why, state, row.etag, row.modified
            )
        )

    def _maybe_delete_object(self, row: Listed) -> None:
        if not self._request.delete or row.key.endswith("/") or not self._request.filters.takes(row.key):
            return
        if self._trouble_above(row.key) is None:
            self._delete(row.key, row.size_bytes, None, row.etag)

    def _delete(self, relative: str, size_bytes: int, state: tuple[int, int, int, int, int] | None, etag: str) -> None:
        self._deletes += 1
        if self._deletes <= self._request.max_delete:
            self._plan.deletes.append(Action("delete", relative, size_bytes, "not in the source", state, etag))

    def _decide_deletes(self) -> None:
        """All or nothing, and nothing at all where the source is not wholly known."""
        if not self._deletes:
            return
        troubles = len(self._plan.problems)
        if troubles:
            why = f"nothing is deleted: {troubles} {'path' if troubles == 1 else 'paths'} had a problem"
        elif self._deletes > self._request.max_delete:
            why = f"nothing is deleted: {self._deletes} files would be, and --max-delete is {self._request.max_delete}"
        else:
            return
        self._plan.deletes.clear()
        self._plan.problems.append(Problem("", DELETES_REFUSED, why))
