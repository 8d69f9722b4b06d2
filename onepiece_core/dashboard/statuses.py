"""One place that says what a status means: words of any case and abbreviation fall into a few buckets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

Bucket = Literal[
    "waiting", "ready", "active", "review", "retake", "approved", "delivered", "hold", "omitted", "unknown"
]
# In the order in which work goes through them, and tables and bars show them.
BUCKETS: tuple[Bucket, ...] = get_args(Bucket)
# Work that is over; what is omitted is not counted as work at all.
DONE: frozenset[Bucket] = frozenset({"approved", "delivered"})

_WORDS: Mapping[Bucket, str] = {
    "waiting": "wtg waiting waiting_to_start not_started todo na",
    "ready": "rdy ready ready_to_start",
    "active": "ip in_progress active wip opn open started act",
    "review": "rev review pending_review pndng pending internal_review client_review p rvw needs_review vwd viewed",
    "retake": "rtk retake kickback kb fix fixes changes_requested rej rejected recd",
    "approved": "apr approved app client_approved fin final finalled finaled cmpt complete completed done clsd closed",
    "delivered": "dlvr delivered del sent shipped",
    "hold": "hld hold on_hold paused",
    "omitted": "omt omit omitted cut_out cbb_out",
}


class Statuses:
    """The studio's reading of statuses.

    Args:
        own: bucket to words, of the settings; they beat the built-in ones.
    """

    def __init__(self, own: Mapping[Bucket, Iterable[str]] | None = None) -> None:
        self._buckets = {word: bucket for bucket, words in _WORDS.items() for word in words.split()}
        for bucket, words in (own or {}).items():
            self._buckets.update((_folded(word), bucket) for word in words)

    def bucket(self, status: str | None) -> Bucket:
        """``unknown`` for a word that nobody has explained; a row without a status waits."""
        word = _folded(status or "")
        return self._buckets.get(word, "unknown") if word else "waiting"


def _folded(status: str) -> str:
    """``  Pending-Review `` and ``pending review`` are one word: ``pending_review``."""
    return "_".join(status.casefold().replace("-", " ").replace("_", " ").split())
