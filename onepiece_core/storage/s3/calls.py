"""Calls to S3 that are written once, and made by a thread that waits or by one that serves many at a time.

A call is a generator: it yields the request it wants made, is sent the outcome, and returns what came of it. Only a
thread that may wait sends it an outcome that is no success.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from onepiece_core.storage.s3.pool import First, Outcome, Pool, Request

Answer = TypeVar("Answer")
Call = Generator[Request, Outcome, Answer]


def run_call(pool: Pool, call: Call[Answer]) -> Answer:
    """Make all its requests, waiting for each."""
    try:
        request = next(call)
    except StopIteration as done:
        return _answer(done)
    return go_on(pool, call, request)


def go_on(pool: Pool, call: Call[Answer], request: Request, first: First | None = None) -> Answer:
    """The rest of a call that waits for ``request``, whose first attempt may have been made elsewhere."""
    while True:
        try:
            try:
                outcome = pool.ask(request, first)
            except BaseException as error:
                request = call.throw(error)
            else:
                request = call.send(outcome)
        except StopIteration as done:
            return _answer(done)
        first = None


def _answer(done: StopIteration) -> Answer:  # type: ignore[type-var]
    answer: Answer = done.value
    return answer
