"""What the Write nodes of a script write."""

from __future__ import annotations

from collections.abc import Iterator

import nuke

from onepiece_hosts.host import Output
from onepiece_hosts.nuke.files import absolute, project_folder
from onepiece_hosts.nuke.knobs import WRITERS, evaluated, every_node, find, value
from onepiece_hosts.patterns import kind_of


def iter_outputs() -> Iterator[Output]:
    """Those with a path; the others are problems."""
    folder, root = project_folder(), nuke.root()
    for node in writers():
        path = absolute(evaluated(find(node, "file")), folder)
        if not path:
            continue
        first, last = root.firstFrame(), root.lastFrame()
        if value(node, "use_limit", False):
            first, last = int(value(node, "first", first)), int(value(node, "last", last))
        kind = kind_of(path)
        kind = kind if kind in ("sequence", "movie", "cache") else "image"
        yield Output(node.fullName(), node.name(), path, kind, int(first), int(last), is_enabled(node))


def writers() -> list[nuke.Node]:
    return sorted((node for node in every_node() if node.Class() in WRITERS), key=lambda node: node.fullName())


def is_enabled(node: nuke.Node) -> bool:
    return not value(node, "disable", False)
