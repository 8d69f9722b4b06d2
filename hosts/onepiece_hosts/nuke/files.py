"""Every file that a Nuke script uses: its file knobs, and its colour configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator

import nuke

from onepiece_hosts.host import UsedFile
from onepiece_hosts.nuke.knobs import WRITERS, evaluated, every_node, find, text
from onepiece_hosts.patterns import exists, forward, kind_of, with_frames

_EVERY = 32  # nodes between two breaths


def iter_files() -> Iterator[UsedFile | None]:
    """Each file knob with a path, but those of nodes that write; None now and then."""
    folder = project_folder()
    for number, node in enumerate(every_node()):
        if number % _EVERY == 0:
            yield None
        if node.Class() not in WRITERS:
            yield from _of(node, folder)
    root = nuke.root()
    if text(root, "colorManagement") == "OCIO" and text(root, "OCIO_config") == "custom":
        path = absolute(evaluated(find(root, "customOCIOConfigPath")), folder)
        if path:
            written = text(root, "customOCIOConfigPath")
            yield UsedFile(path, written, "other", "root", "OCIO configuration", not exists(path))


def _of(node: nuke.Node, folder: str) -> Iterator[UsedFile]:
    for name, knob in sorted(node.knobs().items()):
        if isinstance(knob, nuke.File_Knob) and (path := absolute(evaluated(knob), folder)):
            identity = f"{node.fullName()}/{name}"
            yield UsedFile(path, str(knob.value()), kind_of(path), identity, node.name(), not exists(path))


def project_folder() -> str:
    """Where relative paths start: the script's project directory, else where Nuke was started."""
    folder = evaluated(find(nuke.root(), "project_directory"))
    return forward(os.path.abspath(folder or os.getcwd()))


def absolute(path: str, folder: str) -> str:
    """``path`` from ``folder``, with ``%04d`` for frame numbers; empty stays empty."""
    return with_frames(os.path.normpath(os.path.join(folder, path))) if path else ""
