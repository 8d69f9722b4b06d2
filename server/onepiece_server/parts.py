"""What packages that add routes to the server may reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onepiece_core.config.models import Settings
from onepiece_core.render.jobs import AcceptingJobs
from onepiece_server.audit import AuditLog
from onepiece_server.auth.door import Door
from onepiece_server.rates import Rate


@dataclass(frozen=True, slots=True)
class Parts:
    """Of one process of the server.

    Attributes:
        door: who may come in, its sessions, and which addresses are open; see also auth.gate.require.
        audit: requests that may change something, and refused ones, are written by themselves.
        rate: counted for each request by itself.
    """

    settings: Settings
    state_dir: Path
    door: Door
    audit: AuditLog
    rate: Rate
    jobs: AcceptingJobs
