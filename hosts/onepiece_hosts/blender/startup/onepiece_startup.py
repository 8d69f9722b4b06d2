"""Switches the OnePiece add-on on whenever Blender starts, so that no artist has to."""

import sys

import addon_utils


def register() -> None:
    try:
        addon_utils.enable("onepiece", default_set=False, persistent=True)
    except Exception as error:
        sys.stdout.write(f"OnePiece could not start: {error}\n")


def unregister() -> None:
    pass
