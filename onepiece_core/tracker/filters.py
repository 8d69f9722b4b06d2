"""What a filter means without asking the site."""

from __future__ import annotations

from collections.abc import Sequence

from onepiece_core.tracker.tracker import Filter


def is_never(filters: Sequence[Filter], *, all_of: bool = True) -> bool:
    """True when nothing can match because of an empty ``in``.

    The official client raises IndexError on ``["code", "in", []]`` before it asks anybody.
    """
    answers = [_is_never(each) for each in filters]
    if not answers:
        return False
    return any(answers) if all_of else all(answers)


def _is_never(each: Filter) -> bool:
    if isinstance(each, dict):
        return is_never(each["filters"], all_of=each["filter_operator"] in ("all", "and"))
    return len(each) == 3 and each[1] == "in" and isinstance(each[2], list | tuple) and not each[2]
