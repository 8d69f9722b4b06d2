"""Applies or takes back a plan in a process of its own, and dies at the n-th moment at which one may die."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from onepiece_core.config import ConfigSources, load_settings
from onepiece_core.progress import Reporter
from onepiece_core.reconcile.apply import apply_plan, undo_plan
from onepiece_core.reconcile.build import build_reconcile
from onepiece_core.reconcile.model import RepairPlan


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    root, left = Path(job["root"]), [job["die_after"]]

    def checkpoint(_name: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = load_settings(ConfigSources(job["environ"], home=root, workspace=root / "settings"))
    parts = replace(build_reconcile(settings, root / "state", Reporter()), checkpoint=checkpoint)
    plan = RepairPlan.model_validate_json(Path(job["plan"]).read_bytes())
    report = (undo_plan if job["undo"] else apply_plan)(plan, parts)
    print(report.model_dump_json(by_alias=True))


if __name__ == "__main__":
    main()
