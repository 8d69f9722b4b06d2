"""The tracker in memory keeps the contract, so what is tested with it holds."""

from __future__ import annotations

import pytest

from onepiece_core.testing.memory_tracker import MemoryTracker
from onepiece_core.testing.tracker_contract import TrackerContract
from onepiece_core.tracker.tracker import Tracker


class TestMemoryTracker(TrackerContract):
    @pytest.fixture
    def tracker(self) -> Tracker:
        return MemoryTracker()
