"""What a sandbox keeps on disk, apart from the data of its servers.

::

    DIR/
      onepiece.toml    [profiles.sandbox]: `onepiece --config-profile sandbox` finds it
      sandbox.json     ports, processes and keys
      shotgrid.key s3.json    the keys as the two servers read them
      objects/ shotgrid/      the servers' data
      snapshots/NAME/         copies of it
      logs/

Everything is readable by its owner alone.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_serializer

from onepiece_core.errors import SandboxError
from onepiece_server.sandbox.options import StudioOptions
from onepiece_server.sandbox.processes import ServerProcess


class Keys(BaseModel, frozen=True, hide_input_in_errors=True):
    """Made once for each sandbox."""

    shotgrid_script: str = "onepiece_sandbox"
    shotgrid_key: SecretStr = Field(default_factory=lambda: SecretStr(secrets.token_urlsafe(24)))
    access_key_id: str = Field(default_factory=lambda: "SANDBOX" + secrets.token_hex(6).upper())
    secret_access_key: SecretStr = Field(default_factory=lambda: SecretStr(secrets.token_urlsafe(30)))

    @field_serializer("shotgrid_key", "secret_access_key", when_used="json")
    def _plain(self, value: SecretStr) -> str:
        return value.get_secret_value()


class State(BaseModel, frozen=True, hide_input_in_errors=True):
    """``sandbox.json``: written before a server is relied upon, so that nothing started is forgotten.

    Attributes:
        s3_faults: S3 is reached through the proxy of planned faults.
        options: how the studio was asked to be.
        pending: a folder whose content is the studio's from now on, and is not yet in its place.
    """

    schema_: Literal["onepiece.sandbox-state.1"] = Field("onepiece.sandbox-state.1", alias="schema")
    keys: Keys = Field(default_factory=Keys)
    base_port: int | None = None
    s3_faults: bool = False
    options: StudioOptions = StudioOptions()
    pending: str | None = Field(None, pattern=r"^\.content-\w+$")
    processes: dict[str, ServerProcess] = {}


class Layout:
    """The files of the sandbox in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "onepiece.toml"
        self.state = directory / "sandbox.json"
        self.shotgrid_key = directory / "shotgrid.key"
        self.s3_config = directory / "s3.json"
        self.objects = directory / "objects"
        self.shotgrid = directory / "shotgrid"
        self.snapshots = directory / "snapshots"
        self.logs = directory / "logs"
        self.lock = directory / "lock"

    def log(self, server: str) -> Path:
        return self.logs / f"{server}.log"


def write_private(path: Path, content: bytes) -> None:
    """Write ``path`` as a whole or not at all; nobody but the owner may read it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)


def read_state(layout: Layout) -> State | None:
    """What ``sandbox.json`` says; None where there is no sandbox.

    Raises:
        SandboxError: the file is damaged.
    """
    try:
        return State.model_validate_json(layout.state.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as cause:
        raise SandboxError(f"cannot read {layout.state}: {cause.strerror}", file=str(layout.state)) from cause
    except ValidationError as cause:
        raise SandboxError(
            f"{layout.state} is damaged",
            hint=f"Delete the folder {layout.directory} and start the sandbox again.",
            file=str(layout.state),
        ) from cause


def write_state(layout: Layout, state: State) -> None:
    write_private(layout.state, state.model_dump_json(by_alias=True, indent=2).encode())


def prepare(layout: Layout) -> State:
    """Make the folders of a sandbox, or find those that are there.

    Raises:
        SandboxError: the folder holds other things under our names.
    """
    state = read_state(layout)
    taken = [path for path in (layout.objects, layout.shotgrid, layout.config) if path.exists()]
    if taken and state is None:
        raise SandboxError(
            f"{layout.directory} holds other files, and no sandbox",
            hint="Name an empty folder with --dir.",
            found=[str(path) for path in taken],
        )
    if state is None:
        state = State()
        write_state(layout, state)
    for folder in (layout.objects, layout.shotgrid, layout.logs):
        folder.mkdir(mode=0o700, exist_ok=True)
    return state


def log_tail(path: Path, lines: int = 12) -> str:
    """The end of a server's log, for an error's context."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
