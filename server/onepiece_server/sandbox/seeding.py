"""Fills the running studio's ShotGrid with a show of production size.

The server makes the rows itself: it knows its schema and is the one writer of its database.
"""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from onepiece_core.errors import SandboxError
from onepiece_core.progress import Progress, Reporter
from onepiece_server.sandbox import studio
from onepiece_server.sandbox.faults.paths import OWN_HEADER
from onepiece_server.sandbox.shotgrid.seed_plan import SeedRequest

_TIMEOUT_SECONDS = 120.0  # for one step; a slow disk needs a while for a few thousand rows
_PATH = "/sandbox/seed"


def plan_seed(directory: Path, request: SeedRequest) -> dict[str, Any]:
    """How many rows of each type the show has, and how far an earlier run came; nothing is written.

    Raises:
        SandboxDown: the studio does not run.
        SandboxError: the site has such a project already and it is none of ours.
    """
    connection, response = _asked(directory, request, "?dry_run=1")
    try:
        found: dict[str, Any] = json.loads(response.read())
        return found
    finally:
        connection.close()


def apply_seed(directory: Path, request: SeedRequest, reporter: Reporter) -> dict[str, Any]:
    """Make the show, or what is missing of it. Cancelled, it leaves whole steps and can be taken up again.

    Raises:
        SandboxDown: the studio does not run.
        SandboxError: the site refuses or fails.
        OperationCancelled: somebody asked to stop.
    """
    reporter.check("seed", "studio")
    connection, response = _asked(directory, request)
    try:
        while line := response.readline():
            told = json.loads(line)
            if "error" in told:
                raise SandboxError(f"the site could not make the show: {told['error']}")
            if "seed" in told:
                counts: dict[str, Any] = told["seed"]
                return counts
            reporter.step(
                Progress(operation="seed", phase=told["phase"], done=told["done"], total=told["total"], unit="rows")
            )
    except (OSError, http.client.HTTPException, ValueError) as cause:
        raise _broken_off() from cause
    finally:
        connection.close()  # in the middle: the site stops after the step that it is at
    raise _broken_off()


def _broken_off() -> SandboxError:
    return SandboxError(
        "the site ended before the show was complete", hint="Start it, then run the same command again to go on."
    )


def _asked(
    directory: Path, request: SeedRequest, query: str = ""
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    env = studio.env(directory).env
    connection = http.client.HTTPConnection(
        "127.0.0.1", urlsplit(env["ONEPIECE_SHOTGRID_URL"]).port, timeout=_TIMEOUT_SECONDS
    )
    headers = {"authorization": f"Bearer {env['ONEPIECE_SHOTGRID_KEY']}", OWN_HEADER: "own"}
    try:
        connection.request("POST", _PATH + query, body=request.model_dump_json(), headers=headers)
        response = connection.getresponse()
        if response.status == 200:
            return connection, response
        errors = json.loads(response.read()).get("errors", [])
    except (OSError, http.client.HTTPException, ValueError) as cause:
        connection.close()
        raise SandboxError("the site did not answer", hint="`onepiece sandbox status` shows its log.") from cause
    connection.close()
    raise SandboxError(
        f"the show cannot be made: {'; '.join(map(str, errors))}",
        hint="Name another project with --project, or start over with `onepiece sandbox reset`.",
        status=response.status,
    )
