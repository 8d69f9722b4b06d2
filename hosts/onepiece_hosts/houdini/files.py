"""Every file that a Houdini scene uses, as its parameters name them."""

from __future__ import annotations

from collections.abc import Iterator

import hou

from onepiece_hosts.host import UsedFile
from onepiece_hosts.houdini.nodes import written
from onepiece_hosts.houdini.outputs import writing
from onepiece_hosts.houdini.paths import is_outside, resolved
from onepiece_hosts.patterns import exists, kind_of

_EVERY = 32  # references between two breaths


def iter_files() -> Iterator[UsedFile | None]:
    """Each parameter with a file, each asset's library; None now and then. What is written is no file that is used."""
    made = {parm.path() for _, parm in writing()}
    yield None
    seen: set[tuple[str, str]] = set()
    for number, (parm, told) in enumerate(hou.fileReferences()):
        if number % _EVERY == 0:
            yield None
        # Libraries of assets belong to no parameter, whatever the stub says.
        node = parm.path() if parm else ""
        if node in made or not is_outside(told):
            continue
        raw = written(parm) if parm else told
        if not is_outside(raw):
            continue
        # An expression in backticks: only Houdini can tell what it makes.
        owner = parm.node().name() if parm else ""
        path = resolved(parm.evalAsString() if parm and "`" in raw else raw, owner)
        if (node, path) in seen:
            continue
        seen.add((node, path))
        yield UsedFile(path, raw, kind_of(path), node or path, owner or path.rpartition("/")[2], not exists(path))
