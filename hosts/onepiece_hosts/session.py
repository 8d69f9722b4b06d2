"""One host session: the host, its installation and the one worker behind all panels."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Host
from onepiece_hosts.installation import Installation
from onepiece_hosts.worker import Worker

# Set by ``onepiece dcc open-shot``: the file that tells it that we have arrived in the host.
LAUNCH_FILE = "ONEPIECE_LAUNCH_FILE"


class HostSession:
    """Made once by a host's start-up.

    Attributes:
        show: how this host brings a panel up, by the panel's name; a host fills it at its start.
        tell: how it tells the artist one thing: a sentence, or what went wrong.
    """

    def __init__(self, host: Host, installation: Installation) -> None:
        self.host = host
        self.installation = installation
        self.worker = Worker(installation.worker, host.call_later)
        self.show: dict[str, Callable[[HostSession], Any]] = {}
        self.tell: Callable[[str | HostError], None] = lambda _: None
        self._stop = host.on("closing", self.worker.close)

    def answer_launch(self) -> None:
        """Tell whoever started this host that its menu is there."""
        path = os.environ.pop(LAUNCH_FILE, None)
        if path is None:
            return
        told = {"host": self.host.name, "version": self.host.version(), "pid": os.getpid()}
        told["scene"] = self.host.scene_path() or ""
        partial = f"{path}.part"
        try:
            with open(partial, "w", encoding="utf-8") as file:
                json.dump(told, file)
            os.replace(partial, path)
        except OSError:
            pass  # nobody waits any more

    def end(self) -> None:
        """The host's menu goes: an add-on that is switched off."""
        self._stop()
        self.worker.close()
