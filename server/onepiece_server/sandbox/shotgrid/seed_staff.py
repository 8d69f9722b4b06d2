"""Who works on a seeded show, and what else of the site its rows point to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from onepiece_server.sandbox.shotgrid.attachments import Storages, storages
from onepiece_server.sandbox.shotgrid.seed_bulk import BulkWriter, Pair
from onepiece_server.sandbox.shotgrid.seed_plan import Schedule, SeasonPlan
from onepiece_server.sandbox.shotgrid.seed_progress import Progress
from onepiece_server.sandbox.shotgrid.site import Caller, Site

# Department -> its people. A site has each of them once, however many shows are seeded.
TEAMS: dict[str, tuple[str, ...]] = {
    "Layout": ("Gilda Moreau", "Hiro Tanabe"),
    "Animation": ("Ines Carvalho", "Jonas Weber", "Kamala Rao", "Luis Ortega"),
    "FX": ("Mina Halvorsen", "Nikolai Petrov", "Oona Laine"),
    "Lighting": ("Priya Nair", "Quentin Dubois", "Rosa Bianchi"),
    "Compositing": ("Sara Holm", "Tomas Novak", "Uma Patel", "Viktor Lang"),
    "Assets": ("Wen Zhang", "Xenia Markou", "Yusuf Demir", "Zoe Clarke"),
}
TEAM_OF_TASK = {"layout": "Layout", "anim": "Animation", "fx": "FX", "lighting": "Lighting", "comp": "Compositing"}


def login_of(name: str) -> str:
    return ".".join(name.lower().split())


@dataclass(frozen=True)
class Staff:
    """Rows of the site that are there before the show.

    Attributes:
        steps: pipeline steps by short name.
        script: who makes what no artist makes.
    """

    people: dict[str, Pair]
    departments: dict[str, Pair]
    steps: dict[str, Pair]
    published_types: tuple[Pair, ...]
    storages: Storages
    script: Pair

    def artist(self, task: str, number: int) -> Pair:
        """One of those who work on such tasks; the script on a site without people."""
        team = TEAMS[TEAM_OF_TASK.get(task, "Assets")]
        return self.people.get(login_of(team[number % len(team)]), self.script)

    @property
    def root(self) -> str | None:
        """Where published files lie; None on a site without local storages."""
        return next((found["linux_path"] for found in self.storages.values() if found["linux_path"]), None)


@dataclass(frozen=True)
class Making:
    """What the steps need: where, what, who, what was made before, and where to write."""

    site: Site
    connection: sqlite3.Connection
    plan: SeasonPlan
    schedule: Schedule
    staff: Staff
    progress: Progress
    bulk: BulkWriter

    @property
    def project(self) -> Pair:
        return "Project", self.progress.project_id

    def made(self, kind: str, index: int) -> Pair | None:
        """The row of an earlier step; None where the site has no such type."""
        ids = self.progress.ids.get(kind)
        return (kind, ids[index]) if ids else None


def find_staff(connection: sqlite3.Connection, caller: Caller) -> Staff:
    def named(sql: str) -> Iterator[tuple[str, int]]:
        return ((name, row_id) for name, row_id in connection.execute(f'{sql} AND "__retired"=0 ORDER BY id DESC'))

    steps = named("SELECT short_name, id FROM Step WHERE short_name IS NOT NULL")
    types = named("SELECT code, id FROM PublishedFileType WHERE code IS NOT NULL")
    return Staff(
        people={
            login: ("HumanUser", i) for login, i in named("SELECT login, id FROM HumanUser WHERE login LIKE '%.%'")
        },
        departments={name: ("Department", i) for name, i in named("SELECT name, id FROM Department WHERE name<>''")},
        steps={name: ("Step", i) for name, i in steps},
        published_types=tuple(("PublishedFileType", i) for _, i in types),
        storages=storages(connection),
        script=(caller.user_type, caller.user_id),
    )
