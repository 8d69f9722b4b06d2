"""What both machines have in common: a site that fails as the machine wants, and the clients that live with it."""

from __future__ import annotations

import sys
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.proof.world import FAULTS, KILL, Trouble, World

# Calls that change nothing by themselves.
ASIDE = ("info", "read", "schema_field_read", "api_get_upload_link_info", "PUT")


class TroubledMachine(RuleBasedStateMachine):
    """Attributes:

    endings: how operations ended, for the report.
    armed: the trouble that waits for the next operation.
    tracker: a patient client; ``hasty``: one that does not wait long, for an operation with trouble.
    """

    def __init__(self, world: World, endings: Counter[str]) -> None:
        super().__init__()
        self.world, self.endings = world, endings
        self.armed: tuple[Trouble, ...] = ()
        self.tracker, self.hasty = world.tracker(), world.tracker(hasty=True)

    def teardown(self) -> None:
        # A run that has failed already says why; it is in no state to be looked at.
        if sys.exc_info()[0] is None:
            self.finish()

    def finish(self) -> None:
        """At the end of a run."""

    # Trouble, and who lives through it

    @rule(kind=st.sampled_from(FAULTS), method=st.sampled_from(ASIDE), nth=st.integers(1, 4))
    def a_call_aside_goes_wrong(self, kind: str, method: str, nth: int) -> None:
        self.armed = (*self.armed[-2:], Trouble(kind, (method,), nth))

    @rule(kind=st.sampled_from(FAULTS), every=st.integers(2, 5))
    def many_calls_go_wrong(self, kind: str, every: int) -> None:
        self.armed = (Trouble(kind, nth=every, again=True),)

    @rule(milliseconds=st.integers(0, 8))
    def the_site_dies_in_the_next_call(self, milliseconds: int) -> None:
        self.armed = (Trouble(KILL, nth=milliseconds),)

    @rule()
    def the_site_dies_and_comes_back(self) -> None:
        self.world.restart()

    @rule()
    def the_client_starts_again(self) -> None:
        self.tracker, self.hasty = self.world.tracker(), self.world.tracker(hasty=True)

    def _take_armed(self) -> tuple[Trouble, ...]:
        troubles, self.armed = self.armed, ()
        return troubles

    def _ended(self, what: str, how: str, troubles: tuple[Trouble, ...]) -> None:
        kinds = "+".join(sorted({each.kind for each in troubles})) or "no fault"
        self.endings[f"{kinds}: {what} {how}"] += 1
