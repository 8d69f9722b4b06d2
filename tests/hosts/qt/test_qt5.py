"""The same panels in Qt 5, as Nuke 15 and Maya 2024 have it: Debian's PySide2 and the rest as in the other tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_DEBIAN = Path("/usr/lib/python3/dist-packages")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Only Qt comes from the system's Python; a studio of its own, if one is needed."""
    for name in ("PySide2", "shiboken2"):
        if (_DEBIAN / name).is_dir():
            (tmp_path / name).symlink_to(_DEBIAN / name)
    foreign = ("PYTEST_", "QT_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    more = {"QT_PREFERRED_BINDING": "PySide2", "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(tmp_path)}
    return {**kept, **more}


def test_the_panels_do_the_same_in_qt_5(environ: dict[str, str]):
    binding = "from Qt import QtWidgets, QtTest, __binding__; print(__binding__)"
    found = subprocess.run([sys.executable, "-c", binding], env=environ, capture_output=True, text=True, check=False)
    if found.stdout.strip() != "PySide2":
        pytest.skip(f"python3-pyside2 is not here, or is for another Python: {found.stderr[-200:]}")
    here = Path(__file__)
    files = sorted(str(path.relative_to(ROOT)) for path in here.parent.glob("test_*.py") if path != here)
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:randomly", *files]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
