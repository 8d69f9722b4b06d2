"""A machine that makes, changes and asks for rows through the tracker, and compares the site with the model."""

from __future__ import annotations

import re
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from onepiece_core.errors import TrackerRefused, TrackerUnanswered, TrackerUnavailable
from tests.proof import draws
from tests.proof.model import PLAIN, RELATIONS, Key, Model, Query, Refusal, different
from tests.proof.operations import (
    Batch,
    Create,
    Delete,
    NewId,
    Operation,
    Revive,
    Thumbnail,
    Update,
    Upload,
    answered,
)
from tests.proof.troubled import TroubledMachine
from tests.proof.world import FAULTS, KILL, WRITING, Trouble, World

MISSING = 10**9
# How a write ends with which something went wrong: what the tracker raises, and whether it was carried out.
ENDINGS = {
    "too_many": "unavailable",
    "unavailable": "unavailable",
    "error": "refused",
    "hang": "unanswered, not done",
    "drop_request": "unanswered, not done",
    "slow": "unanswered, done",
    "drop_reply": "unanswered, done",
    "commit_late": "unanswered, done",
}
# Who can tell whether a row was revived that was never retired?
NOTHING_TO_DO = "unanswered, nothing to do"


class SiteMachine(TroubledMachine):
    """Rows and links of one project, on a site that is shared by all runs."""

    def __init__(self, world: World, endings: Counter[str]) -> None:
        super().__init__(world, endings)
        self.project = world.project("Rows")
        self.model = Model()

    @initialize()
    def a_few_rows(self) -> None:
        for entity_type in ("Shot", "Shot", "Version", "Version", "Playlist", "Note"):
            self._do(_creation(entity_type, {}))

    # Trouble

    @rule(kind=st.sampled_from(FAULTS))
    def the_next_call_goes_wrong(self, kind: str) -> None:
        self.armed = (Trouble(kind),)

    @rule(kind=st.sampled_from(FAULTS), nth=st.integers(1, 3))
    def a_write_goes_wrong(self, kind: str, nth: int) -> None:
        self.armed = (*self.armed[-2:], Trouble(kind, WRITING, nth))

    @rule(kind=st.sampled_from(FAULTS))
    def the_next_write_goes_wrong(self, kind: str) -> None:
        self.armed = (Trouble(kind, WRITING),)

    # Writes

    @rule(row=draws.VALUES, links=st.none() | draws.LINKS)
    def create(self, row: Any, links: Any) -> None:
        entity_type, values = row
        relations: dict[str, Any] = {}
        if links is not None and links[0] == entity_type:
            name, _, picks = links[1]
            relations = {name: self._links(entity_type, name, picks)}
        self._do(_creation(entity_type, {**values, **relations}))

    @rule(change=draws.VALUES, pick=draws.PICKS)
    def update(self, change: Any, pick: int) -> None:
        key = draws.picked(self._rows(change[0]), pick)
        if key is not None and change[1]:
            self._do(Update(key, change[1]))

    @rule(links=draws.LINKS, pick=draws.PICKS)
    def link(self, links: Any, pick: int) -> None:
        entity_type, (name, mode, picks) = links
        key = draws.picked(self.model.keys(entity_type), pick)
        if key is None:
            return
        modes = {} if mode == "set" or RELATIONS[entity_type][name].is_single else {name: mode}
        self._do(Update(key, {name: self._links(entity_type, name, picks)}, modes))

    @rule(pick=draws.PICKS)
    def delete(self, pick: int) -> None:
        key = draws.picked(self._rows(), pick)
        if key is not None:
            self._do(Delete(key))

    @rule(pick=draws.PICKS)
    def revive(self, pick: int) -> None:
        key = draws.picked(self.model.keys(retired=True) or self._rows(), pick)
        if key is not None:
            self._do(Revive(key))

    @rule(parts=st.lists(draws.PARTS, min_size=2, max_size=5))
    def batch(self, parts: list[Any]) -> None:
        self._do(Batch(tuple(self._part(*part) for part in parts)))

    @rule(pick=draws.PICKS, nonsense=draws.PICKS)
    def ask_for_what_cannot_be(self, pick: int, nonsense: int) -> None:
        key = draws.picked(self._rows(), pick)
        if key is not None:
            wrong = draws.picked(_impossible(key, self.world.picture), nonsense)
            assert wrong is not None
            self._do(wrong)

    @rule(pick=draws.PICKS, name=st.sampled_from(("a.pdf", "b c.pdf")))
    def upload(self, pick: int, name: str) -> None:
        key = draws.picked(self._rows("Version"), pick)
        if key is not None:
            self._do(Upload(key, self.world.document, name))

    @rule(pick=draws.PICKS)
    def upload_thumbnail(self, pick: int) -> None:
        key = draws.picked(self._rows("Shot", "Version"), pick)
        if key is not None:
            self._do(Thumbnail(key, self.world.picture))

    # Reads

    @rule(drawn=draws.QUERIES)
    def find(self, drawn: Query) -> None:
        query = draws.with_rows(drawn, self.model)
        filters = [["project", "is", self.project], *draws.filters_of(query)]
        troubles = self._take_armed()
        kinds = {each.kind for each in troubles}
        try:
            with self.world.trouble(troubles):
                found = (self.hasty if troubles else self.tracker).find(
                    query.entity_type,
                    filters,
                    order=draws.order_of(query),
                    limit=query.limit,
                    retired_only=query.retired_only,
                )
        except TrackerUnanswered:
            raise  # a read may always be repeated
        except TrackerUnavailable:
            if not troubles:
                raise
            self._ended("find", "unavailable", troubles)
        except TrackerRefused:
            if "error" not in kinds:
                raise
            self._ended("find", "refused", troubles)
        else:
            assert [(each["type"], each["id"]) for each in found] == self.model.find(query), query
            self._ended("find", "answered", troubles)

    # How

    def _rows(self, *types: str) -> list[Key]:
        """Retired ones, too."""
        return sorted(key for key in self.model.rows if not types or key[0] in types)

    def _part(self, kind: str, values: Any, pick: int) -> Create | Update | Delete:
        entity_type, data = values
        key = draws.picked(self._rows(), pick) if kind == "delete" else draws.picked(self._rows(entity_type), pick)
        if kind == "create" or key is None:
            return _creation(entity_type, data)
        return Delete(key) if kind == "delete" else Update(key, data)

    def _links(self, entity_type: str, name: str, picks: list[int]) -> list[Key]:
        """What is there, and one retired row of each type: a link to that is refused."""
        relation = RELATIONS[entity_type][name]
        keys: list[Key] = []
        for each in relation.types:
            keys += [*self.model.keys(each), *self.model.keys(each, retired=True)[:1]]
        links = [keys[pick % len(keys)] for pick in picks] if keys else []
        return sorted(set(links))[: 1 if relation.is_single else None]

    def _do(self, operation: Operation) -> None:
        troubles = self._take_armed()
        kinds = {each.kind for each in troubles}
        refused = _after(self.model, operation, _numbers()) is None
        last_call = self.world.last_call()
        try:
            with self.world.trouble(troubles):
                answers = operation.send(self.hasty if troubles else self.tracker, self.project)
        except TrackerUnanswered:
            if not troubles:
                raise
            ending = "unanswered, " + ("not done" if refused else self._look(operation))
        except TrackerUnavailable:
            if not troubles:
                raise
            ending = "unavailable"
        except TrackerRefused:
            if not refused and "error" not in kinds:
                raise
            ending = "refused"
        else:
            assert not refused, f"{operation} was carried out"
            ending = "answered"
            self._take(operation, answered(answers))
        note(f"    {ending}")
        if KILL not in kinds:
            _check_calls(self.world.writes_since(last_call), ending, refused=refused)
        self._ended(type(operation).__name__.lower(), ending, troubles)
        self._compare()

    def _take(self, operation: Operation, answers: list[Any]) -> None:
        made = [each for each in answers if isinstance(each, tuple) and each not in self.model.rows]
        after = _after(self.model, operation, _ids_of(made))
        assert after is not None
        self.model, expected = after
        assert answers == expected

    def _look(self, operation: Operation) -> str:
        """Nobody answered: it was carried out once, or not at all."""
        self.world.site.settle()
        seen = self.world.seen(self.project)
        idle = _after(self.model, operation, _numbers())
        if idle is not None and idle[0].seen() == self.model.seen():
            return "nothing to do"
        if seen == self.model.seen():
            return "not done"
        after = _after(self.model, operation, _ids_of(sorted(seen.rows.keys() - self.model.rows.keys())))
        assert after is not None
        self.model, _ = after
        return "done"

    def _compare(self) -> None:
        seen, wanted = self.world.seen(self.project), self.model.seen()
        assert different(seen.rows, wanted.rows) == {}
        assert seen.attachments == wanted.attachments
        assert seen.events == wanted.events


