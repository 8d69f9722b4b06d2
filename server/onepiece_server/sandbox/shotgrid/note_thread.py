"""note_thread_contents: a note with its replies and attachments."""

from __future__ import annotations

from onepiece_server.sandbox.shotgrid.method import Method

METHODS: dict[str, Method] = {}
