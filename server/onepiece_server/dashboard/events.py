"""What changes on the board, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from onepiece_core.dashboard.board import Board
from onepiece_core.dashboard.model import BoardEvent
from onepiece_server.broadcast import SSE_HEADERS, Broadcast
from onepiece_server.dashboard.asked import Reads, Seq
from onepiece_server.parts import Parts

BoardBroadcast = Broadcast[BoardEvent, BoardEvent]


def board_broadcast(board: Board) -> BoardBroadcast:
    return Broadcast(board.follow, name="board events")


def add_events(router: APIRouter, parts: Parts, broadcast: BoardBroadcast) -> None:
    keep_alive_seconds = parts.settings.render.sse_keepalive_interval

    @router.get(
        "/events",
        response_class=StreamingResponse,
        responses={200: {"description": "Server-sent events, without end.", "content": {"text/event-stream": {}}}},
    )
    async def events(_: Reads, request: Request, last_event_id: Seq = None) -> StreamingResponse:
        """Each has a number as its id and a BoardEvent as its data; Last-Event-ID goes on after one."""
        may_read = parts.door.watch(request, "dashboard:read")

        async def lines() -> AsyncIterator[str]:
            # At once, so that who asks knows that it is connected.
            yield ": here\n\n"
            async for event in broadcast.listen(last_event_id, keep_alive_seconds):
                if not may_read():
                    return
                yield _line(event)

        return StreamingResponse(lines(), media_type="text/event-stream", headers=SSE_HEADERS)


def _line(event: BoardEvent | None) -> str:
    if event is None:
        return ": here\n\n"
    return f"id: {event.seq}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
