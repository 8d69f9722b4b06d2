"""Puts the installation's Python folder on the path; a copy of this add-on has the way there in installation.txt."""

import os
import sys
from collections.abc import Callable

ends: list[Callable[[], None]] = []  # what takes OnePiece down again


def start() -> None:
    here = os.path.dirname(os.path.realpath(__file__))
    note, home = os.path.join(here, "installation.txt"), os.path.join(here, "..", "..", "..", "..")
    if os.environ.get("ONEPIECE_HOSTS"):  # the version that a project has pinned
        home = os.environ["ONEPIECE_HOSTS"]
    elif os.path.isfile(note):
        with open(note, encoding="utf-8") as file:
            home = file.read().strip()
    sys.path.insert(0, os.path.abspath(os.path.join(home, "python")))
    from onepiece_hosts.blender.start import start as bring_up

    ends.append(bring_up(os.path.join(home, "install.json")))


def end() -> None:
    while ends:
        ends.pop()()
