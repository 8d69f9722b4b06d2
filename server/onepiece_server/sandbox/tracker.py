"""The sandbox's ShotGrid: how to start its server and how to ask whether it answers."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from onepiece_server.sandbox.faults.paths import OWN_HEADER
from onepiece_server.sandbox.files import Keys

_MODULE = "onepiece_server.sandbox.shotgrid"


def data_option(data: Path) -> str:
    """The argument that no other process on this machine has."""
    return f"--dir={data}"


def command(data: Path, keys: Keys, key_file: Path, port: int, more: Sequence[str] = ()) -> list[str]:
    """How to start the server. ``-P`` keeps the current folder out of its import path."""
    options = ["--port", str(port), "--script", keys.shotgrid_script, "--key-file", str(key_file)]
    return [sys.executable, "-P", "-m", _MODULE, data_option(data), *options, *more]


def answers(port: int, keys: Keys) -> bool:
    """Whether the server at ``port`` lets us in with our key and finds its script user."""
    credentials = {"script_name": keys.shotgrid_script, "script_key": keys.shotgrid_key.get_secret_value()}
    query = {
        "type": "ApiUser",
        "return_fields": ["id"],
        "filters": {"logical_operator": "and", "conditions": []},
        "return_only": "active",
        "paging": {"entities_per_page": 1, "current_page": 1},
    }
    body = json.dumps({"method_name": "read", "params": [credentials, query]}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        # What is planned to go wrong is not for this question, nor does the journal tell of it.
        headers = {"content-type": "application/json", OWN_HEADER: "own"}
        connection.request("POST", "/api3/json", body=body, headers=headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        return response.status == 200 and bool(answer.get("results", {}).get("entities"))
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return False
    finally:
        connection.close()
