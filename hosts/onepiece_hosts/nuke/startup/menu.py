"""OnePiece in Nuke with a window. Whatever fails here, Nuke starts."""

import sys
import traceback

try:
    from onepiece_hosts.nuke import start

    start.start()
except Exception as error:
    sys.stdout.write(f"OnePiece could not start: {error}\n")
    traceback.print_exc()