def _after(model: Model, operation: Operation, new_id: NewId) -> tuple[Model, list[Any]] | None:
    """The model with the operation carried out, and its answer; None when it is refused."""
    changed = model.copy()
    try:
        return changed, operation.apply(changed, new_id)
    except Refusal:
        return None


def _check_calls(writes: list[dict[str, Any]], ending: str, *, refused: bool) -> None:
    """A write is one call, and ends as what happened to that call says."""
    assert len(writes) <= 1, writes
    if not writes:
        assert ending in ("unavailable", "refused"), ending
        return
    (call,) = writes
    if call["fault"] is None:
        # On a busy machine an answer may come too late by itself.
        assert ending.startswith("unanswered") or ending == ("refused" if refused else "answered"), (call, ending)
    else:
        wanted = ENDINGS[call["fault"]]
        if refused:
            wanted = wanted.replace(", done", ", not done")
        elif ending == NOTHING_TO_DO:
            wanted = re.sub("unanswered, .*", ending, wanted)
        assert ending == wanted, call


def _creation(entity_type: str, values: dict[str, Any]) -> Create:
    return Create(entity_type, {next(iter(PLAIN[entity_type])): "a", **values})


def _impossible(key: Key, picture: Path) -> list[Operation]:
    missing: Key = (key[0], MISSING)
    wrong: list[Operation] = [
        Create(key[0], {"no_such_field": 1}),
        Create("Shot", {"code": "a", "sg_status_list": "knitting"}),
        Create("Playlist", {"code": "a", "versions": [("Version", MISSING)]}),
        Update(missing, {"description": "a"}),
        Delete(missing),
        Revive(missing),
        Update(key, {"no_such_field": 1}),
        Thumbnail(("Version", MISSING), picture),
    ]
    return wrong


def _numbers() -> NewId:
    """Ids that no row has."""
    numbers = count(-1, -1)
    return lambda _: next(numbers)


def _ids_of(made: list[Key]) -> NewId:
    """The ids of new rows in the order in which they were made, type by type; 0 when there is none left."""
    left = {name: iter([key[1] for key in made if key[0] == name]) for name in PLAIN}
    return lambda entity_type: next(left[entity_type], 0)
