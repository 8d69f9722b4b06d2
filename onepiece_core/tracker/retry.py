"""When a call is tried again: exponential back-off with full jitter, Retry-After, a bound, and a circuit breaker.

Every retry writes one log line, ``tracker.retry``: what happened and when the next attempt fires.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from onepiece_core.errors import TrackerUnavailable
from onepiece_core.log import get_logger

T = TypeVar("T")
log = get_logger(__name__)


class Clock(Protocol):
    """Wall-clock time and sleep; tests bring their own."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long a call is tried.

    Attributes:
        attempts: tries altogether, for a site that answers or that is slow to.
        refused_attempts: tries altogether while nobody listens there.
        first_pause_seconds: the longest first pause; it doubles from there. The pause is drawn between 0 and it.
        longest_pause_seconds: no drawn pause is longer; a Retry-After is followed up to the budget.
        budget_seconds: no further attempt begins later than this after the first.
        cool_down_seconds: for how long nobody is asked after a call has failed for good.
    """

    attempts: int = 6
    refused_attempts: int = 3
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 8.0
    budget_seconds: float = 30.0
    cool_down_seconds: float = 5.0

    def pause_seconds(self, attempt: int, retry_after: float | None, draw: Callable[[], float]) -> float:
        """How long to wait after try number ``attempt``; ``draw`` gives a number between 0 and 1."""
        longest: float = min(self.longest_pause_seconds, self.first_pause_seconds * 2 ** (attempt - 1))
        return max(draw() * longest, retry_after or 0.0)


class Breaker:
    """Stops asking a site that has just failed for good; then lets single tries through until one succeeds."""

    def __init__(self, clock: Clock, cool_down_seconds: float) -> None:
        self._clock, self._cool_down = clock, cool_down_seconds
        self._lock = threading.Lock()
        self._error: TrackerUnavailable | None = None
        self._closed_until = 0.0

    def check(self) -> bool:
        """False when only a single try is allowed. Raises what happened last while nobody is to be asked."""
        with self._lock:
            # A clock that was set back must not keep the breaker open for hours.
            left = min(self._closed_until - self._clock.now(), self._cool_down)
            if self._error is not None and left > 0:
                report = self._error.report
                told = {**report.context, "asked_again_in_seconds": round(left, 1)}
                raise TrackerUnavailable(report.message, hint=report.hint, **told) from self._error
            return self._error is None

    def failed(self, error: TrackerUnavailable) -> None:
        with self._lock:
            self._error, self._closed_until = error, self._clock.now() + self._cool_down

    def succeeded(self) -> None:
        with self._lock:
            self._error = None


class Retrier:
    """Runs calls to one site by a policy. Any thread may use it."""

    def __init__(
        self, policy: RetryPolicy, clock: Clock, *, site: str, draw: Callable[[], float] = random.random
    ) -> None:
        self._policy, self._clock, self._site, self._draw = policy, clock, site, draw
        self._breaker = Breaker(clock, policy.cool_down_seconds)

    def call(self, what: str, action: Callable[[], T]) -> T:
        """``action()``, again after each TrackerUnavailable.

        Raises:
            TrackerUnavailable: the last one.
        """
        many = self._breaker.check()
        began, attempt = self._clock.now(), 0
        while True:
            attempt += 1
            try:
                result = action()
            except TrackerUnavailable as error:
                pause = self._pause(error, attempt, self._clock.now() - began) if many else None
                if pause is None:
                    self._breaker.failed(error)
                    raise
                self._tell(what, error, attempt, pause)
                self._clock.sleep(pause)
            else:
                self._breaker.succeeded()
                return result

    def _pause(self, error: TrackerUnavailable, attempt: int, elapsed: float) -> float | None:
        policy = self._policy
        refused = error.report.context.get("happened") == "refused"
        if attempt >= (policy.refused_attempts if refused else policy.attempts):
            return None
        pause = policy.pause_seconds(attempt, error.report.context.get("retry_after_seconds"), self._draw)
        return pause if elapsed + pause < policy.budget_seconds else None

    def _tell(self, what: str, error: TrackerUnavailable, attempt: int, pause: float) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock.now() + pause))
        log.warning(
            "tracker.retry",
            site=self._site,
            call=what,
            happened=error.report.message,
            attempt=attempt,
            next_attempt_at=at,
            next_attempt_in_seconds=round(pause, 2),
        )
