"""Servers that list as AWS does, as SeaweedFS does, or as nobody does: keys in memory, behind the port of listings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from onepiece_core.storage.s3.listing import Listed, Page

OLD = "2024-01-01T00:00:00Z"


def by_bytes(key: str) -> object:
    return key.encode()


def by_folders(key: str) -> object:
    return [part.encode() for part in key.split("/")]


def backwards(key: str) -> object:
    return [-byte for byte in key.encode()] + [1]


@dataclass
class ListedKeys:
    """One bucket. Pages are small, so that a few keys make many of them.

    ``asked`` has the ``start_after`` of each page that began a range.
    """

    sizes: Mapping[str, int]
    order: Callable[[str], object] = by_bytes
    server: str = ""
    page_size: int = 3
    is_aws: bool = False
    asked: list[str] = field(default_factory=list)

    def list_page(self, prefix: str, *, start_after: str = "", token: str | None = None, size: int = 1000) -> Page:
        if token is None:
            self.asked.append(start_after)
        last = token if token is not None else start_after
        keys = sorted((key for key in self.sizes if key.startswith(prefix)), key=self.order)
        if last:
            keys = [key for key in keys if self.order(key) > self.order(last)]
        count = min(size, self.page_size)
        rows = [Listed(key, self.sizes[key], f"etag-{key}", OLD) for key in keys[:count]]
        return Page(rows, rows[-1].key if len(keys) > count else None, self.server, None)
