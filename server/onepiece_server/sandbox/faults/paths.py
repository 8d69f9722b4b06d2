"""Where a server of the studio is asked for what only its owner may know."""

from __future__ import annotations

FAULTS, CALLS = "/sandbox/faults", "/sandbox/calls"
PATHS = (FAULTS, CALLS)

# The studio's own question whether a server answers: planned faults are not for it, and it is not written down.
OWN_HEADER = "onepiece-sandbox"
