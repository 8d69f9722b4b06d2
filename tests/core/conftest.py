"""What the core's tests share."""

from __future__ import annotations

from tests.support.weed import weed

__all__ = ["weed"]
