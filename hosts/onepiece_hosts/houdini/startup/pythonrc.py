"""OnePiece in Houdini, as soon as it has its window. Whatever fails here, Houdini starts."""

import os
import sys
import traceback
from contextlib import suppress


def _onepiece() -> None:
    try:
        sys.path[:0] = [f"{home}/python" for home in (os.environ.get("ONEPIECE_HOSTS"),) if home]
        from onepiece_hosts.houdini import start

        start.start()
    except Exception as error:
        sys.stdout.write(f"OnePiece could not start: {error}\n")
        traceback.print_exc()


with suppress(ImportError):  # there is no such module without a window
    __import__("hdefereval").executeDeferred(_onepiece)
