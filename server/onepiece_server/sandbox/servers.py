"""The servers of a studio, seen alike: a command, a mark, and the question whether it answers."""

from __future__ import annotations

import importlib.util
from typing import Protocol

from onepiece_core.errors import ExtraMissing
from onepiece_core.storage.s3 import signing
from onepiece_server.sandbox import objects, tracker
from onepiece_server.sandbox.faults import s3_control
from onepiece_server.sandbox.files import Keys, Layout, State, write_private
from onepiece_server.sandbox.ports import PortBlock
from onepiece_server.sandbox.s3_call import S3Access


class Server(Protocol):
    """One server of a studio.

    Attributes:
        mark: an argument of its command line that no other process has.
    """

    name: str
    mark: str
    url: str

    def write_secrets(self) -> None:
        """Put its keys where it reads them: never on a command line, which every user can list."""

    def command(self) -> list[str]: ...

    def get_ready(self) -> bool:
        """After a start: do what is missing for work; False while it cannot be done."""

    def answers(self) -> bool:
        """Whether it does real work for our keys."""


class ObjectServer:
    """S3."""

    name = "objects"

    def __init__(self, layout: Layout, keys: Keys, ports: PortBlock) -> None:
        self._layout, self._ports = layout, ports
        secret = keys.secret_access_key.get_secret_value()
        self._access = S3Access(ports.s3, objects.REGION, signing.Keys(keys.access_key_id, secret))
        self.mark = objects.data_option(layout.objects)
        self.url = f"http://127.0.0.1:{ports.s3}"

    def write_secrets(self) -> None:
        objects.write_config(self._layout.s3_config, self._access)

    def command(self) -> list[str]:
        return objects.command(self._layout.objects, self._layout.s3_config, self._ports)

    def get_ready(self) -> bool:
        return objects.make_buckets(self._access) and self.answers()

    def answers(self) -> bool:
        return objects.answers(self._access)


class TrackerServer:
    """ShotGrid."""

    name = "shotgrid"

    def __init__(self, layout: Layout, state: State, ports: PortBlock) -> None:
        self._layout, self._keys, self._port = layout, state.keys, ports.shotgrid
        self._options = state.options.arguments()
        self.mark = tracker.data_option(layout.shotgrid)
        self.url = f"http://127.0.0.1:{ports.shotgrid}"

    def write_secrets(self) -> None:
        write_private(self._layout.shotgrid_key, self._keys.shotgrid_key.get_secret_value().encode())

    def command(self) -> list[str]:
        key_file = self._layout.shotgrid_key
        return tracker.command(self._layout.shotgrid, self._keys, key_file, self._port, self._options)

    def get_ready(self) -> bool:
        return self.answers()

    def answers(self) -> bool:
        return tracker.answers(self._port, self._keys)


class FaultServer:
    """The proxy of planned faults in front of S3."""

    name = "s3-faults"

    def __init__(self, layout: Layout, keys: Keys, ports: PortBlock) -> None:
        self._layout, self._key, self._ports = layout, keys.shotgrid_key, ports
        self.mark = s3_control.studio_option(layout.directory)
        self.url = f"http://127.0.0.1:{ports.s3_faults}"

    def write_secrets(self) -> None:
        write_private(self._layout.shotgrid_key, self._key.get_secret_value().encode())

    def command(self) -> list[str]:
        return s3_control.command(self._layout.directory, self._layout.shotgrid_key, self._ports)

    def get_ready(self) -> bool:
        return self.answers()

    def answers(self) -> bool:
        return s3_control.answers(self.url, self._key.get_secret_value())


def list_servers(layout: Layout, state: State, ports: PortBlock) -> tuple[Server, ...]:
    keys = state.keys
    servers = ObjectServer(layout, keys, ports), TrackerServer(layout, state, ports)
    return (*servers, FaultServer(layout, keys, ports)) if state.s3_faults else servers


def list_marks(layout: Layout) -> tuple[str, ...]:
    return (
        objects.data_option(layout.objects),
        tracker.data_option(layout.shotgrid),
        s3_control.studio_option(layout.directory),
    )


def require_installed() -> None:
    """Find what the servers need.

    Raises:
        ExtraMissing: something of it is not installed.
    """
    objects.find_weed()
    missing = [
        name for name in ("starlette", "uvicorn", "multipart", "jinja2") if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise ExtraMissing(
            f"the sandbox's ShotGrid server needs {', '.join(missing)}",
            hint='pip install "onepiece-pipeline[sandbox]"',
            extra="sandbox",
        )
