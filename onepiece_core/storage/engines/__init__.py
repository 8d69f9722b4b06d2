"""Ways to move files between this machine and a store; see :mod:`onepiece_core.storage.engine`."""

from __future__ import annotations
