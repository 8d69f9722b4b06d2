"""Many registrations through a proxy that spoils calls, and the rows that came of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from onepiece_core.progress import Reporter
from onepiece_core.tracker.outbox import DrainOutcome, drain
from onepiece_core.tracker.retry import SystemClock
from onepiece_core.tracker.tracker import Tracker
from tests.support.outbox import MemoryLog, make_writes

# Of one package of tests.support.outbox: a scene, a sequence, a movie and a cut. An Attachment each for the thumbnail,
# the uploaded movie, the filmstrip that the site makes of it, and the path of every PublishedFile.
ROWS = {"Version": 1, "PublishedFile": 4, "PublishedFileDependency": 2, "Attachment": 7}


def register_many(
    tracker: Tracker, folder: Path, count: int, *, settle_seconds: float, timeout_seconds: float, at_once: int = 4
) -> list[MemoryLog]:
    """Publish each, then recover each until it is done."""

    def once(log: MemoryLog, *, wait: bool) -> DrainOutcome:
        return drain(
            log,
            tracker,
            clock=SystemClock(),
            settle_seconds=settle_seconds,
            timeout_seconds=timeout_seconds,
            wait=wait,
            reporter=Reporter(),
            guard=lambda: None,
        )

    def register(number: int) -> MemoryLog:
        name = f"FG_ep010_sc02_0010_comp_v{number:03d}"
        log = MemoryLog(make_writes(folder / name, name, shot="ep010/sc02/0010"))
        outcome = once(log, wait=False)
        for _ in range(8):
            if outcome.done:
                break
            outcome = once(log, wait=True)
        assert outcome.done, outcome
        return log

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(register, range(1, count + 1)))


def count_rows(tracker: Tracker) -> dict[str, int]:
    counts = {name: len(tracker.find(name, [])) for name in ROWS}
    types: list[Any] = tracker.find("PublishedFileType", [], ("code",))
    return {**counts, "types twice": len(types) - len({each["code"] for each in types})}


def expected_rows(count: int) -> dict[str, int]:
    return {**{name: rows * count for name, rows in ROWS.items()}, "types twice": 0}
