"""Many shots of one project with one request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from onepiece_core.context import Context
from onepiece_core.tracker.placing import is_below
from onepiece_core.tracker.tracker import Entity, Filter, Tracker

# The path from a shot up, and what a site must have for each step.
_PARENTS = (
    ("sg_sequence.Sequence.code", "Shot", "sg_sequence"),
    ("sg_sequence.Sequence.episode.Episode.code", "Sequence", "episode"),
)


def find_shots(
    tracker: Tracker, project: Entity, contexts: Mapping[str, Context], fields: Sequence[str] = ()
) -> dict[str, Entity]:
    """The Shot of each context, by its key; without those that nobody knows, or of which nobody can say which."""
    parents = _parents(tracker)
    codes = sorted({code for context in contexts.values() for code in _codes(context)})
    wanted: list[Filter] = [["project", "is", project], ["code", "in", codes]]
    by_code: dict[str, list[Entity]] = {}
    for row in tracker.find("Shot", wanted, ["code", *parents, *fields]):
        by_code.setdefault(str(row["code"]), []).append(row)
    chosen = {key: _choose(context, by_code, parents) for key, context in contexts.items()}
    return {key: row for key, row in chosen.items() if row is not None}


def _parents(tracker: Tracker) -> list[str]:
    """Only what the site has: it says no to other fields."""
    paths = []
    for path, entity_type, name in _PARENTS:
        if name not in tracker.schema_fields(entity_type):
            break
        paths.append(path)
    return paths


def _codes(context: Context) -> Iterator[str]:
    """What a studio may call the shot: 0010, sc02_0010, ep010_sc02_0010."""
    parts = [part for part in (context.episode, context.sequence, context.shot) if part]
    for start in range(len(parts)):
        yield "_".join(parts[start:])


def _choose(context: Context, by_code: dict[str, list[Entity]], parents: Sequence[str]) -> Entity | None:
    """The one row that is meant; None when there is none, or nobody can say which."""
    codes = list(_codes(context))
    for code in codes[:-1]:
        if len(by_code.get(code, [])) == 1:
            return by_code[code][0]
    rows = by_code.get(codes[-1], [])
    above = [part for part in (context.sequence, context.episode) if part][: len(parents)]
    if above:
        rows = [row for row in rows if is_below([row.get(path) for path in parents[: len(above)]], above)]
    return rows[0] if len(rows) == 1 else None
