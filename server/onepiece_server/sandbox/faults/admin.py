"""What only the owner of a studio may ask of its servers: the plan of faults and the journal of calls.

``Authorization: Bearer <the script user's key>`` opens it; without one nothing is told.

=======  ==================================  ==============================================
GET      ``/sandbox/faults``                 the plan and what its rules have counted
PUT      ``/sandbox/faults``                 another plan
DELETE   ``/sandbox/faults``                 no faults any more
GET      ``/sandbox/calls?since=N&limit=M``  the calls after number N
=======  ==================================  ==============================================
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from onepiece_server.sandbox.faults.calls import Journal
from onepiece_server.sandbox.faults.deciding import Decider
from onepiece_server.sandbox.faults.paths import CALLS, FAULTS
from onepiece_server.sandbox.faults.plan import NO_FAULTS, PlanInvalid, parsed_plan

MAX_PLAN_BYTES = 1024 * 1024
_MAX_CALLS = 5000
_BEARER = "bearer "


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: str
    authorization: str
    body: bytes


@dataclass(frozen=True)
class Admin:
    """Attributes:

    is_key: whether a text is the key; compares in constant time.
    changed: told when another plan stands.
    journal: None where no calls are kept.
    """

    decider: Decider
    is_key: Callable[[str], Awaitable[bool]]
    changed: Callable[[], None]
    journal: Journal | None = None

    async def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        """HTTP status and JSON."""
        if not await self._may(asked.authorization):
            return 401, {"errors": ["the key is missing or wrong"]}
        if asked.path == FAULTS:
            return self._faults(asked)
        if asked.path == CALLS and self.journal is not None:
            return self._calls(self.journal, asked)
        return 404, {"errors": ["there is nothing here"]}

    async def _may(self, authorization: str) -> bool:
        if not authorization.lower().startswith(_BEARER):
            return False
        return await self.is_key(authorization[len(_BEARER) :].strip())

    def _faults(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        if asked.method not in ("GET", "PUT", "DELETE"):
            return 405, {"errors": ["a plan can be read (GET), set (PUT) and removed (DELETE)"]}
        if asked.method != "GET":
            try:
                self.decider.replace(parsed_plan(asked.body) if asked.method == "PUT" else NO_FAULTS)
            except PlanInvalid as error:
                return 400, {"errors": error.problems}
            self.changed()
        return 200, self.decider.report()

    def _calls(self, journal: Journal, asked: Asked) -> tuple[int, dict[str, Any]]:
        if asked.method != "GET":
            return 405, {"errors": ["calls can only be read (GET)"]}
        numbers = {}
        for name, default in (("since", 0), ("limit", 1000)):
            text = parse_qs(asked.query).get(name, [str(default)])[-1]
            if not text.isascii() or not text.isdigit() or len(text) > 15:
                return 400, {"errors": [f"{name}: not a number from 0: {text[:40]!r}"]}
            numbers[name] = int(text)
        return 200, journal.since(numbers["since"], min(numbers["limit"], _MAX_CALLS))
