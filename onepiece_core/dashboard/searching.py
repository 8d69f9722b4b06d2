"""Search in the mirror: parts of codes and names, of any case."""

from __future__ import annotations

from onepiece_core.dashboard.mirror import Mirror
from onepiece_core.dashboard.model import Found
from onepiece_core.dashboard.shows import like

_SHORTEST = 2
_LONGEST = 200

# What is looked for, in the order in which it is shown. Each takes the pattern and a limit.
_QUERIES = (
    (
        "project",
        "select code as show, code as key, name as label, status as hint from projects"
        " where code like ?1 escape '\\' or name like ?1 escape '\\' order by archived, code limit ?2",
    ),
    (
        "episode",
        "select distinct p.code as show, c.episode as key, c.episode as label, p.name as hint from counts c"
        " join projects p on p.key = c.project where c.episode like ?1 escape '\\' and c.episode != ''"
        " order by c.episode limit ?2",
    ),
    (
        "shot",
        "select p.code as show, s.id as key, s.code as label, s.episode || ' ' || s.sequence as hint from shots s"
        " join projects p on p.key = s.project where s.code like ?1 escape '\\' order by s.code limit ?2",
    ),
    (
        "version",
        "select p.code as show, v.id as key, v.code as label, v.status as hint from versions v"
        " join projects p on p.key = v.project where not v.lean and v.code like ?1 escape '\\'"
        " order by v.id desc limit ?2",
    ),
    (
        "playlist",
        "select p.code as show, l.id as key, l.code as label, p.name as hint from playlists l"
        " join projects p on p.key = l.project where l.code like ?1 escape '\\' order by l.updated_at desc limit ?2",
    ),
)


def search(mirror: Mirror, text: str, limit: int) -> list[Found]:
    """Nothing for less than two characters. A fair share of each kind, the rest to whoever has more."""
    words = text.strip()[:_LONGEST]
    if len(words) < _SHORTEST:
        return []
    found: list[list[Found]] = []
    for kind, sql in _QUERIES:
        rows = mirror.rows(sql, like(words), limit)
        found.append(
            [
                Found.model_validate(
                    {"kind": kind, "project": row["show"], "key": str(row["key"]), "label": row["label"]}
                    | {"hint": row["hint"].strip()}
                )
                for row in rows
            ]
        )
    share = max(1, limit // len(_QUERIES))
    first = [each for some in found for each in some[:share]]
    more = [each for some in found for each in some[share:]]
    chosen = [*first, *more][:limit]
    order = [kind for kind, _ in _QUERIES]
    return sorted(chosen, key=lambda each: order.index(each.kind))
