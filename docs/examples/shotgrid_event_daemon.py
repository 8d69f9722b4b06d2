"""React to what happens on a site, once to each event, with nothing but shotgun_api3.

    eval "$(onepiece sandbox env)"
    python docs/examples/shotgrid_event_daemon.py --state events.json

When somebody sets the status of a Version, the status of its Task follows: approved makes it final, and so on
(--map apr=fin). Begins with what happens from now on; the state file remembers how far it came.

In order: the site numbers its events, but one with a lower number may appear after one with a higher number, for a
number is given out when a change begins and the event is seen when it ends. At a hole in the numbers the daemon waits
until the event after it is --patience seconds old. A change that was given up leaves its hole for ever.

Once: an event's number is written down before anything is done about it and again afterwards. A daemon that was killed
in between finds the first and not the second. Then it looks for what it would have done: every change that it makes
carries a session_uuid that follows from the event's number, and the site writes that into its event log.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from shotgrid_connection import SITE_ERRORS, Failure, connect, run
from shotgun_api3 import Shotgun

Event = dict[str, Any]
FIELDS = ["event_type", "attribute_name", "meta", "created_at"]
AT_ONCE = 200
TASK_STATUS = {"rev": "rev", "vwd": "rev", "apr": "fin"}
# How long to leave a site alone that does not answer.
LONGEST_PAUSE_SECONDS = 60.0


@dataclass
class State:
    """``last``: everything up to this event is done. ``doing``: work on this one was begun."""

    last: int
    doing: int | None = None


class Daemon:
    def __init__(self, site: Shotgun, path: Path, statuses: dict[str, str], patience_seconds: float) -> None:
        self._site, self._path = site, path
        self._statuses, self._patience_seconds = statuses, patience_seconds
        self._state = self._read_state()

    def work(self) -> bool:
        """Handle what has happened since; False when there is nothing more for now."""
        filters = [["id", "greater_than", self._state.last]]
        order = [{"field_name": "id", "direction": "asc"}]
        events = self._site.find("EventLogEntry", filters, FIELDS, order=order, limit=AT_ONCE)
        for event in events:
            if event["id"] != self._state.last + 1 and self._is_fresh(event):
                return False  # the hole before it may still be filled
            self._handle(event)
        return len(events) == AT_ONCE

    def _handle(self, event: Event) -> None:
        change = self._wanted_change(event)
        if change is None:
            self._state.last = event["id"]
            # Of no consequence: it is written down with the next one that is.
            return
        task, status = change
        was_begun = self._state.doing == event["id"]
        self._write_state(State(self._state.last, event["id"]))
        mark = self._mark(event)
        if not (was_begun and self._is_done(event, task, mark)):
            self._site.set_session_uuid(mark)
            self._site.update("Task", task, {"sg_status_list": status})
            print(f"event {event['id']}: Task {task} is {status}", flush=True)
        self._write_state(State(event["id"]))

    def _wanted_change(self, event: Event) -> tuple[int, str] | None:
        """The Task and its new status; None when the event is none of ours."""
        if (event["event_type"], event["attribute_name"]) != ("Shotgun_Version_Change", "sg_status_list"):
            return None
        meta = event["meta"] or {}
        status = self._statuses.get(meta.get("new_value"))
        if status is None:
            return None
        version = self._site.find_one("Version", [["id", "is", meta["entity_id"]]], ["sg_task"])
        task = version and version["sg_task"]
        return (task["id"], status) if task else None

    def _mark(self, event: Event) -> str:
        """The same for the same event, after a restart too."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._site.base_url}/event/{event['id']}"))

    def _is_done(self, event: Event, task: int, mark: str) -> bool:
        filters = [
            ["id", "greater_than", event["id"]],
            ["event_type", "is", "Shotgun_Task_Change"],
            ["entity", "is", {"type": "Task", "id": task}],
        ]
        return any(each["session_uuid"] == mark for each in self._site.find("EventLogEntry", filters, ["session_uuid"]))

    def _is_fresh(self, event: Event) -> bool:
        age = datetime.now(timezone.utc) - event["created_at"]
        return age.total_seconds() < self._patience_seconds

    def save(self) -> None:
        """Write down what was passed over, too."""
        self._write_state(self._state)

    def _read_state(self) -> State:
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            state = State(**told)
        except FileNotFoundError:
            newest = self._site.find_one("EventLogEntry", [], order=[{"field_name": "id", "direction": "desc"}])
            state = State(newest["id"] if newest else 0)
        except (ValueError, TypeError) as error:
            raise Failure(f"{self._path} is no state file: {error}") from error
        if not isinstance(state.last, int) or not isinstance(state.doing, int | None):
            raise Failure(f"{self._path} is no state file")
        return state

    def _write_state(self, state: State) -> None:
        """Whole or not at all, also when the machine loses power."""
        self._state = state
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("w", encoding="utf-8") as file:
            json.dump(asdict(state), file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def main() -> None:
    asked = arguments()
    daemon = Daemon(connect(), asked.state, TASK_STATUS if asked.map is None else dict(asked.map), asked.patience)
    daemon.save()
    pause = asked.interval
    while True:
        try:
            while daemon.work():
                pass
            daemon.save()
            pause = asked.interval
        except SITE_ERRORS as error:
            if asked.once:
                raise
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            print(f"{type(error).__name__}: {error}; again in {pause:g} s", file=sys.stderr, flush=True)
        if asked.once:
            return
        time.sleep(pause)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="where to remember how far it came")
    parser.add_argument("--once", action="store_true", help="handle what is there and end")
    parser.add_argument(
        "--map", action="append", type=pair, metavar="VERSION=TASK", help="status of a Version and of its Task"
    )
    parser.add_argument("--interval", type=seconds, default=2.0, help="seconds between two looks")
    parser.add_argument("--patience", type=seconds, default=20.0, help="seconds to wait at a hole in the numbers")
    return parser.parse_args()


def pair(text: str) -> tuple[str, str]:
    version, _, task = text.partition("=")
    if not version or not task:
        raise argparse.ArgumentTypeError(f"{text!r} is not like apr=fin")
    return version, task


def seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 86_400:
        raise argparse.ArgumentTypeError(f"{text} is no sensible number of seconds")
    return value


if __name__ == "__main__":
    run(main)
