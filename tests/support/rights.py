"""The rights of an ordinary user, also where the tests run as root."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Continuous integration is root and allows no skip.
may_mount = sys.platform == "linux" and os.geteuid() == 0
needs_mount = pytest.mark.skipif(not may_mount, reason="mounting needs Linux and root")


@contextmanager
def without_root() -> Iterator[None]:
    """Inside, this process may read and write only what everybody may."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def public_folder() -> Iterator[Path]:
    """A new folder that everybody may look into: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
