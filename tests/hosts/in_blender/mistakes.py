"""Mistakes planted in Blender's adapter, inside Blender: it refuses each, and takes the place as it really is."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from tests.hosts.planted import BLENDER, Mistake, plant

CASES = [pytest.param(mistake, id=mistake.what) for mistake in BLENDER]


@pytest.fixture(autouse=True)
def _factory_scene() -> None:
    bpy.ops.wm.read_factory_settings()


@pytest.mark.parametrize("mistake", CASES)
def test_a_mistake_in_the_adapter_is_caught(mistake: Mistake, tmp_path: Path) -> None:
    with pytest.raises(mistake.error):
        mistake.run(plant("blender", mistake), tmp_path)


@pytest.mark.parametrize("mistake", CASES)
def test_the_place_without_its_mistake_runs(mistake: Mistake, tmp_path: Path) -> None:
    mistake.run(plant("blender", mistake, is_planted=False), tmp_path)
