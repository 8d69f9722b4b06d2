"""What the farm of this machine costs: ``python -m tests.benchmarks.bench_farm_local [TASKS] [FRAMES] [--pairs N]``.

Small tasks: TASKS that do nothing, on 2 workers, against bare openjd-sessions on 2 sessions that take the tasks from
one list; neither counts the import of openjd. Real tasks: CPU of FRAMES single frames in Blender, against a shell loop
of ``blender -b``; ours counts the workers, all they run, and this process meanwhile.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from onepiece_core.farm.engines.local import LocalFarm
from tests.benchmarks.measure import verdict
from tests.support.local_farms import live_workers, local_farm
from tests.support.local_jobs import shell_job


def bare_seconds(folder: Path, tasks: int) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.bare_sessions", str(folder), str(tasks)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_job(farm: LocalFarm, job_id: str, script: str, folder: Path, tasks: int) -> float:
    """Seconds from submit until the last task is known to have ended."""
    started = time.perf_counter()
    farm.submit(shell_job(job_id, script, folder, tasks=tasks))
    while (state := farm.read_jobs([job_id])[job_id].state) in ("queued", "running"):
        time.sleep(0.05)
    if state != "succeeded":
        raise SystemExit(f"{job_id} {state}")
    return time.perf_counter() - started


def compare_small_tasks(folder: Path, tasks: int, pairs: int) -> None:
    ratios, rates = [], []
    with local_farm(folder / "farm", workers=2, idle_seconds=600) as farm:
        run_job(farm, "warm", "sleep 0.5", folder, 4)  # both workers are there
        for pair in range(pairs):
            ours = run_job(farm, f"pair{pair}", "true", folder, tasks)
            bare = bare_seconds(folder, tasks)
            ratios.append(ours / bare)
            rates.append((tasks / ours, tasks / bare))
            print(
                f"  {tasks} tasks: ours {tasks / ours:5.0f}/s, bare openjd-sessions {tasks / bare:5.0f}/s", flush=True
            )
    ours_rate, bare_rate = (statistics.median(rate) for rate in zip(*rates, strict=True))
    print(f"  median {ours_rate:.0f}/s and {bare_rate:.0f}/s; time, ours/bare {verdict(ratios, 1 / 0.8)}")


def cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def compare_blender(folder: Path, frames: int, pairs: int) -> None:
    scene = folder / "cube.blend"
    make = "import bpy; bpy.context.scene.render.resolution_percentage = 10;"
    make += f"bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r})"
    command = "blender -b --factory-startup"
    subprocess.run(
        [*command.split(), "--python-expr", make], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    render = f"{command} {scene} -E BLENDER_WORKBENCH -o {folder}/####.png -f"
    over = []
    me = psutil.Process()
    with local_farm(folder / "blender", workers=1, idle_seconds=600) as farm:
        run_job(farm, "warm", f"{render} $1", folder, 1)
        for pair in range(pairs):
            (worker,) = live_workers(folder / "blender")
            before = cpu_of(worker) + cpu_of(me)
            run_job(farm, f"pair{pair}", f"{render} $1", folder, frames)
            ours = cpu_of(worker) + cpu_of(me) - before
            before = cpu_of(me)
            loop = f"for frame in $(seq {frames}); do {render} $frame; done"
            subprocess.run(["sh", "-c", loop], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            bare = cpu_of(me) - before
            over.append((ours - bare) / frames * 1000)
            print(f"  {frames} frames: ours {ours:.2f} cpu s, shell loop {bare:.2f} cpu s", flush=True)
    print(
        f"  CPU of a task over the shell loop: {statistics.median(over):.0f} ms (limit 150), {sorted(map(round, over))}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tasks", nargs="?", type=int, default=1000)
    parser.add_argument("frames", nargs="?", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-farm-"))
    try:
        compare_small_tasks(folder, options.tasks, options.pairs)
        compare_blender(folder, options.frames, options.pairs)
        print(f"  load {os.getloadavg()[0]:.1f}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
