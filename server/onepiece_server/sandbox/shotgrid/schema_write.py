"""schema_field_create, schema_field_update and schema_field_delete: a site that people configure."""

from __future__ import annotations

from onepiece_server.sandbox.shotgrid.method import Method

METHODS: dict[str, Method] = {}
