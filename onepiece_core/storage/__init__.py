"""Where files live: S3 and folders behind one Store protocol, and the places the studio keeps things in."""

from __future__ import annotations

from onepiece_core.storage.opening import open_store
from onepiece_core.storage.store import ALWAYS, IF_ABSENT, Condition, ObjectInfo, Store

__all__ = ["ALWAYS", "IF_ABSENT", "Condition", "ObjectInfo", "Store", "open_store"]
