"""follow, unfollow, followers, following."""

from __future__ import annotations

from onepiece_server.sandbox.shotgrid.method import Method

METHODS: dict[str, Method] = {}
