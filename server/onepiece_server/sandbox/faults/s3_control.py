"""The S3 fault proxy of a studio: how to start it and how to ask whether it answers."""

from __future__ import annotations

import sys
from pathlib import Path

from onepiece_server.sandbox.faults.asking import NoAnswer, ask
from onepiece_server.sandbox.faults.paths import FAULTS
from onepiece_server.sandbox.ports import PortBlock

_MODULE = "onepiece_server.sandbox.faults.s3_process"


def studio_option(directory: Path) -> str:
    """The argument that no other process on this machine has."""
    return f"--studio={directory}"


def command(directory: Path, key_file: Path, ports: PortBlock) -> list[str]:
    """How to start the proxy. ``-P`` keeps the current folder out of its import path."""
    options = ["--port", str(ports.s3_faults), "--server-port", str(ports.s3), "--key-file", str(key_file)]
    return [sys.executable, "-P", "-m", _MODULE, studio_option(directory), *options]


def answers(url: str, key: str) -> bool:
    try:
        return ask(url, key, "GET", FAULTS).status == 200
    except NoAnswer:
        return False
