"""Carry a plan out: transfers first, then deletes, one result for each item."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from onepiece_core.checksums import hash_file
from onepiece_core.errors import (
    InputMissing,
    InputRefused,
    InputUnreadable,
    ObjectMissing,
    OnePieceError,
    PathEscapes,
    PreconditionFailed,
    SourceChanged,
    StorageError,
)
from onepiece_core.filesystems import storage_error
from onepiece_core.progress import Reporter
from onepiece_core.shown import shown
from onepiece_core.storage.bounded import run_bounded
from onepiece_core.storage.engine import XXH128, Download, Engine, Moved, NotMoved, Upload
from onepiece_core.storage.s3.listing import epoch_seconds
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.storage.store import ALWAYS, IF_ABSENT, Condition
from onepiece_core.sync.hash_cache import HashCache, Known, state_of
from onepiece_core.sync.model import Action, SyncPlan
from onepiece_core.sync.names import inside
from onepiece_core.sync.plan import OPERATION
from onepiece_core.sync.scan import MISSING, REFUSED, UNREADABLE
from onepiece_core.sync.summary import CHANGED, DELETES_REFUSED, Problem, Summary

# Told of each thing that happens: its name, and JSON values.
OnEvent = Callable[[str, dict[str, Any]], None]

_DELETES_AT_ONCE = 8
# Whoever asks for one of these engines asks for one that can send no condition.
_WITHOUT_CONDITIONS = ("crt", "s5cmd")
# What a person has to look at, and under which name; everything else is a transfer that failed.
_NO_FAILURES: tuple[tuple[type[OnePieceError], str], ...] = (
    (InputMissing, MISSING),
    (ObjectMissing, MISSING),
    (InputUnreadable, UNREADABLE),
    (InputRefused, REFUSED),
    (PathEscapes, REFUSED),
    (SourceChanged, CHANGED),
)


def ignore_event(_name: str, _fields: dict[str, Any]) -> None:
    """The default listener."""


def apply_sync(
    plan: SyncPlan,
    store: S3Store,
    engine: Engine,
    cache: HashCache,
    reporter: Reporter,
    on_event: OnEvent = ignore_event,
    summary: Summary | None = None,
) -> Summary:
    """Make the destination what ``plan`` says. An item's trouble is a problem of the summary, and the others go on.

    Args:
        summary: is filled as things happen, so that whoever cancels knows how far it came.

    Raises:
        OperationCancelled, StorageUnavailable, AccessDenied, BucketMissing: it cannot go on; what arrived stays.
    """
    summary = summary if summary is not None else Summary()
    run = _Apply(plan, store, cache, on_event, summary)
    started = time.monotonic()
    try:
        run.transfer(engine, reporter)
        run.delete(reporter)
    finally:
        cache.flush()
        summary.seconds = time.monotonic() - started
    return summary


class _Apply:
    def __init__(self, plan: SyncPlan, store: S3Store, cache: HashCache, on_event: OnEvent, summary: Summary) -> None:
        self._plan = plan
        self._store = store
        self._cache = cache
        self._tell = on_event
        self._summary = summary
        self._prefix = plan.request.prefix
        self._is_upload = plan.request.direction == "to"
        self._flying: dict[str, Action] = {}
        summary.skipped += plan.skipped
        summary.bytes_skipped += plan.bytes_skipped
        summary.problems.extend(plan.problems)

    def transfer(self, engine: Engine, reporter: Reporter) -> None:
        items = self._items(conditional=engine.name not in _WITHOUT_CONDITIONS)
        results = engine.move(items, reporter, operation=OPERATION, total_bytes=self._plan.bytes_to_move)
        for result in results:
            action = self._flying.pop(result.item.key)
            if isinstance(result, Moved):
                self._arrived(action, result)
            elif not self._is_there_already(action, result):
                self._failed(action, result.error)

    def _items(self, *, conditional: bool) -> Iterator[Upload | Download]:
        """Read by the engine's threads, one at a time."""
        for action in self._plan.transfers:
            key = self._prefix + action.relative
            path = self._plan.root / action.relative
            if self._is_upload:
                assert action.stamp is not None
                condition = Condition(if_match=action.etag) if action.etag else IF_ABSENT
                item: Upload | Download = Upload(key, path, action.stamp, condition if conditional else ALWAYS)
            elif inside(self._plan.root, action.relative) is None:
                self._problem(
                    action, Problem(shown(action.relative), REFUSED, "a link on its way leads out of the folder")
                )
                continue
            else:
                modified = epoch_seconds(action.modified)
                item = Download(key, path, action.size_bytes, action.etag, modified, action.stamp)
            self._flying[key] = action
            self._tell("start", action.as_json())
            yield item

    def _arrived(self, action: Action, moved: Moved) -> None:
        summary = self._summary
        if self._is_upload:
            summary.uploaded += 1
            summary.bytes_uploaded += moved.bytes_moved
            state = action.state
        else:
            summary.downloaded += 1
            summary.bytes_downloaded += moved.bytes_moved
            state = self._state_of_fetched(action)
        if state is not None:
            self._cache.note(action.relative, Known(state, moved.etag, moved.xxh128, moved.xxh128))
        self._tell("done", {**action.as_json(), "bytes_moved": moved.bytes_moved, "xxh128": moved.xxh128})

    def _state_of_fetched(self, action: Action) -> tuple[int, int, int, int, int] | None:
        with suppress(OSError):
            status = os.lstat(self._plan.root / action.relative)
            if status.st_size == action.size_bytes:
                return state_of(status)
        return None

    def _is_there_already(self, action: Action, result: NotMoved) -> bool:
        """Another sync has just put the very same there."""
        if not isinstance(result.error, PreconditionFailed) or not self._is_upload:
            return False
        try:
            info = self._store.find(result.item.key)
            if info is None or info.size_bytes != action.size_bytes or XXH128 not in info.metadata:
                return False
            xxh128 = hash_file(result.item.path, expected=action.stamp).digests["xxh128"]
        except OnePieceError:
            return False
        if xxh128 != info.metadata[XXH128]:
            return False
        assert action.state is not None
        self._cache.note(action.relative, Known(action.state, info.etag, xxh128, xxh128))
        self._summary.skipped += 1
        self._summary.bytes_skipped += action.size_bytes
        self._tell("skipped", {**action.as_json(), "why": "somebody else has just sent it"})
        return True

    def _failed(self, action: Action, error: OnePieceError) -> None:
        code = next((code for kind, code in _NO_FAILURES if isinstance(error, kind)), None)
        self._problem(action, Problem.of(action.relative, error, code))

    def _problem(self, action: Action, problem: Problem) -> None:
        self._summary.problems.append(problem)
        self._tell("failed" if problem.is_failure else "problem", {**problem.as_json(), "kind": action.kind})

    def delete(self, reporter: Reporter) -> None:
        """Only after everything else has arrived: what was renamed must be there under its new name first."""
        deletes = self._plan.deletes
        if not deletes:
            return
        problems = self._summary.problems
        if problems:
            why = f"nothing is deleted: {len(problems)} of the other files had a problem"
            problems.append(Problem("", DELETES_REFUSED, why))
            self._tell("problem", problems[-1].as_json())
            return
        for action, error in run_bounded(self._delete_one, _checked(deletes, reporter), jobs=_DELETES_AT_ONCE):
            if error is None:
                self._summary.deleted += 1
                self._tell("deleted", action.as_json())
            else:
                self._failed(action, error)
        if not self._is_upload:
            self._remove_emptied_folders()

    def _delete_one(self, action: Action) -> OnePieceError | None:
        try:
            if self._is_upload:
                self._delete_object(action)
            else:
                self._delete_file(action)
        except OnePieceError as error:
            return error
        except OSError as error:
            return storage_error(error, self._plan.root / action.relative)
        return None

    def _delete_object(self, action: Action) -> None:
        if os.path.lexists(self._plan.root / action.relative):
            raise SourceChanged("it has appeared in the source since the plan was made; it is kept")
        info = self._store.find(self._prefix + action.relative)
        if info is not None and info.etag != action.etag:
            raise SourceChanged("the object has changed since the plan was made; it is kept")
        self._store.delete(self._prefix + action.relative)

    def _delete_file(self, action: Action) -> None:
        """The file that was looked at, once the bucket has said itself that it has no such object."""
        if self._store.find(self._prefix + action.relative) is not None:
            raise SourceChanged("it has appeared in the bucket since the plan was made; it is kept")
        path = inside(self._plan.root, action.relative)
        if path is None:
            raise StorageError("a link on its way leads out of the folder; it is kept")
        if action.state is not None and state_of(path.stat()) != action.state:
            raise SourceChanged("it has changed since the plan was made; it is kept")
        path.unlink()

    def _remove_emptied_folders(self) -> None:
        parents = {parent for action in self._plan.deletes for parent in (self._plan.root / action.relative).parents}
        ours = [parent for parent in parents if parent.is_relative_to(self._plan.root) and parent != self._plan.root]
        for folder in sorted(ours, key=lambda path: len(path.parts), reverse=True):
            with suppress(OSError):  # not empty
                folder.rmdir()


def _checked(actions: list[Action], reporter: Reporter) -> Iterator[Action]:
    for action in actions:
        reporter.check(OPERATION, "delete")
        yield action
