"""How each fault of the plan is done to a call of the site."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Scope, Send

from onepiece_server.sandbox.faults.calls import CallRecord, Journal
from onepiece_server.sandbox.faults.cutting import cut
from onepiece_server.sandbox.faults.incoming import Incoming, Kept
from onepiece_server.sandbox.faults.plan import UPLOADS, Rule
from onepiece_server.sandbox.shotgrid.faults import CRUD, Fault

_STATUS = {"too_many": 429, "unavailable": 503}
_TEXT = {429: "Too Many Requests", 503: "Service Unavailable"}
_MESSAGE = "API call failed: a planned fault of the sandbox."


class Outgoing:
    """An ASGI ``send`` that takes notes; without a client it sends nothing."""

    def __init__(self, send: Send | None, record: CallRecord) -> None:
        self._send, self._record = send, record

    async def __call__(self, message: Message) -> None:
        if self._send is None:
            return
        if message["type"] == "http.response.start":
            self._record.status = message["status"]
        elif message["type"] == "http.response.body":
            self._record.bytes_out += len(message.get("body", b""))
        await self._send(message)


@dataclass
class Passing:
    """One call on its way to the application.

    Attributes:
        goes_on: also when its connection is over; then it is written down at its end.
    """

    scope: Scope
    incoming: Incoming
    outgoing: Outgoing
    record: CallRecord
    arrived: float = field(default_factory=time.monotonic)
    goes_on: bool = False


class Spoiler:
    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self._app, self._journal = app, journal
        self._later: set[asyncio.Task[None]] = set()

    async def spoil(self, rule: Rule, passing: Passing) -> None:
        """Do what the rule says to the call."""
        try:
            if rule.fault in ("slow", "commit_late"):
                await self._later_than_now(rule, passing)
                return
            if rule.fault == "hang":
                await _hold(passing, rule.seconds)
            elif rule.fault == "drop_reply":
                await self._app(passing.scope, passing.incoming, Outgoing(None, passing.record))
            if rule.fault in ("hang", "drop_reply", "drop_request"):
                await _cut(passing, rule)
            else:
                await passing.incoming.drain()
                await _refusal(rule, passing)(passing.scope, passing.incoming, passing.outgoing)
        except asyncio.CancelledError:
            cut(passing.scope)  # the site stops: nobody waits for the end of a planned fault
            await asyncio.sleep(0)

    async def _later_than_now(self, rule: Rule, passing: Passing) -> None:
        body = await passing.incoming.kept()
        if body is None:
            return  # the client left before it had said everything
        due = passing.arrived + (rule.seconds or 0)
        if rule.fault == "slow":
            await self._carry_out(passing, body, passing.outgoing, due)
            return
        passing.goes_on = True
        task = asyncio.create_task(self._carry_out(passing, body, Outgoing(None, passing.record), due))
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        await _hold(passing, due - time.monotonic())
        await _cut(passing, rule)

    async def _carry_out(self, passing: Passing, body: Kept, outgoing: Outgoing, due: float) -> None:
        try:
            await asyncio.sleep(due - time.monotonic())
            await self._app(passing.scope, body, outgoing)
        finally:
            body.close()
            if passing.goes_on:
                self._journal.end(passing.record)


async def _hold(passing: Passing, seconds: float | None) -> None:
    """Leave the client without an answer, until it goes or the time is over."""
    try:
        await asyncio.wait_for(passing.incoming.gone(), seconds)
    except TimeoutError:
        return


async def _cut(passing: Passing, rule: Rule) -> None:
    cut(passing.scope, rule.cut)
    await passing.incoming.gone()


def _refusal(rule: Rule, passing: Passing) -> Response:
    if rule.fault in _STATUS:
        status, seconds = _STATUS[rule.fault], rule.retry_after_seconds
        headers = {"Retry-After": str(1 if seconds is None else seconds)}
        return PlainTextResponse(_TEXT[status], status, headers)
    message = rule.message or _MESSAGE
    if passing.record.method in UPLOADS:
        return PlainTextResponse(f"0\n{message}\n")
    if passing.scope["path"].endswith("/api3/json"):
        fault = Fault(message, rule.error_code or CRUD)
        passing.record.error_code = fault.error_code
        return JSONResponse(fault.as_reply())
    # Downloads and uploads know no Faults: there the code is the HTTP status (409 and 410: a malware scan).
    code = rule.error_code or 400
    return PlainTextResponse(message, code if 400 <= code < 600 else 400)
