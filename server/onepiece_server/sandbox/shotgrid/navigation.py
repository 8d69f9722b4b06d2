"""nav_expand and nav_search: the hierarchy of a project, level by level."""

from __future__ import annotations

from onepiece_server.sandbox.shotgrid.method import Method

METHODS: dict[str, Method] = {}
