"""Blender itself, in background: the contract runs in its process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "in_blender"


def in_blender(module: str, *options: str) -> subprocess.CompletedProcess[str]:
    """pytest over one module, inside ``blender --background``."""
    blender = shutil.which("blender")
    if blender is None:
        pytest.skip("blender is not installed")
    arguments = [str(ROOT), sysconfig.get_paths()["purelib"], str(HERE / module), "-rA", "-q", *options]
    return subprocess.run(
        [blender, "--background", "--factory-startup", "--python", str(HERE / "run.py"), "--", *arguments],
        env={**os.environ, "LIBGL_ALWAYS_SOFTWARE": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_blender_keeps_the_contract() -> None:
    told = in_blender("contract.py")
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]
    assert told.stdout.count("PASSED") >= 30
    assert "SKIPPED" not in told.stdout
