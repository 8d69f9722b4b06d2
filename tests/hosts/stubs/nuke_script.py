"""The script of the small Nuke, and the .nk files it writes and reads."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.hosts.stubs.fakes_nuke import Nuke

_ROOT: dict[str, Any] = {
    "name": "",
    "project_directory": "",
    "frame": 1,
    "first_frame": 1,
    "last_frame": 100,
    "lock_range": False,
    "fps": 24.0,
    "format": "2K_Super_35(full-ap)",
    "colorManagement": "Nuke",
    "OCIO_config": "nuke-default",
    "customOCIOConfigPath": "",
    "workingSpaceLUT": "linear",
}
_KNOBS: dict[str, dict[str, Any]] = {
    "Read": {"file": "", "proxy": "", "first": 1, "last": 1, "disable": False},
    "Write": {"file": "", "proxy": "", "use_limit": False, "first": 1, "last": 1, "disable": False},
    "OCIOFileTransform": {"file": "", "disable": False},
    "Camera3": {"file": "", "disable": False},
    "Blur": {"size": 0.0, "disable": False},
    "Group": {"disable": False},
}
_FILES = ("file", "proxy", "project_directory", "customOCIOConfigPath")
_DIRECTORY = "[python {nuke.script_directory()}]"
_KNOB = re.compile(r"^ (\w+) (.*)$")


@dataclass
class Form:
    width: int
    height: int
    name: str
    aspect: float = 1.0

    @classmethod
    def told(cls, told: str) -> Form:
        """``width height x y r t aspect name``, as a script has it."""
        parts = told.split()
        return cls(int(parts[0]), int(parts[1]), parts[7], float(parts[6]))

    def __str__(self) -> str:
        return f"{self.width} {self.height} 0 0 {self.width} {self.height} {self.aspect:g} {self.name}"


@dataclass
class ScriptNode:
    kind: str
    name: str
    values: dict[str, Any] = field(default_factory=dict)
    group: ScriptNode | None = None
    is_selected: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.group.full_name}.{self.name}" if self.group else self.name

    def knob_class(self, name: str) -> str:
        if name in _FILES or (self.kind == "Root" and name == "name"):
            return "File_Knob"
        if name == "format":
            return "Format_Knob"
        kinds = {bool: "Boolean_Knob", int: "Array_Knob", float: "Array_Knob", str: "Enumeration_Knob"}
        return kinds[type(self.values[name])]


class Script:
    """Nodes in the order of the file."""

    def __init__(self, nuke: Nuke) -> None:
        self._nuke = nuke
        self.root = ScriptNode("Root", "Root", dict(_ROOT))
        self.nodes: list[ScriptNode] = []
        self.form = nuke.formats[0]
        self.is_modified = False

    def add(self, kind: str, name: str, group: ScriptNode | None = None, **values: Any) -> ScriptNode:
        """A node as an artist would make it."""
        self.nodes.append(ScriptNode(kind, name, {**_KNOBS[kind], **values}, group))
        self.is_modified = True
        return self.nodes[-1]

    def evaluated(self, value: str) -> str:
        return value.replace(_DIRECTORY, os.path.dirname(self.root.values["name"]))

    def write(self, path: str) -> None:
        lines = ["#! Nuke16.0v4 -nx", "version 16.0 v4", *self._block(self.root, "", {"name": path})]
        for node in self.nodes:
            if node.group is None:
                lines += self._lines(node)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.root.values["name"], self.is_modified = path, False

    def _lines(self, node: ScriptNode, indent: str = "") -> list[str]:
        lines = self._block(node, indent, {"name": node.name})
        if node.kind == "Group":
            for inner in self.nodes:
                if inner.group is node:
                    lines += self._lines(inner, indent + " ")
            lines.append(f"{indent}end_group")
        return lines

    def _block(self, node: ScriptNode, indent: str, more: dict[str, Any]) -> list[str]:
        values = {**node.values, **more}
        if node.kind == "Root":
            values["format"] = f'"{self.form}"'
        lines = [f"{indent}{node.kind} {{", f"{indent} inputs 0"]
        for name, value in values.items():
            told = (
                str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value
            )
            if told != "":
                lines.append(f"{indent} {name} {_quoted(told) if name in _FILES or name == 'name' else told}")
        return [*lines, f"{indent}}}"]

    @classmethod
    def read(cls, nuke: Nuke, path: str) -> Script:
        """Raises RuntimeError for what is no script, as Nuke does."""
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise RuntimeError(f"{path}: {error}") from error
        if not any(line.startswith("version ") for line in lines[:3]):
            raise RuntimeError(f"{path}: is for no Nuke version")
        script = cls(nuke)
        groups: list[ScriptNode] = []
        node: ScriptNode | None = None
        for raw in lines:
            line = raw[len(groups) :] if raw.startswith(" " * len(groups)) else raw
            if line.endswith(" {"):
                kind = line[:-2]
                node = script.root if kind == "Root" else script.add(kind, "", groups[-1] if groups else None)
            elif line == "}":
                if node and node.kind == "Group":
                    groups.append(node)
                node = None
            elif raw.strip() == "end_group":
                groups.pop()
            elif node and (match := _KNOB.match(line)):
                script._take(node, match[1], match[2])
        script.root.values["name"], script.is_modified = path, False
        return script

    def _take(self, node: ScriptNode, name: str, told: str) -> None:
        value = _plain(told)
        if name == "name" and node is not self.root:
            node.name = value
        elif name == "format":
            self._nuke.formats.append(Form.told(value))
            self.form = self._nuke.formats[-1]
            node.values[name] = self.form.name
        elif name in node.values:
            kind = type(node.values[name])
            node.values[name] = value == "true" if kind is bool else kind(value)


def _quoted(text: str) -> str:
    """As TCL writes one word."""
    if not re.search(r'[\s"{}\[\]$\\;]', text):
        return text
    return '"' + re.sub(r'(["\\\[\]$])', r"\\\1", text) + '"'


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] == '"' else text
