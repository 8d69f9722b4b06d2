"""How far the seeding of a project has come: what a step has made is written down in the step's own transaction."""

from __future__ import annotations

import sqlite3
from array import array
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.seed_plan import SeedRequest

_FIELDS = "shots, versions, seed, until, thumbnails"


@dataclass
class Progress:
    """One seeded project.

    Attributes:
        done: how many of its steps are whole.
        ids: by entity type the ids of its rows, in the order of their making.
    """

    project_id: int
    done: int
    ids: dict[str, array[int]] = field(default_factory=dict)

    def catch_up(self, connection: sqlite3.Connection) -> bool:
        """Whether another run has done something meanwhile; then it is read."""
        sql = 'SELECT done FROM "__seeds" WHERE project_id=?'
        (done,) = connection.execute(sql, [self.project_id]).fetchone()
        if done == self.done:
            return False
        self.done = done
        self.ids.clear()
        runs = connection.execute(
            'SELECT entity_type, first_id, count FROM "__seed_runs" WHERE project_id=? ORDER BY step', [self.project_id]
        )
        for entity_type, first_id, count in runs:
            self._extend(entity_type, first_id, count)
        return True

    def add(self, connection: sqlite3.Connection, written: dict[str, tuple[int, int]]) -> None:
        """Note a step that was carried out in this transaction."""
        connection.executemany(
            'INSERT INTO "__seed_runs" VALUES (?,?,?,?,?)',
            [(self.project_id, self.done, entity_type, *run) for entity_type, run in written.items()],
        )
        for entity_type, run in written.items():
            self._extend(entity_type, *run)
        self.done += 1
        connection.execute('UPDATE "__seeds" SET done=? WHERE project_id=?', [self.done, self.project_id])

    def _extend(self, entity_type: str, first_id: int, count: int) -> None:
        self.ids.setdefault(entity_type, array("q")).extend(range(first_id, first_id + count))


def dated(connection: sqlite3.Connection, request: SeedRequest) -> SeedRequest:
    """The request with its last day: the one that it names, else that of an earlier run, else today."""
    if request.until is not None:
        return request
    sql = 'SELECT s.until FROM "__seeds" AS s JOIN Project AS p ON p.id=s.project_id WHERE p.name=? AND p."__retired"=0'
    found = connection.execute(sql, [request.project]).fetchone()
    day = date.fromisoformat(found[0]) if found else datetime.now(UTC).date()
    return request.model_copy(update={"until": day})


def find(connection: sqlite3.Connection, request: SeedRequest) -> Progress | None:
    """What an earlier run with the same request has left; None where there is no such project yet.

    Raises:
        Fault: the project was made by somebody else, or with other numbers.
    """
    sql = 'SELECT id FROM Project WHERE name=? AND "__retired"=0'
    project = connection.execute(sql, [request.project]).fetchone()
    if project is None:
        return None
    sql = f'SELECT {_FIELDS} FROM "__seeds" WHERE project_id=?'  # noqa: S608 - names of our own
    seeded = connection.execute(sql, project).fetchone()
    if seeded is None:
        raise Fault(f"The project '{request.project}' is there already and was not seeded.")
    if tuple(seeded) != _values(request):
        told = ", ".join(f"{name} {value}" for name, value in zip(_FIELDS.split(", "), seeded, strict=True))
        raise Fault(f"The project '{request.project}' was seeded with other numbers: {told}.")
    progress = Progress(project[0], 0)
    progress.catch_up(connection)
    return progress


def begin(connection: sqlite3.Connection, project_id: int, request: SeedRequest) -> Progress:
    connection.execute('INSERT INTO "__seeds" VALUES (?,?,?,?,?,?,0)', [project_id, *_values(request)])
    return Progress(project_id, 0)


def _values(request: SeedRequest) -> tuple[int | str, ...]:
    return request.shots, request.versions, request.seed, str(request.until), int(request.thumbnails)
