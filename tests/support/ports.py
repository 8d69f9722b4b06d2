"""Ports for servers that must be told theirs before they start."""

from __future__ import annotations

import random
import socket

# Below the range from which kernels hand out ports, so that nobody is given one of ours between check and use; and
# below those of the object store.
_PORTS = range(3_500, 10_900)


def free_port() -> int:
    """A port of the loopback that nothing listens on."""
    for port in random.sample(_PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")
