"""Every file that a Maya scene uses, as its file path editor knows them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from maya import cmds

from onepiece_hosts.host import UsedFile
from onepiece_hosts.maya.asked import flag, names, number, text
from onepiece_hosts.patterns import exists, forward, kind_of, sequence_pattern, with_frames

_EVERY = 32  # files between two breaths

# Attributes of ``file`` nodes, by Maya's documentation of the node.
_TEXTURE = "fileTextureName"
_UDIM_MODES = (1, 2, 3)  # uvTilingMode: 0 off, 1 ZBrush, 2 Mudbox, 3 UDIM


class Reference(NamedTuple):
    """A reference node and its file. ``copy`` is Maya's path with {1}, {2} for the second and third use of a file."""

    node: str
    path: str
    written: str
    copy: str


def iter_files() -> Iterator[UsedFile | None]:
    """References first, then what the file path editor lists; None now and then."""
    for reference in references():
        yield None
        missing = not exists(reference.path)
        kind = kind_of(reference.path)
        yield UsedFile(
            reference.path,
            reference.written,
            "cache" if kind == "cache" else "reference",
            reference.node,
            reference.node,
            missing,
        )
    for number_, plug_and_path in enumerate(_listed()):
        if number_ % _EVERY == 0:
            yield None
        yield _used(*plug_and_path)


def references() -> Iterator[Reference]:
    """Each reference of the scene and of what it references."""
    for node in names(cmds.ls(type="reference")):
        # Maya's own: one for what references share, others for references it could not make sense of.
        if node.rpartition(":")[2].startswith(("sharedReferenceNode", "_UNKNOWN_REF_NODE_")):
            continue
        try:
            path = str(cmds.referenceQuery(node, filename=True, withoutCopyNumber=True))
            written = str(cmds.referenceQuery(node, filename=True, unresolvedName=True, withoutCopyNumber=True))
            copy = str(cmds.referenceQuery(node, filename=True))
        except RuntimeError:
            continue  # a reference node without a file
        yield Reference(node, forward(path), written, copy)


def _listed() -> Iterator[tuple[str, str]]:
    """(plug, path) for each file but references."""
    cmds.filePathEditor(refresh=True)
    for folder in names(cmds.filePathEditor(query=True, listDirectories="")):
        told = names(cmds.filePathEditor(query=True, listFiles=folder, withAttribute=True))
        for name, plug in zip(told[::2], told[1::2]):
            if "." in plug:  # a reference is listed by its node
                yield plug, forward(f"{folder.rstrip('/')}/{name}")


def _used(plug: str, path: str) -> UsedFile:
    node, _, attribute = plug.partition(".")
    written = text(plug) or path
    if attribute == _TEXTURE and cmds.nodeType(node) == "file":
        path = _texture(node, path)
    elif attribute == "imageName" and flag(f"{node}.useFrameExtension"):
        path = sequence_pattern(path)  # an image plane
    if not os.path.exists(path):
        path = with_frames(path)  # a renderer's own texture: a.####.tx
    return UsedFile(path, written, kind_of(path), plug, node, not exists(path))


def _texture(node: str, path: str) -> str:
    """With ``<UDIM>`` or ``%04d`` where the node uses tiles or frames."""
    if int(number(f"{node}.uvTilingMode")) in _UDIM_MODES:
        return forward(text(f"{node}.computedFileTextureNamePattern")) or path
    if flag(f"{node}.useFrameExtension"):
        return sequence_pattern(path)
    return path
