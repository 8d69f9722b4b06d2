"""The folder that ``onepiece dcc install`` laid out, as the host finds it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from onepiece_hosts.errors import HostError

NAME = "install.json"
SCHEMA = "onepiece.hosts.1"


@dataclass(frozen=True)
class Installation:
    """``worker`` is the command that starts a worker, ``folder`` what holds ``install.json``."""

    folder: str
    version: str
    worker: tuple[str, ...]


def find_installation(start: str = __file__) -> Installation:
    """The installation that ``start`` lies in. Raises HostError."""
    folder = os.path.dirname(os.path.abspath(start))
    while not os.path.isfile(os.path.join(folder, NAME)):
        above = os.path.dirname(folder)
        if above == folder:
            raise _broken(f"There is no {NAME} above {start}.")
        folder = above
    path = os.path.join(folder, NAME)
    try:
        with open(path, encoding="utf-8") as file:
            told = json.load(file)
        worker, version = told["worker"], told["version"]
        is_sound = told["schema"] == SCHEMA and isinstance(version, str) and isinstance(worker, list) and worker
        if not is_sound or not all(isinstance(part, str) for part in worker):
            raise ValueError("it is not what this version writes")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _broken(f"{path} cannot be used: {error}") from error
    return Installation(folder.replace("\\", "/"), version, tuple(worker))


def _broken(message: str) -> HostError:
    return HostError("host.installation", message, "Run `onepiece dcc install` again, or ask your TD.")
