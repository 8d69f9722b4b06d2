"""The settings name a tracker, or none, and how patient we are with it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from onepiece_core.config.models import ShotgridSettings, TrackerSettings
from onepiece_core.errors import TrackerNotConfigured
from onepiece_core.tracker.opening import open_tracker
from onepiece_core.tracker.retry import RetryPolicy


def test_no_settings_are_no_tracker() -> None:
    assert open_tracker(ShotgridSettings(), TrackerSettings()) is None


@pytest.mark.parametrize(
    "site",
    [
        ShotgridSettings(url="https://studio.example"),
        ShotgridSettings(url="https://studio.example", script="onepiece"),
        ShotgridSettings(script="onepiece", key=SecretStr("k")),
    ],
)
def test_half_of_them_is_an_error(site: ShotgridSettings) -> None:
    with pytest.raises(TrackerNotConfigured):
        open_tracker(site, TrackerSettings())


def test_all_of_them_are_a_tracker_that_asks_nobody_yet() -> None:
    site = ShotgridSettings(url="https://studio.example/", script="onepiece", key=SecretStr("k"))
    tracker = open_tracker(site, TrackerSettings())
    assert tracker is not None
    assert tracker.url == "https://studio.example"


def test_pauses_double_are_drawn_in_full_and_end_at_a_cap() -> None:
    policy = RetryPolicy(first_pause_seconds=0.5, longest_pause_seconds=3)
    longest = [policy.pause_seconds(attempt, None, lambda: 1.0) for attempt in range(1, 6)]
    assert longest == [0.5, 1.0, 2.0, 3, 3]
    assert policy.pause_seconds(3, None, lambda: 0.0) == 0
    assert policy.pause_seconds(1, 20.0, lambda: 1.0) == 20
