"""OnePiece in Maya, when it is idle for the first time. Whatever fails here, Maya starts."""

import os
import sys
import traceback

from maya import cmds


def _onepiece() -> None:
    try:
        sys.path[:0] = [f"{home}/python" for home in (os.environ.get("ONEPIECE_HOSTS"),) if home]
        from onepiece_hosts.maya import start

        start.start()
    except Exception as error:
        cmds.warning(f"OnePiece could not start: {error}")
        traceback.print_exc()


cmds.evalDeferred(_onepiece, lowestPriority=True)
