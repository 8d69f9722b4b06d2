"""The scene of the small Maya, and the .ma files it writes and reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_HEAD = "//Maya ASCII 2026 scene"
_NODE = re.compile(r'createNode (\w+) -n "([^"]+)"(?: -p "([^"]+)")?;')
_STRING = re.compile(r'\tsetAttr "\.(\w+)" -type "string" "((?:[^"\\]|\\.)*)";')
_NUMBER = re.compile(r'\tsetAttr "\.(\w+)" (-?[\d.]+);')
_REFERENCE = re.compile(r'file -r -ns "[^"]*" (-dr 1 )?-rfn "([^"]+)" -typ "\w+" "((?:[^"\\]|\\.)*)";')
_UNIT = re.compile(r"currentUnit -l \w+ -a \w+ -t (\S+);")
_PLAYBACK = re.compile(r"playbackOptions -min (\S+) -max (\S+) -ast (\S+) -aet (\S+)")
_SHORT = {"minTime": "min", "maxTime": "max", "animationStartTime": "ast", "animationEndTime": "aet"}
_TEXTURES = {"file": "fileTextureName", "imagePlane": "imageName", "AlembicNode": "abc_File", "audio": "filename"}
_BORN_WITH = ("persp", "top", "front", "side")


@dataclass
class Node:
    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    parent: str | None = None


_DEFAULTS: dict[str, dict[str, Any]] = {
    "camera": {"renderable": 0, "startup": 0},
    "file": {"fileTextureName": "", "uvTilingMode": 0, "useFrameExtension": 0, "computedFileTextureNamePattern": ""},
    "imagePlane": {"imageName": "", "useFrameExtension": 0},
    "AlembicNode": {"abc_File": ""},
    "audio": {"filename": ""},
    "reference": {"locked": 0},
    "renderLayer": {"renderable": 1},
}


class MayaScene:
    """Nodes by their short names, which are unique here."""

    def __init__(self) -> None:
        self.path = ""
        self.is_modified = False
        self.unit = "film"
        self.playback = {"minTime": 1, "maxTime": 120, "animationStartTime": 1, "animationEndTime": 200}
        self.colour: dict[str, Any] = {
            "cmEnabled": True,
            "configFilePath": "<MAYA_RESOURCES>/OCIO-configs/Maya2022-default/config.ocio",
            "renderingSpaceName": "ACEScg",
        }
        self.selection: list[str] = []
        self.nodes: dict[str, Node] = {
            "defaultRenderGlobals": Node(
                "renderGlobals", {"startFrame": 1, "endFrame": 10, "animation": 0, "extensionPadding": 4}
            ),
            "defaultResolution": Node(
                "resolution",
                {"width": 960, "height": 540, "pixelAspect": 1.0, "deviceAspectRatio": 1.777, "aspectLock": 0},
            ),
            "defaultRenderLayer": Node("renderLayer", {"renderable": 1}),
        }
        for name in _BORN_WITH:
            self.nodes[name] = Node("transform")
            self.nodes[f"{name}Shape"] = Node("camera", {"renderable": int(name == "persp"), "startup": 1}, name)

    def add(self, kind: str, name: str, parent: str | None = None, **values: Any) -> str:
        """A node as an artist would make it."""
        self.nodes[name] = Node(kind, {**_DEFAULTS.get(kind, {}), **values}, parent)
        self.is_modified = True
        return name

    def reference(self, node: str, path: str, loaded: bool = True, locked: int = 0) -> None:
        self.add("reference", node, path=path, loaded=loaded, locked=locked)

    def find(self, name: str) -> Node | None:
        return self.nodes.get(name.rpartition("|")[2])

    def get(self, name: str) -> Node:
        found = self.find(name)
        if found is None:
            raise ValueError(f"No object matches name: {name}")
        return found

    def put(self, node: str, attribute: str, value: Any) -> None:
        self.get(node).values[attribute] = value
        self.is_modified = True

    def of_type(self, kind: str) -> list[str]:
        return sorted(name for name, node in self.nodes.items() if node.kind == kind)

    def long_name(self, name: str) -> str:
        node = self.get(name)
        if node.kind == "transform" or node.parent:
            return f"|{node.parent}|{name}" if node.parent else f"|{name}"
        return name

    def files(self) -> list[tuple[str, str]]:
        """(plug or reference node, path), as the file path editor lists them."""
        found = [(name, node.values["path"]) for name, node in self.nodes.items() if "path" in node.values]
        for name, node in self.nodes.items():
            attribute = _TEXTURES.get(node.kind)
            if attribute and node.values[attribute]:
                found.append((f"{name}.{attribute}", node.values[attribute]))
        return found

    def write(self) -> None:
        lines = [_HEAD, f"//Name: {self.path.rpartition('/')[2]}"]
        lines += [
            f'file -r -ns "{name}" {"" if node.values["loaded"] else "-dr 1 "}-rfn "{name}" -typ "mayaAscii" '
            f'"{_escaped(node.values["path"])}";'
            for name, node in self.nodes.items()
            if "path" in node.values
        ]
        lines += ['requires maya "2026";', f"currentUnit -l centimeter -a degree -t {self.unit};"]
        lines += ['fileInfo "application" "maya";', 'fileInfo "version" "2026";']
        for name, node in self.nodes.items():
            if "path" in node.values:
                continue
            parent = f' -p "{node.parent}"' if node.parent else ""
            lines.append(f'createNode {node.kind} -n "{name}"{parent};')
            lines += [
                f'\tsetAttr ".{key}" -type "string" "{_escaped(value)}";'
                if isinstance(value, str)
                else f'\tsetAttr ".{key}" {float(value):g};'
                for key, value in node.values.items()
            ]
        ends = " ".join(f"-{short} {self.playback[name]}" for name, short in _SHORT.items())
        lines += [
            'createNode script -n "sceneConfigurationScriptNode";',
            f'\tsetAttr ".b" -type "string" "playbackOptions {ends} ";',
            f"// End of {self.path.rpartition('/')[2]}",
        ]
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.is_modified = False

    @classmethod
    def read(cls, path: str) -> MayaScene:
        """Raises RuntimeError for what is no .ma file, as Maya does."""
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise RuntimeError(f"Error reading file: {error}") from error
        if not lines or not lines[0].startswith("//Maya ASCII"):
            raise RuntimeError(f"{path}: Unrecognized file type")
        scene = cls()
        node = ""
        for line in lines:
            if match := _NODE.match(line):
                node = match[2]
                scene.add(match[1], node, match[3])
            elif match := _REFERENCE.match(line):
                scene.reference(match[2], _plain(match[3]), loaded=not match[1])
            elif match := _UNIT.match(line):
                scene.unit = match[1]
            elif match := _PLAYBACK.search(line):
                scene.playback = dict(zip(_SHORT, map(float, match.groups()), strict=True))  # type: ignore[arg-type]
            elif match := _STRING.match(line):
                scene.nodes[node].values[match[1]] = _plain(match[2])
            elif match := _NUMBER.match(line):
                scene.nodes[node].values[match[1]] = float(match[2])
        scene.nodes.pop("sceneConfigurationScriptNode", None)
        scene.path, scene.is_modified = path, False
        return scene


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
