"""How values read on a page: times, sizes, numbers, statuses with a sign and a word beside their colour."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from onepiece_core.dashboard.model import Counts
from onepiece_core.dashboard.statuses import Bucket

if TYPE_CHECKING:
    from markupsafe import Markup

_NARROW_SPACE = "\u202f"
_CODE = re.compile(r"`([^`]+)`")
_JOINTS = re.compile(r"([_/\\])(?=[^_/\\])")


class Word(NamedTuple):
    sign: str
    word: str


BUCKET_WORDS: dict[Bucket, Word] = {
    "waiting": Word("\u25cb", "waiting"),
    "ready": Word("\u25d4", "ready"),
    "active": Word("\u25d1", "in progress"),
    "review": Word("\u25c9", "review"),
    "retake": Word("\u21ba", "retake"),
    "approved": Word("\u2713", "approved"),
    "delivered": Word("\u21d7", "delivered"),
    "hold": Word("\u2016", "on hold"),
    "omitted": Word("\u2298", "omitted"),
    "unknown": Word("?", "unknown"),
}
# States of jobs, tasks, operations, deliveries and ingests: tone (class t-...) and sign. Others are "plain".
STATE_TONES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("finished", "done", "succeeded", "completed", "sent", "ok", "delivered"), ("good", "\u2713")),
    **dict.fromkeys(("running", "rendering", "started", "active", "writing", "applying"), ("busy", "\u25d1")),
    **dict.fromkeys(
        ("pending", "queued", "blocked", "waiting", "ready", "planned", "new", "submitted"), ("calm", "\u25cb")
    ),
    **dict.fromkeys(("parked", "held", "paused", "suspended", "cancelling", "partial"), ("warn", "\u2016")),
    **dict.fromkeys(("failed", "refused", "broken", "error", "down", "lost", "interrupted"), ("bad", "\u2715")),
    **dict.fromkeys(
        ("cancelled", "canceled", "omitted", "skipped", "undone", "discarded", "unknown"), ("off", "\u2298")
    ),
}


# A bar, from what is over to what has not begun; omitted rows have no place in it.
_BAR: tuple[Bucket, ...] = (
    *("delivered", "approved", "review", "active", "ready"),
    *("retake", "hold", "unknown", "waiting"),
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar, in percent of its width."""

    bucket: Bucket
    start: float
    width: float
    count: int


def segments(counts: Counts) -> list[Segment]:
    """The bar of ``counts``; empty where there is nothing."""
    wanted = sum(counts.buckets.get(bucket, 0) for bucket in _BAR)
    made, start = [], 0.0
    for bucket in _BAR:
        count = counts.buckets.get(bucket, 0)
        if count:
            width = 100.0 * count / wanted
            made.append(Segment(bucket, round(start, 3), round(width, 3), count))
            start += width
    return made


def iso_time(at: float) -> str:
    return _formatted(at, "%Y-%m-%dT%H:%M:%SZ")


def clock_time(at: float, with_seconds: bool = False) -> str:
    """As it reads without scripts, always UTC."""
    return _formatted(at, "%Y-%m-%d %H:%M:%S" if with_seconds else "%Y-%m-%d %H:%M")


def _formatted(at: float, form: str) -> str:
    try:
        return time.strftime(form, time.gmtime(at))
    except (OverflowError, ValueError, OSError):
        return "?"


def ago(seconds: float) -> str:
    """``12 s``, ``3 min``, ``5 h``, ``4 d``; app.js counts on in the same words."""
    seconds = max(0.0, seconds) if math.isfinite(seconds) else 0.0
    for limit, unit, name in ((60, 1, "s"), (3600, 60, "min"), (86400 * 2, 3600, "h")):
        if seconds < limit:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds // 86400)} d"


def grouped(number: float) -> str:
    return f"{number:,.0f}".replace(",", _NARROW_SPACE)


def readable_size(size_bytes: float) -> str:
    size = float(size_bytes)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB".replace(",", _NARROW_SPACE)


def shortened(text: str, most: int = 160) -> str:
    """A name of 100,000 characters is no reason for a page of megabytes."""
    return text if len(text) <= most else text[: most - 1] + "\u2026"


def breakable(text: str) -> Markup:
    """Escaped, with places where a line may end: after what joins the parts of codes and paths."""
    from markupsafe import Markup, escape

    return Markup(_JOINTS.sub(r"\1<wbr>", str(escape(text))))  # noqa: S704  (escaped a moment ago)


def coded(text: str) -> Markup:
    """Escaped, with what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  (escaped a moment ago)


def place(episode: str, sequence: str) -> str:
    """Where a shot is; an episode that the sequence's code names already is not said twice."""
    if episode and sequence.startswith(episode):
        return sequence
    return " / ".join(each for each in (episode, sequence) if each)
