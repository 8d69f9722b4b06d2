"""What reads found out, for as long as nobody writes: how many rows there are, and where a page of them ends.

The client asks for the number of rows with every limited read, and for the pages of a long one in order.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

_SIZE = 1000


class Remembered:
    def __init__(self) -> None:
        self._version = -1
        self._values: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    def find(self, version: int, key: Hashable) -> Any:
        """The value put with the same version of the data, else None."""
        with self._lock:
            return self._values.get(key) if version == self._version else None

    def put(self, version: int, key: Hashable, value: Any) -> None:
        with self._lock:
            if version != self._version or len(self._values) >= _SIZE:
                self._values.clear()
                self._version = version
            self._values[key] = value


@dataclass(frozen=True)
class Known:
    """What is remembered of one version of the data."""

    remembered: Remembered
    version: int

    def find(self, key: Hashable) -> Any:
        return self.remembered.find(self.version, key)

    def put(self, key: Hashable, value: Any) -> None:
        self.remembered.put(self.version, key, value)
