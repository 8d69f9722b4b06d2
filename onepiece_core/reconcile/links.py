"""File links as the site shows them, and as it takes them."""

from __future__ import annotations

from onepiece_core.tracker.tracker import Entity


def link_of(value: Entity | None) -> Entity | None:
    """A file link as it is written, from what the site shows."""
    if not value:
        return None
    if value.get("relative_path") and value.get("local_storage"):
        storage = {"type": "LocalStorage", "id": value["local_storage"]["id"]}
        return {"relative_path": value["relative_path"], "local_storage": storage}
    return {"url": value.get("url"), "name": value.get("name")}
