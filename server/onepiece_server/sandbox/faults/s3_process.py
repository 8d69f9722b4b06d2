"""The S3 fault proxy as a process: loopback only, one ready line on stdout, ends on SIGTERM.

``python -m onepiece_server.sandbox.faults.s3_process --port N --server-port M --key-file F``
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from onepiece_server.sandbox.faults.admin import Admin
from onepiece_server.sandbox.faults.deciding import Decider
from onepiece_server.sandbox.faults.messages import MAX_HEAD_BYTES
from onepiece_server.sandbox.faults.plan import NO_FAULTS, Plan, PlanInvalid, read_plan
from onepiece_server.sandbox.faults.s3_proxy import HOST, S3FaultProxy

# Exit statuses, the same as of the ShotGrid server.
KEY_EMPTY, PORT_TAKEN, PLAN_INVALID = 2, 3, 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; the exit status."""
    signal.signal(signal.SIGTERM, _leave)
    options = _parser().parse_args(arguments)
    key = options.key_file.read_text(encoding="utf-8").strip()
    if not key:
        sys.stderr.write("error: the key file is empty\n")
        return KEY_EMPTY
    try:
        plan = read_plan(options.faults) if options.faults else NO_FAULTS
    except PlanInvalid as error:
        sys.stderr.write(f"error: {error}\n")
        return PLAN_INVALID
    try:
        asyncio.run(_serve(options.port, options.server_port, key, plan))
    except OSError as error:
        sys.stderr.write(f"error: port {options.port} is taken: {error.strerror}\n")
        return PORT_TAKEN
    return 0


async def _serve(port: int, server_port: int, key: str, plan: Plan) -> None:
    digest = _digest(key)

    async def is_key(text: str) -> bool:
        return hmac.compare_digest(digest, _digest(text))

    proxy = S3FaultProxy(server_port, Admin(Decider("s3", plan), is_key, lambda: None))
    server = await asyncio.start_server(proxy.serve, HOST, port, limit=MAX_HEAD_BYTES)
    sys.stdout.write(f"ready http://{HOST}:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _leave(_: int, __: FrameType | None) -> None:
    raise SystemExit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m onepiece_server.sandbox.faults.s3_process", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--server-port", type=int, required=True, help="where the S3 server listens")
    parser.add_argument("--key-file", type=Path, required=True, help="file with the key that plans are set with")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a plan of what goes wrong, JSON or TOML")
    parser.add_argument("--studio", type=Path, help="the folder of the studio that it belongs to")
    return parser


if __name__ == "__main__":
    sys.exit(main())
