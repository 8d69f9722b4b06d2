"""What the sandbox tells about itself: to people, to shells and to other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from onepiece_core.shown import is_text
from onepiece_server.sandbox import objects
from onepiece_server.sandbox.files import State
from onepiece_server.sandbox.ports import PortBlock

# The seeded show.
PROJECT = "Frost Giant"
SHOW_CODE = "FG"

# Set in somebody's shell, these would win over the sandbox's keys in boto3.
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


class ServerReport(BaseModel, frozen=True):
    """One of the servers. ``pid`` and ``memory_bytes`` are None when it does not run."""

    name: str
    url: str
    log: str
    pid: int | None = None
    answers: bool = False
    memory_bytes: int | None = None


class SandboxReport(BaseModel, frozen=True, serialize_by_alias=True):
    """The one object that ``sandbox up|status|reset|env --json`` prints.

    Attributes:
        env: what to export; then OnePiece, boto3 and shotgun_api3 need nothing else. Holds keys.
        unset: variables that must not be set beside ``env``.
        config: an ``onepiece.toml`` with ``[profiles.sandbox]``.
        fault_rules: how many rules of planned faults stand.
        options: what is not as it would be by itself: schema_file, time_zone, thumbnail_seconds, uploads, empty.
    """

    schema_: Literal["onepiece.sandbox.1"] = Field("onepiece.sandbox.1", alias="schema")
    dir: str
    running: bool
    env: dict[str, str]
    unset: tuple[str, ...] = UNSET
    config: str
    project: str = PROJECT
    show_code: str = SHOW_CODE
    buckets: tuple[str, ...] = objects.BUCKETS
    servers: tuple[ServerReport, ...] = ()
    fault_rules: int = 0
    options: dict[str, str | float | bool] = {}


def environment(folder: Path, state: State, ports: PortBlock) -> dict[str, str]:
    """The variables that point OnePiece, boto3 and shotgun_api3 at the sandbox in ``folder``."""
    keys = state.keys
    return {
        # A name that no text can hold stays untold: then the addresses alone say what they are.
        **({"ONEPIECE_SANDBOX": str(folder)} if is_text(str(folder)) else {}),
        "ONEPIECE_SHOTGRID_URL": f"http://127.0.0.1:{ports.shotgrid}",
        "ONEPIECE_SHOTGRID_SCRIPT": keys.shotgrid_script,
        "ONEPIECE_SHOTGRID_KEY": keys.shotgrid_key.get_secret_value(),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports.s3_faults if state.s3_faults else ports.s3}",
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key.get_secret_value(),
        "AWS_REGION": objects.REGION,
        "AWS_DEFAULT_REGION": objects.REGION,  # the name that boto3 reads
    }


def config_text(folder: Path, state: State, ports: PortBlock) -> str:
    """``onepiece.toml``. The contexts stand here too: a studio's own may name its real buckets."""
    env = environment(folder, state, ports)
    lines = [
        "# Written by `onepiece sandbox up`. It holds keys: nobody but you can read it.",
        "",
        "[profiles.sandbox.sandbox]",
        f"studio = {json.dumps(env.get('ONEPIECE_SANDBOX', ''), ensure_ascii=False)}",
        "",
        "[profiles.sandbox.shotgrid]",
        f'url = "{env["ONEPIECE_SHOTGRID_URL"]}"',
        f'script = "{env["ONEPIECE_SHOTGRID_SCRIPT"]}"',
        f'key = "{env["ONEPIECE_SHOTGRID_KEY"]}"',
        "",
        "[profiles.sandbox.aws]",
        f'endpoint_url = "{env["AWS_ENDPOINT_URL"]}"',
        f'region = "{env["AWS_REGION"]}"',
        f'access_key_id = "{env["AWS_ACCESS_KEY_ID"]}"',
        f'secret_access_key = "{env["AWS_SECRET_ACCESS_KEY"]}"',
    ]
    for context in ("vendor_in", "vendor_out", "client_in", "client_out"):
        lines += [
            "",
            f"[profiles.sandbox.contexts.{context}]",
            f'bucket = "{context.replace("_", "-")}"',
            'prefix = ""',
        ]
    return "\n".join([*lines, ""])
