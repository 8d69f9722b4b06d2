"""work_schedule_read and work_schedule_update: which days are worked."""

from __future__ import annotations

from onepiece_server.sandbox.shotgrid.method import Method

METHODS: dict[str, Method] = {}
