"""One process that delivers, and may kill itself at a named moment: ``python -m tests.torture.deliverer JOB.json``."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from onepiece_core.errors import OnePieceError
from tests.support.deliveries import DeliveryWorld
from tests.torture.publisher import Fate, Mortal


def main() -> int:
    job = json.loads(Path(sys.argv[1]).read_text())
    moment, nth = job.get("die_at") or (None, 0)
    fate = Fate(moment, nth, Path(job["trace"]) if job.get("trace") else None)
    if name := job.get("die_before_rename_to"):
        sys.addaudithook(lambda event, args: _die_at(event, args, name))
    world = DeliveryWorld.of(job["env"], Path(job["root"]))
    tracker: Any = Mortal(world.tracker, "tracker", ("batch", "create", "update"), fate)
    world.tracker, world.checkpoint = tracker, fate
    try:
        report = world.deliver(manifest=world.root / "P")
    except OnePieceError as error:
        print(json.dumps({"error": error.report.model_dump(mode="json")}))
        return 1
    print(json.dumps({"delivery": report.delivery, "xxh128": report.xxh128}))
    return 0


def _die_at(event: str, args: tuple[Any, ...], name: str) -> None:
    if event == "os.rename" and Path(os.fsdecode(args[1])).name == name:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
