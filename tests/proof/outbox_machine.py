"""A machine that registers packages through the outbox: each is there once, whatever has died on the way."""

from __future__ import annotations

import time
from collections import Counter

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.proof.draws import PICKS, picked
from tests.proof.registering import DEATHS, Registration, Registrations
from tests.proof.troubled import TroubledMachine
from tests.proof.world import FAULTS, WRITING, Trouble, World

MOST_REGISTRATIONS = 3
# The faults after which nobody can know: these are what the outbox is for.
UNANSWERED = ("drop_request", "drop_reply", "commit_late")
# The writes of one registration: its Version, types, files, links, thumbnail, movie.
NTH_WRITE = st.integers(1, 6)


class OutboxMachine(TroubledMachine):
    """Attributes:

    death: where the next process to drain dies, and at which passing.
    """

    def __init__(self, world: World, endings: Counter[str]) -> None:
        super().__init__(world, endings)
        self.registrations = Registrations(world)
        self.death: tuple[str, int] | None = None

    def finish(self) -> None:
        """Whatever has happened: recover what is left, and each registration is there once."""
        self.armed, self.death = (), None
        for one in self.registrations.all:
            if not one.is_done:
                self._drain(one, wait=True)
        self.world.site.settle()
        self.registrations.check_whole()

    @rule(wait=st.booleans())
    def publish(self, wait: bool) -> None:
        if len(self.registrations.all) < MOST_REGISTRATIONS:
            self._drain(self.registrations.new(), wait=wait)

    @rule(kind=st.sampled_from(FAULTS), nth=NTH_WRITE, wait=st.booleans())
    def publish_while_a_write_goes_wrong(self, kind: str, nth: int, wait: bool) -> None:
        self.armed = (Trouble(kind, WRITING, nth),)
        self.publish(wait)

    @rule(kind=st.sampled_from(UNANSWERED), nth=NTH_WRITE)
    def die_in_a_write_that_goes_wrong(self, kind: str, nth: int) -> None:
        """Its request is on its way, and nobody is there for the answer."""
        self.armed, self.death = (Trouble(kind, WRITING, nth),), ("any write", nth)
        self.publish(wait=False)

    @rule(moment=st.sampled_from(DEATHS), nth=st.integers(1, 4))
    def the_next_process_dies(self, moment: str, nth: int) -> None:
        self.death = moment, nth

    @rule(pick=PICKS)
    def recover(self, pick: int) -> None:
        one = picked(self.registrations.all, pick)
        if one is not None:
            self._drain(one, wait=True)

    @rule(pick=PICKS)
    def publish_again(self, pick: int) -> None:
        """The same command line, without the patience of a recover."""
        one = picked(self.registrations.all, pick)
        if one is not None:
            self._drain(one, wait=False)

    @rule(pick=PICKS)
    def another_machine_adopts(self, pick: int) -> None:
        """The journal is lost: it does not know what the first machine has sent."""
        one = picked(self.registrations.all, pick)
        if one is not None:
            self.registrations.open_journal(one, sent_until=time.time())
            one.is_done = False
            self._drain(one, wait=True)

    def _drain(self, one: Registration, *, wait: bool) -> None:
        troubles = self._take_armed()
        death, self.death = self.death, None
        with self.world.trouble(troubles):
            outcome = one.drain(self.hasty if troubles else self.tracker, wait=wait, death=death)
        if outcome is None:
            ending = f"died at {death and death[0]}"
        elif outcome.done:
            ending = "done"
        else:
            assert not outcome.failed or "error" in {each.kind for each in troubles}, outcome
            # What an earlier process sent may still be on its way, and this one does not wait for it.
            is_unsettled = outcome.reason is not None and outcome.reason.code == "tracker.unanswered"
            assert troubles or (is_unsettled and not wait), outcome
            ending = "left"
        one.is_done = outcome is not None and outcome.done
        note(f"    {ending}")
        self._ended("registration", ending, troubles)
        self.registrations.check()
