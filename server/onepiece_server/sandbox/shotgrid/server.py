"""The site as a process: loopback only, one ready line on stdout, ends on SIGTERM."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from onepiece_server.sandbox.shotgrid.app import create_app
from onepiece_server.sandbox.shotgrid.dates import site_zone
from onepiece_server.sandbox.shotgrid.seed import seed_site
from onepiece_server.sandbox.shotgrid.site import Site, SiteOptions, open_site

HOST = "127.0.0.1"
READY = "ready"
# Exit statuses.
KEY_EMPTY, PORT_TAKEN, DATA_UNUSABLE, SCHEMA_INVALID, PLAN_INVALID = 2, 3, 4, 5, 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; the exit status."""
    import uvicorn

    from onepiece_core.errors import SandboxError, SandboxSchemaInvalid
    from onepiece_server.sandbox.faults.plan import NO_FAULTS, PlanInvalid, read_plan
    from onepiece_server.sandbox.faults.protocol import CuttingProtocol
    from onepiece_server.sandbox.faults.shotgrid_layer import layered

    # uvicorn stops in order, then raises the signal again: this way the rest is tidied up too.
    signal.signal(signal.SIGTERM, _leave)
    options = _parser().parse_args(arguments)
    key = options.key_file.read_text(encoding="utf-8").strip()
    if not key:
        sys.stderr.write("error: the key file is empty\n")
        return KEY_EMPTY
    try:
        plan = read_plan(options.faults) if options.faults else NO_FAULTS
        site = _site(options, key)
    except PlanInvalid as error:
        sys.stderr.write(f"error: {error}\n")
        return PLAN_INVALID
    except SandboxError as error:
        sys.stderr.write(f"error: {' '.join(error.report.message.split())}\n")
        return SCHEMA_INVALID if isinstance(error, SandboxSchemaInvalid) else DATA_UNUSABLE
    listener = _listen(options.port)
    if listener is None:
        sys.stderr.write(f"error: port {options.port} is taken\n")
        return PORT_TAKEN
    sys.stdout.write(f"{READY} http://{HOST}:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    app = layered(create_app(site), site, options.dir, plan)
    config = uvicorn.Config(
        app,
        http=CuttingProtocol,
        loop="asyncio",
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=900,  # the client does not expect its connection to go away
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        app.close()
        site.close()
    return 0


def _site(options: argparse.Namespace, key: str) -> Site:
    """The site that the command line asks for, seeded when it is new."""
    site = open_site(
        options.dir,
        SiteOptions(
            script_name=options.script,
            direct_uploads=options.uploads == "direct",
            thumbnail_seconds=options.thumbnail_seconds,
            time_zone=options.time_zone,
            schema_file=options.schema,
        ),
    )
    seed_site(site, key, show=not options.empty)
    if options.seed_shots:
        _fill(site, key, options.seed_shots, options.seed_versions)
    return site


def _fill(site: Site, key: str, shots: int, versions: int) -> None:
    """A show of production size beside the small one; at the next start it is there already."""
    from onepiece_server.sandbox.shotgrid.auth import authenticate
    from onepiece_server.sandbox.shotgrid.seed_plan import SeedRequest
    from onepiece_server.sandbox.shotgrid.seed_show import apply_seed

    caller = authenticate(site, {"script_name": site.options.script_name, "script_key": key}, "")
    for _ in apply_seed(site, caller, SeedRequest(shots=shots, versions=versions)):
        pass


def _leave(_: int, __: FrameType | None) -> None:
    raise SystemExit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m onepiece_server.sandbox.shotgrid", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="folder that keeps the site's data")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--script", required=True, help="name of the script user")
    parser.add_argument("--key-file", type=Path, required=True, help="file that holds the script user's key")
    parser.add_argument("--uploads", choices=("direct", "form"), default="direct", help="how the client sends files")
    parser.add_argument("--thumbnail-seconds", type=float, default=0.0, help="how long a new thumbnail stays pending")
    parser.add_argument(
        "--time-zone", type=_zone, default="UTC", metavar="ZONE", help="the site's time zone, an IANA name"
    )
    parser.add_argument("--schema", type=Path, metavar="FILE", help="a schema read from a real site")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a plan of what goes wrong, JSON or TOML")
    parser.add_argument("--seed-shots", type=int, default=0, metavar="N", help="make a large show with N shots")
    parser.add_argument("--seed-versions", type=int, default=0, metavar="M", help="the Versions of the large show")
    parser.add_argument("--empty", action="store_true", help="make no show in a new site")
    return parser


def _zone(name: str) -> str:
    try:
        site_zone(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name


def _listen(port: int) -> socket.socket | None:
    """A listening socket, or None when the port is taken."""
    # asyncio switches Nagle's delay (40 ms a call) off only for sockets that say they are TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        # On Windows this option would let two servers share the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        return None
    return listener
