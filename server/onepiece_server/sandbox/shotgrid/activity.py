"""activity_stream: what happened to a row and to what hangs on it, newest first."""

from __future__ import annotations

from onepiece_server.sandbox.shotgrid.method import Method

METHODS: dict[str, Method] = {}
