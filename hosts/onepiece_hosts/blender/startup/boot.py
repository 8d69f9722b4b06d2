"""Brings OnePiece up from the installation's Python folder, and takes it down again."""

import os
import sys
from collections.abc import Callable

from .place import find_installation

ends: list[Callable[[], None]] = []


def start() -> None:
    home = find_installation()
    sys.path.insert(0, os.path.join(home, "python"))
    from onepiece_hosts.blender.start import start as bring_up

    ends.append(bring_up(os.path.join(home, "install.json")))


def end() -> None:
    while ends:
        ends.pop()()
