"""What the Qt panels cost a host's main thread: ``python -m tests.benchmarks.bench_panels [FILES]``.

Not a race against a peer: it prints how long the publish panel takes to be on the screen and to be filled in, and the
longest turns of the event loop, drawing included, while FILES files are published to a sandbox.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from Qt import QtWidgets

from onepiece_hosts.panels.qt.publish_panel import RESULT
from onepiece_server.sandbox import studio as sandbox
from tests.hosts.paper_host import PaperHost
from tests.hosts.qt.desk import Desk, real, run_until
from tests.support.media import write_exr
from tests.support.studio import shotgrid_of

NAME = "FG_ep010_sc02_0010_comp_v001"
FIELDS = ("sg_cut_in", "sg_cut_out", "sg_head_in", "sg_tail_out")


class Watched(QtWidgets.QApplication):
    """Times every event that Qt hands out: timers, queued calls, drawing."""

    def __init__(self) -> None:
        super().__init__(["bench"])
        self.turns: list[tuple[float, float]] = []
        self._depth = 0

    def notify(self, receiver: Any, event: Any) -> bool:
        if self._depth:
            return bool(super().notify(receiver, event))
        self._depth += 1
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return bool(super().notify(receiver, event))
        finally:
            self._depth -= 1
            self.turns.append((time.perf_counter() - wall, time.thread_time() - cpu))


def opened(environ: dict[str, str], host: PaperHost) -> tuple[Desk, Any, dict[str, float]]:
    """A panel in a session of its own: milliseconds until it is drawn, of which CPU, and until the checks are."""
    desk = Desk(real(), environ, host)
    begin, cpu = time.perf_counter(), time.thread_time()
    panel = desk.show("publish")
    QtWidgets.QApplication.processEvents()
    frame, cpu = time.perf_counter() - begin, time.thread_time() - cpu
    run_until(lambda: panel.findings.head.text().endswith(("passed", "finding", "findings")), 60)
    return desk, panel, {"frame_ms": ms(frame), "frame_cpu_ms": ms(cpu), "filled_ms": ms(time.perf_counter() - begin)}


def ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def share(values: list[float], part: float) -> float:
    return ms(sorted(values)[min(len(values) - 1, int(len(values) * part))])


def main(files: int) -> None:
    app = Watched()
    with tempfile.TemporaryDirectory(prefix="bench-panels-") as made:
        folder = Path(made)
        studio = sandbox.up(folder / "studio")
        try:
            measure(app, folder, studio, files)
        finally:
            sandbox.down(folder / "studio", grace_seconds=0)


def measure(app: Watched, folder: Path, studio: Any, files: int) -> None:
    settings = f'[publish]\nbucket = "studio-prod-data"\n[roots.projects]\nlinux = "{folder}"\n'
    (folder / "onepiece.toml").write_text(settings)
    home = {"HOME": str(folder), "ONEPIECE_STATE_DIR": str(folder / "state"), "PATH": "/usr/bin:/bin"}
    environ = {**studio.env, **home, "LOGNAME": "elif"}
    host = scene(folder, studio, files)
    told: dict[str, Any] = {"files": files}
    for number in range(4):
        desk, panel, told[f"opened_{number + 1}"] = opened(environ, host)
        if number < 3:
            desk.leave()
    run_until(panel.go.isEnabled, 60)
    app.turns.clear()
    begin = time.perf_counter()
    panel.go.click()
    run_until(lambda: panel.pages.currentIndex() == RESULT or panel.error.isVisible(), 1800)
    assert panel.model.error is None, panel.model.error.as_report()
    wall, cpu = [list(one) for one in zip(*app.turns, strict=True)]
    told["publish_s"] = round(time.perf_counter() - begin, 1)
    told["turns"] = len(wall)
    told["main_thread_cpu_s"] = round(sum(cpu), 2)
    told["cpu_ms"] = {"p99": share(cpu, 0.99), "longest": share(cpu, 1)}
    told["wall_ms"] = {"p99": share(wall, 0.99), "longest": share(wall, 1)}
    print(json.dumps(told, indent=2))
    desk.leave()


def scene(folder: Path, studio: Any, files: int) -> PaperHost:
    """One that nothing is wrong with, and FILES - 1 frames."""
    work = folder / "FG/ep010/sc02/0010/comp/work"
    (work / "renders").mkdir(parents=True)
    for frame in range(1001, 1000 + files):
        write_exr(work / "renders" / f"{NAME}.{frame}.exr", seed=frame)
    shot = shotgrid_of(studio).find_one("Shot", [["code", "is", "ep010_sc02_0010"]], FIELDS)
    span = [shot[name] for name in FIELDS]
    host = PaperHost((work / f"{NAME}.nk").as_posix(), range=span, outputs=[f"{work}/renders/{NAME}.%04d.exr"])
    host.save()
    return host


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
