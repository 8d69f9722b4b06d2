"""Numbers and times as artists read them; the same in every panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STEPS = ((60, "just now", 1), (3600, "{} min ago", 60), (86400, "{} h ago", 3600), (86400 * 60, "{} days ago", 86400))

# Between a project, a shot and a task.
BETWEEN = "  \u203a  "
# What a publish cannot do without, and how it comes by it.
_LACKING = {
    "scene_name": "Save the scene under a name first.",
    "show_code": "Choose the project that this scene belongs to.",
    "destination": "Nobody has said where publishes go: publish.destination in onepiece.toml.",
    "bucket": "Nobody has said which bucket publishes go to: publish.bucket in onepiece.toml.",
}


def lacking(name: str) -> str:
    """Why there is no request yet, by the field that nobody has named."""
    return _LACKING.get(name, f"{name} is not known.")


def sentence(message: str) -> str:
    """A rule's words as a card begins with them; a name keeps its letters."""
    first, _, rest = message.partition(" ")
    return f"{first.capitalize()} {rest}" if first.isalpha() and first.islower() else message


def saved(path: str) -> str:
    """What became of a request that was kept for another time."""
    return f"Saved as {path}: publish it with onepiece dcc publish --request."


def size(count: float | None) -> str:
    """Bytes: ``1.2 MB``."""
    if count is None:
        return ""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def ago(then: float | None, now: float) -> str:
    """Two moments in seconds: ``3 h ago``."""
    if then is None:
        return ""
    seconds = max(0.0, now - then)
    for below, text, unit in _STEPS:
        if seconds < below:
            return text.format(int(seconds // unit))
    return f"{int(seconds // 86400 // 30)} months ago"


def age(seconds: float | None) -> str:
    """How old a kept answer is; nothing for a fresh one."""
    return "" if seconds is None or seconds < 60 else f"as of {ago(0.0, seconds)}"


def amount(progress: Mapping[str, Any]) -> str:
    """How far: ``12 of 240``, ``1.2 MB of 3 GB``."""
    done, total, unit = progress["done"], progress.get("total"), progress.get("unit", "files")
    if unit == "bytes":
        return f"{size(done)} of {size(total)}" if total else size(done)
    return f"{done} of {total}" if total else f"{done} {unit}"


def share(progress: Mapping[str, Any] | None) -> float | None:
    """From 0 to 1; None while the whole is not known."""
    if not progress or not progress.get("total"):
        return None
    return min(1.0, float(progress["done"]) / float(progress["total"]))


def plural(count: int, word: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
