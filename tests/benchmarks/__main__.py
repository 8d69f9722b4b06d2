"""``make bench``: every comparison, one after the other. Run it on a machine that does nothing else."""

from __future__ import annotations

import subprocess
import sys

for module in (
    "bench_startup",
    "bench_upload",
    "bench_transfer",
    "bench_sync",
    "bench_publish",
    "bench_shotgrid",
    "bench_bulk",
    "bench_deliver",
    "bench_scenes",
    "bench_ingest",
    "bench_reconcile",
    "bench_ingest_full",
    "bench_panels",
    "bench_farm_local",
    "bench_render",
    "bench_dashboard",
):
    print(f"== {module}", flush=True)
    subprocess.run([sys.executable, "-m", f"tests.benchmarks.{module}"], check=True)
