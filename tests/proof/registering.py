"""Registrations through the outbox, by processes that die, lose their journal, or are adopted by another machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onepiece_core.journal import Journal
from onepiece_core.progress import Reporter
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.outbox import DrainOutcome, Write, drain, registered
from onepiece_core.tracker.retry import SystemClock
from onepiece_core.tracker.tracker import Entity, Tracker
from tests.proof.world import HASTY_SECONDS, SETTLE_SECONDS, World
from tests.support.outbox import Died, make_writes
from tests.support.registrations import ROWS

# Where a process may die: before it writes this row of the journal, or when this call's answer is on its way to it.
ROWS_OF_THE_JOURNAL = ("sending", "done", "unanswered", "waiting")
WRITES = ("create", "batch", "upload", "upload_thumbnail")
DEATHS = (*ROWS_OF_THE_JOURNAL, *WRITES, "any write")


class Mortal:
    """Passes every call on; the process dies at the ``nth`` passing of ``moment``."""

    def __init__(self, inner: Any, moment: str, passed: list[int]) -> None:
        self._inner, self._moment, self._passed = inner, moment, passed

    def __getattr__(self, name: str) -> Any:
        target: Callable[..., Any] = getattr(self._inner, name)
        if name != self._moment and not (self._moment == "any write" and name in WRITES):
            return target
        is_row = name in ROWS_OF_THE_JOURNAL

        def call(*args: Any, **options: Any) -> Any:
            self._passed[0] -= 1
            if self._passed[0]:
                return target(*args, **options)
            if is_row:
                raise Died
            try:
                target(*args, **options)
            finally:
                raise Died

        return call


@dataclass
class Registration:
    """One package on its way into the tracker.

    Attributes:
        journals: one a machine that worked on it; the last one is that of now.
    """

    name: str
    writes: tuple[Write, ...]
    journals: list[Path] = field(default_factory=list)
    is_done: bool = False

    def drain(self, tracker: Tracker, *, wait: bool, death: tuple[str, int] | None) -> DrainOutcome | None:
        """None when the process died in it."""
        journal = Journal(self.journals[-1])
        log: Any = JournalOutbox(journal, self.name)
        if death is not None:
            left = [death[1]]
            log, tracker = Mortal(log, death[0], left), Mortal(tracker, death[0], left)  # type: ignore[assignment]
        try:
            return drain(
                log,
                tracker,
                clock=SystemClock(),
                settle_seconds=SETTLE_SECONDS,
                timeout_seconds=HASTY_SECONDS,
                wait=wait,
                reporter=Reporter(),
                guard=lambda: None,
            )
        except Died:
            return None
        finally:
            journal.close()

    def told(self) -> dict[str, Any]:
        journal = Journal(self.journals[-1])
        try:
            return registered(JournalOutbox(journal, self.name).rows())
        finally:
            journal.close()


class Registrations:
    """All of one run, in a project of their own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._project = world.project("Registrations")
        self.all: list[Registration] = []
        make = world.straight.create
        shot = make("Shot", {"code": "0010", "project": self._project})
        make("Task", {"content": "comp", "project": self._project, "entity": {"type": "Shot", "id": shot["id"]}})
        # File types belong to the whole site: a run begins without any.
        for each in world.straight.find("PublishedFileType", []):
            world.straight.delete("PublishedFileType", each["id"])

    def new(self) -> Registration:
        number = self._world.number()
        name = f"FG_ep010_sc02_0010_comp_v{number:03d}"
        project = {"id": self._project["id"]}
        made = Registration(name, make_writes(self._world.folder / "packages" / name, name, project=project))
        self.all.append(made)
        self.open_journal(made, sent_until=None)
        return made

    def open_journal(self, one: Registration, *, sent_until: float | None) -> None:
        folder = self._world.folder / "journals" / f"{self._world.number()}"
        folder.mkdir(parents=True)
        one.journals.append(folder)
        journal = Journal(folder)
        journal.begin(one.name, kind="publish", fingerprint=one.name, name=one.name, request={})
        JournalOutbox(journal, one.name).fill(one.writes, sent_until=sent_until)
        journal.close()

    def check(self) -> None:
        """Nothing is there twice, and what is done is whole."""
        attachments = len(self._find("Attachment"))
        least = sum(ROWS["Attachment"] for one in self.all if one.is_done)
        assert least <= attachments <= ROWS["Attachment"] * len(self.all), attachments
        for one in self.all:
            self._check(one)

    def check_whole(self) -> None:
        """When all are done and nothing is under way."""
        assert all(one.is_done for one in self.all)
        self.check()
        codes = [each["code"] for each in self._world.straight.find("PublishedFileType", [], ["code"])]
        assert len(codes) == len(set(codes)), codes
        for entity_type in ("Version", "PublishedFile"):
            made = self._world.events(self._project, [f"Shotgun_{entity_type}_New"])
            rows = {each["id"] for each in (*self._find(entity_type), *self._find(entity_type, retired_only=True))}
            assert made == {(f"Shotgun_{entity_type}_New", row): 1 for row in rows}

    def _check(self, one: Registration) -> None:
        versions = self._find("Version", ["code", "is", one.name], fields=["image", "sg_uploaded_movie"])
        assert len(versions) <= 1, versions
        files, links = [], []
        if versions:
            of_version = ["version", "is", versions[0]]
            files = self._find("PublishedFile", of_version, fields=["code"])
            behind = [["published_file.PublishedFile.version", "is", versions[0]]]
            links = self._world.straight.find("PublishedFileDependency", behind)
        there = {"Version": len(versions), "PublishedFile": len(files), "PublishedFileDependency": len(links)}
        assert len({each["code"] for each in files}) == len(files), files
        assert all(count <= ROWS[name] for name, count in there.items()), there
        if one.is_done:
            assert there == {name: ROWS[name] for name in there}
            assert versions[0]["image"]
            assert versions[0]["sg_uploaded_movie"]["name"] == f"{one.name}.mov"
            ids = sorted(each["id"] for each in files)
            assert one.told() == {"version_id": versions[0]["id"], "published_file_ids": ids}

    def _find(self, entity_type: str, *filters: Any, fields: Any = (), retired_only: bool = False) -> list[Entity]:
        asked = [["project", "is", self._project], *filters]
        found: list[Entity] = self._world.straight.find(entity_type, asked, list(fields), retired_only=retired_only)
        return found
