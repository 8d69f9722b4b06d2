"""Which of the three systems this is, as settings name them."""

from __future__ import annotations

import sys
from typing import Literal


def this_system() -> Literal["linux", "macos", "windows"]:
    """The system this process runs on."""
    return "windows" if sys.platform == "win32" else "macos" if sys.platform == "darwin" else "linux"
