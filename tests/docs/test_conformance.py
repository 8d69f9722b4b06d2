"""The conformance page says what the tests say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_conformance_page_is_what_the_tests_make() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.conformance"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
