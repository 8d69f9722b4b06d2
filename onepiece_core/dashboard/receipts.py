"""What deliveries left beside their packages: who sent what where; read once and kept without their lists of files."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from onepiece_core.journal import Operation

# In place of the files of each Version: how many there are of all that were delivered.
FILES = "files"
_MOST_BYTES = 256 << 20
_MOST_KEPT = 500


class Receipts:
    """Any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, dict[str, Any]] = OrderedDict()

    def find(self, operation: Operation) -> dict[str, Any]:
        """Empty while there is none, it cannot be read, or another delivery to the same place replaced it."""
        output = Path(str(operation.request.get("output") or "."))
        try:
            path = output.with_name(f"{operation.name}.receipt.json")
            found = path.stat()
            if found.st_size > _MOST_BYTES:
                return {}
            told = self._told(path, (path, found.st_mtime_ns, found.st_size))
        except (OSError, ValueError, RecursionError):
            return {}
        return told if told.get("operation") == operation.id else {}

    def _told(self, path: Path, key: object) -> dict[str, Any]:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        told = _lean(json.loads(path.read_bytes()))
        with self._lock:
            self._kept[key] = told
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return told


def _lean(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        return {}
    versions = [each for each in told.get("versions") or () if isinstance(each, dict)]
    delivered = set(map(str, told.get("delivered") or ()))
    counts = [len(each.get("files") or ()) for each in versions if str(each.get("code")) in delivered]
    lean = [{name: value for name, value in each.items() if name != "files"} for each in versions]
    return {**told, "versions": lean, FILES: sum(counts)}
