"""What only Nuke can have wrong."""

from __future__ import annotations

from collections.abc import Iterator

from onepiece_hosts.host import Problem
from onepiece_hosts.nuke.knobs import evaluated, find
from onepiece_hosts.nuke.outputs import is_enabled, writers


def iter_problems() -> Iterator[Problem | None]:
    """Write nodes that are disabled, or write nowhere."""
    for node in writers():
        yield None
        if not is_enabled(node):
            yield Problem("disabled_write", node.fullName(), node.name())
        if not evaluated(find(node, "file")):
            yield Problem("missing_write_path", node.fullName(), node.name())
