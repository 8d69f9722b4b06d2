"""The scene of the small Houdini, and the files it writes and reads: texts that look like a .hip inside."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import Any

_VERSION = "set -g _HIP_SAVEVERSION = '21.0.512'"
_NODE = re.compile(r"^node (\{.*\})$")

# Type -> category, and the parameters it is born with.
TYPES: dict[str, tuple[str, dict[str, Any]]] = {
    "cam": ("Object", {"resx": 1280, "resy": 720, "aspect": 1.0}),
    "geo": ("Object", {}),
    "file": ("Sop", {"file": "default.bgeo"}),
    "filecache::2.0": ("Sop", {"sopoutput": "$HIP/geo/$OS.$F4.bgeo.sc", "trange": 1, "f1": 1, "f2": 10}),
    "ifd": ("Driver", {"vm_picture": "ip", "camera": "", "trange": 1, "f1": 1, "f2": 10}),
    "geometry": ("Driver", {"sopoutput": "$HIP/out.$F4.bgeo.sc", "trange": 0, "f1": 1, "f2": 10}),
    "usd_rop": ("Lop", {"lopoutput": "$HIP/out.usd", "trange": 0, "f1": 1, "f2": 1}),
    "studio::rig::1.0": ("Object", {"skin": ""}),
}
# Parameters with a file that is read or written.
FILES = {"file", "vm_picture", "sopoutput", "lopoutput", "skin"}


@dataclass
class HipNode:
    path: str
    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    is_selected: bool = False
    is_bypassed: bool = False
    is_locked_inside: bool = False
    library: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def parent(self) -> str:
        return self.path.rpartition("/")[0] or "/"


class Hip:
    """Nodes by their paths."""

    def __init__(self) -> None:
        self.path = ""
        self.is_modified = False
        self.fps = 24.0
        self.whole = (1.0, 240.0)
        self.seen = (1.0, 240.0)
        self.nodes = {path: HipNode(path, "network") for path in ("/obj", "/out", "/stage")}

    def add(self, kind: str, path: str, **values: Any) -> HipNode:
        """A node as an artist would make it."""
        self.nodes[path] = HipNode(path, kind, {**TYPES[kind][1], **values})
        self.is_modified = True
        return self.nodes[path]

    def children(self, path: str) -> list[HipNode]:
        return [node for node in self.nodes.values() if node.parent == path]

    def expanded(self, told: str) -> str:
        folder = os.path.dirname(self.path) if self.path else os.getcwd()
        for name, value in {"HIP": folder, "F4": "0001", "F": "1", "HFS": "/opt/hfs"}.items():
            told = told.replace(f"${{{name}}}", value)
            told = re.sub(rf"\${name}(?![A-Za-z0-9_])", lambda _, value=value: value, told)
        return told

    def references(self) -> list[tuple[str | None, str]]:
        found: list[tuple[str | None, str]] = []
        for node in self.nodes.values():
            found += [(f"{node.path}/{n}", str(v)) for n, v in node.values.items() if n in FILES and v]
            if node.library:
                found.append((None, node.library))
        return found

    def write(self, path: str) -> None:
        lines = [_VERSION, f"fps {self.fps:.6f}", f"frange {self.whole[0]:g} {self.whole[1]:g}"]
        lines.append("unitlength 1\nprange " + json.dumps(self.seen))
        for node in self.nodes.values():
            lines.append("node " + json.dumps(vars(node), default=list))
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.path, self.is_modified = path, False

    @classmethod
    def read(cls, path: str) -> Hip:
        """Raises ValueError for what it did not write."""
        with open(path, "rb") as file:
            lines = file.read().decode("utf-8", "replace").splitlines()
        if _VERSION not in lines[:1]:
            raise ValueError(f"{path}: bad header")
        hip = cls()
        for line in lines:
            if match := _NODE.match(line):
                told = json.loads(match[1])
                hip.nodes[told["path"]] = HipNode(**{**told, "warnings": tuple(told["warnings"])})
            elif line.startswith("fps "):
                hip.fps = float(line[4:])
            elif line.startswith("frange "):
                first, last = map(float, line.split()[1:])
                hip.whole = (first, last)
            elif line.startswith("prange "):
                first, last = json.loads(line[7:])
                hip.seen = (first, last)
        hip.path = path
        return hip
