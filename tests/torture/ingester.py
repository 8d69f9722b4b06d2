"""One process that ingests a drop, and may kill itself at a named moment.

``python -m tests.torture.ingester JOB.json`` prints the report's summary. ``die_at``: ``["checkpoint", n]`` kills
at its n-th passing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from onepiece_core.config import AwsSettings
from onepiece_core.errors import OnePieceError
from tests.support.ingests import IngestWorld
from tests.support.shotgrid import RunningSite
from tests.torture.publisher import Fate, Mortal

_WRITES = ("create", "batch", "update", "delete", "upload", "upload_thumbnail")


def run(job: dict[str, Any]) -> dict[str, Any]:
    moment, nth = job.get("die_at") or (None, 0)
    fate = Fate(moment, nth, Path(job["trace"]) if job.get("trace") else None)
    tracker: Any = Mortal(RunningSite(job["site"]).tracker(timeout_seconds=5.0), "tracker", _WRITES, fate)
    world = IngestWorld(
        Path(job["root"]),
        AwsSettings.model_validate(job["aws"]),
        job["bucket"],
        tracker,
        project=job["project"],
        prefix=job["prefix"],
        checkpoint=fate,
    )
    return world.ingest(thumbnails=True).summary


def main() -> int:
    job = json.loads(Path(sys.argv[1]).read_text())
    try:
        print(json.dumps(run(job)))
    except OnePieceError as error:
        print(json.dumps({"error": error.report.model_dump(mode="json")}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
