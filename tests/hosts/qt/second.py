"""A panel in a process of its own: ``python -m tests.hosts.qt.second SCENE RENDERS``.

Says ``ready`` when Publish can be pressed, presses it at the next line of its input, and tells how it ended as JSON.
"""

from __future__ import annotations

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from onepiece_hosts.panels.qt.publish_panel import RESULT
from tests.hosts.paper_host import PaperHost
from tests.hosts.qt.desk import Desk, real, run_until
from tests.hosts.qt.hands import checked, click


def main(scene: str, renders: str) -> None:
    host = PaperHost(outputs=[renders])
    host.open_scene(scene)
    desk = Desk(real(), dict(os.environ), host)
    panel = checked(desk)
    run_until(panel.go.isEnabled)
    print("ready", flush=True)
    sys.stdin.readline()
    click(panel.go)
    run_until(lambda: panel.pages.currentIndex() == RESULT or panel.error.isVisible())
    error = panel.model.error
    print(json.dumps({"result": panel.model.result, "error": error and error.as_report()}), flush=True)
    desk.leave()


if __name__ == "__main__":
    main(*sys.argv[1:])
