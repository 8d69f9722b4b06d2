"""The tracker and its outbox do what their model says, whatever the site does. The long form is in make torture."""

from __future__ import annotations

from pathlib import Path

from tests.torture.tracker_machine import run_machine


def test_the_tracker_and_its_outbox_do_what_the_model_says(tmp_path: Path) -> None:
    endings = run_machine(tmp_path, 8, seed=7, steps=16, shrinks=False)

    # The runs have met what they are for.
    assert sum(count for ending, count in endings.items() if not ending.startswith("no fault")) > 20
