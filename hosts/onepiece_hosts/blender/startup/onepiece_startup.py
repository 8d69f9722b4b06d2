"""Switches the OnePiece add-on on whenever Blender starts, so that no artist has to."""

import os
import sys

import addon_utils

ADDONS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "addons")


def register() -> None:
    if ADDONS not in sys.path:  # Blender puts it there only later
        sys.path.append(ADDONS)
    try:
        addon_utils.enable("onepiece", default_set=False, persistent=True)
    except Exception as error:
        sys.stdout.write(f"OnePiece could not start: {error}\n")


def unregister() -> None:
    pass
