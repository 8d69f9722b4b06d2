"""OnePiece in Houdini, as soon as it has its window. Whatever fails here, Houdini starts."""

import importlib.util
import os
import sys
import traceback


def _onepiece() -> None:
    try:
        sys.path[:0] = [f"{home}/python" for home in (os.environ.get("ONEPIECE_HOSTS"),) if home]
        from onepiece_hosts.houdini import start

        start.start()
    except Exception as error:
        sys.stdout.write(f"OnePiece could not start: {error}\n")
        traceback.print_exc()


if importlib.util.find_spec("hdefereval"):  # only with a window
    importlib.import_module("hdefereval").executeDeferred(_onepiece)
