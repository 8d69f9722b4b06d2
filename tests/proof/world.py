"""A real site in its own process, the trackers that the machine uses, trouble for them, and a look without any."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from onepiece_core.tracker.retry import RetryPolicy
from onepiece_core.tracker.shotgrid import ShotgridTracker
from onepiece_core.tracker.tracker import Entity
from tests.proof.model import PLAIN, RELATIONS, Seen
from tests.support.outbox import GIF
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

# What waits for an answer while there is trouble, and what no trouble is meant for.
HASTY_SECONDS = 0.3
PATIENT_SECONDS = 20.0
# When a call is carried out that nobody waits for any more: before it has settled.
LATE_SECONDS = 0.5
SETTLE_SECONDS = 2.0

LATE = ("commit_late", "slow")
FAULTS = ("too_many", "unavailable", "hang", "slow", "drop_request", "drop_reply", "commit_late", "error")
KILL = "kill"
# The calls that change something; a write of the tracker is one of them, once.
WRITING = ("create", "update", "delete", "revive", "batch", "upload_file", "publish_thumbnail", "api_link_file")
_EVENTS = [f"Shotgun_{name}_{kind}" for name in PLAIN for kind in ("New", "Retirement", "Revival")]


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with the ``nth`` of the next calls of ``methods``, or with each nth of them.

    ``kill`` is no fault of the plan: the server dies ``nth`` milliseconds after the call began, and comes back.
    """

    kind: str
    methods: tuple[str, ...] = ("*",)
    nth: int = 1
    again: bool = False

    def rule(self) -> dict[str, Any]:
        rule: dict[str, Any] = {"target": "shotgrid", "method": list(self.methods), "fault": self.kind}
        rule |= {"every": self.nth, "times": 4} if self.again else {"nth": self.nth}
        if self.kind in LATE:
            rule["seconds"] = LATE_SECONDS
        elif self.kind in ("too_many", "unavailable"):
            rule["retry_after_seconds"] = 0
        elif self.kind == "error":
            rule["message"] = "API create() CRUD ERROR #6: no"
        return rule


class World:
    """One site for many runs: each has projects of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = SiteProcess(folder).start()
        # After a crash it is there again under its old address.
        self.site.options = ("--port", str(urlsplit(self.site.url).port))
        self.straight = self.site.client()
        self.picture = folder / "picture.gif"
        self.picture.write_bytes(GIF)
        # Not a picture: the site would make the row's thumbnail of it.
        self.document = folder / "paper.pdf"
        self.document.write_bytes(b"%PDF-1.7")
        self.count = 0

    def close(self) -> None:
        self.site.kill()

    def number(self) -> int:
        self.count += 1
        return self.count

    def project(self, name: str) -> Entity:
        number = self.number()
        made = self.straight.create("Project", {"name": f"{name} {number}"})
        return {"type": "Project", "id": made["id"]}

    def tracker(self, *, hasty: bool = False) -> ShotgridTracker:
        """A client that has just started."""
        policy = RetryPolicy(first_pause_seconds=0.02, longest_pause_seconds=0.1, cool_down_seconds=0.0)
        seconds = HASTY_SECONDS if hasty else PATIENT_SECONDS
        return ShotgridTracker(self.site.url, SCRIPT, KEY, timeout_seconds=seconds, policy=policy)

    # Trouble

    @contextmanager
    def trouble(self, troubles: tuple[Trouble, ...]) -> Iterator[None]:
        """Things go wrong inside, and only there: then the server is up and nothing more is planned."""
        rules = [each.rule() for each in troubles if each.kind != KILL]
        if rules:
            self.site.set_faults(rules)
        timers = [threading.Timer(each.nth / 1000, self.restart) for each in troubles if each.kind == KILL][:1]
        for timer in timers:
            timer.start()
        try:
            yield
        finally:
            for timer in timers:
                timer.join()
            if rules:
                self.site.clear_faults()

    def restart(self) -> None:
        """As after a crash."""
        self.site.kill()
        self.site.start()
        # The official client does not notice that its connection is gone.
        self.straight = self.site.client()

    def last_call(self) -> int:
        """The number of the last call that is over."""
        return int(self.site.ask("GET", f"/sandbox/calls?since={10**9}")["last"])

    def writes_since(self, call: int) -> list[dict[str, Any]]:
        """The calls that may have changed something, when all of them are over."""
        self.site.settle()
        return [each for each in self.site.calls(call) if each["method"] in WRITING]

    # A look

    def seen(self, project: Entity) -> Seen:
        """Everything of a project that the model knows of."""
        rows = {}
        for entity_type in PLAIN:
            for retired in (False, True):
                for row in self._rows(entity_type, project, retired=retired):
                    rows[entity_type, row["id"]] = {"retired": retired, **_shown(row)}
        return Seen(rows, self.events(project), len(self.straight.find("Attachment", [["project", "is", project]])))

    def _rows(self, entity_type: str, project: Entity, *, retired: bool) -> list[Entity]:
        fields = [*PLAIN[entity_type], *RELATIONS[entity_type], *_MEDIA.get(entity_type, ())]
        found: list[Entity] = self.straight.find(
            entity_type, [["project", "is", project]], fields, retired_only=retired
        )
        return found

    def events(self, project: Entity, types: list[str] | None = None) -> Counter[tuple[str, int]]:
        """How many there are of each kind, by row. A retired row is named by its number alone."""
        filters = [["project", "is", project], ["event_type", "in", types or _EVENTS]]
        found = self.straight.find("EventLogEntry", filters, ["event_type", "meta"])
        return Counter((each["event_type"], each["meta"].get("entity_id") or each["meta"]["id"]) for each in found)


_MEDIA = {"Shot": ("image",), "Version": ("image", "sg_uploaded_movie"), "Playlist": ("image",)}


def _shown(row: Entity) -> dict[str, Any]:
    movie = row.get("sg_uploaded_movie")
    shown: dict[str, Any] = {
        **{name: row[name] for name in PLAIN[row["type"]]},
        "image": bool(row.get("image")),
        "movie": movie and movie["name"],
    }
    for name in RELATIONS[row["type"]]:
        value = row[name]
        links = [] if value is None else [value] if isinstance(value, dict) else value
        shown[name] = sorted((each["type"], each["id"]) for each in links)
    return shown
