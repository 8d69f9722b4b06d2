"""The "smart" cut fields: read-only, they follow from the cut fields that people write.

The site's own documentation (API cookbook, "Smart Cut Fields") says which of them there are and that values are
written to the raw ones; it does not say how they are worked out. Here: both ends of a range count; of in, out and
duration any two give the third; the head ends where the cut begins, the tail begins where it ends. A raw field is
``cut_in`` or ``sg_cut_in``, whichever the schema has; the first that holds a value counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onepiece_server.sandbox.shotgrid.model import EntityType

_RAW = (
    "cut_in", "cut_out", "cut_duration", "head_in", "head_out", "head_duration", "tail_in", "tail_out", "tail_duration",
)  # fmt: skip
_PREFIX = "smart_"
_LIMIT = 2**31


class CutFields:
    """Those of one entity type: ``raw`` are the columns that ``values`` are worked out from."""

    def __init__(self, sources: dict[str, list[str]], targets: list[str]) -> None:
        self._sources = sources
        self._targets = targets
        self.raw = frozenset(column for columns in sources.values() for column in columns)

    def values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The smart columns of a row."""
        found = _worked_out({name: _first(row, columns) for name, columns in self._sources.items()})
        return {target: found.get(target.removeprefix(_PREFIX)) for target in self._targets}


def of(entity: EntityType) -> CutFields | None:
    """None for an entity type without smart cut fields."""
    targets = [name for name in entity.fields if name.startswith(_PREFIX)]
    if not targets:
        return None
    sources = {name: [known for known in (name, f"sg_{name}") if known in entity.fields] for name in _RAW}
    return CutFields(sources, targets)


def _first(row: Mapping[str, Any], columns: list[str]) -> int | None:
    return next((row[column] for column in columns if row.get(column) is not None), None)


def _worked_out(raw: dict[str, int | None]) -> dict[str, Any]:
    cut = _range(raw["cut_in"], raw["cut_out"], raw["cut_duration"])
    head_out = cut[0] - 1 if raw["head_out"] is None and cut[0] is not None else raw["head_out"]
    tail_in = cut[1] + 1 if raw["tail_in"] is None and cut[1] is not None else raw["tail_in"]
    head = _range(raw["head_in"], head_out, raw["head_duration"])
    tail = _range(tail_in, raw["tail_out"], raw["tail_duration"])
    found: dict[str, Any] = {}
    for name, (first, last, duration) in (("cut", cut), ("head", head), ("tail", tail)):
        found |= {f"{name}_in": first, f"{name}_out": last, f"{name}_duration": duration}
    found["working_duration"] = _range(head[0], tail[1], None)[2]
    found = {name: value if value is not None and -_LIMIT <= value < _LIMIT else None for name, value in found.items()}
    if None not in cut:
        found["cut_duration_display"] = str(found["cut_duration"])
        found["cut_summary_display"] = f"{cut[0]}-{cut[1]} ({found['cut_duration']})"
    return found


def _range(first: int | None, last: int | None, duration: int | None) -> tuple[int | None, int | None, int | None]:
    """First frame, last frame and length, with what is missing worked out; the ends count more than the length."""
    if first is not None and last is not None:
        return first, last, last - first + 1
    if first is not None and duration is not None:
        return first, first + duration - 1, duration
    if last is not None and duration is not None:
        return last - duration + 1, last, duration
    return first, last, duration
