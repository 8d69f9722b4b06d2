"""OnePiece in Blender: an add-on for 3.x, an extension from 4.2 on. Whatever fails here, Blender starts."""

import sys
import traceback

bl_info = {"name": "OnePiece", "version": (0, 1, 0), "blender": (3, 4, 0), "category": "Pipeline"}


def register() -> None:
    try:
        from . import boot

        boot.start()
    except Exception as error:
        sys.stdout.write(f"OnePiece could not start: {error}\n")
        traceback.print_exc()


def unregister() -> None:
    from . import boot

    boot.end()
