"""preferences_read, update_project_last_accessed_by_current_user and the user subscriptions."""

from __future__ import annotations

from onepiece_server.sandbox.shotgrid.method import Method

METHODS: dict[str, Method] = {}
