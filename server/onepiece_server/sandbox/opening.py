"""A way into the page that looks into the sandbox's ShotGrid."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

from onepiece_core.errors import SandboxError
from onepiece_server.sandbox import studio

_HINT = "`onepiece sandbox status` tells how its servers are."


def page_address(directory: Path) -> str:
    """An address that lets one browser in, once, within a minute.

    Raises:
        SandboxDown: the sandbox in ``directory`` does not run.
        SandboxError: its server gives no ticket.
    """
    env = studio.env(directory).env
    url = env["ONEPIECE_SHOTGRID_URL"]
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request("POST", "/look/tickets", headers={"Authorization": f"Bearer {env['ONEPIECE_SHOTGRID_KEY']}"})
        response = connection.getresponse()
        answer = json.loads(response.read())
        return f"{url}/look/?ticket={answer['ticket']}"
    except (OSError, http.client.HTTPException) as cause:
        raise SandboxError(f"the sandbox's ShotGrid gives no ticket: {cause}", hint=_HINT, url=url) from cause
    except (ValueError, KeyError) as cause:
        raise SandboxError(
            f"the sandbox's ShotGrid gives no ticket: HTTP {response.status}", hint=_HINT, url=url
        ) from cause
    finally:
        connection.close()
