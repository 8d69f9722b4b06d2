"""Measures our callbacks inside Blender: ``blender --python measure.py -- INSTALL_FILE RESULT FILES``.

In background there are no timers: the queue that ``call_later`` fills is emptied here, and each call is timed.
First FILES dependencies are collected, then the open scene is published.
"""

import json
import queue
import sys
import time

install_file, result, files = sys.argv[sys.argv.index("--") + 1 :]
sys.path.insert(0, install_file.rpartition("/")[0] + "/python")

import bpy  # noqa: E402

from onepiece_hosts.blender.adapter import BlenderHost  # noqa: E402
from onepiece_hosts.facts import Collector  # noqa: E402
from onepiece_hosts.installation import find_installation  # noqa: E402
from onepiece_hosts.panels.publish_model import FAILED, PUBLISHING, READY, PublishModel  # noqa: E402
from onepiece_hosts.session import HostSession  # noqa: E402


class Measured(BlenderHost):
    """Blender whose main thread is this script."""

    def __init__(self) -> None:
        self.work: queue.SimpleQueue = queue.SimpleQueue()
        self.calls: list = []

    def call_later(self, work: object) -> None:
        self.work.put(work)

    def turn(self) -> None:
        work = self.work.get(timeout=120)
        wall, cpu = time.perf_counter(), time.thread_time()
        work()
        self.calls.append((time.perf_counter() - wall, time.thread_time() - cpu))


def told(calls: list) -> dict:
    walls, cpus = (sorted(one[kind] * 1000 for one in calls) for kind in (0, 1))
    last = int(len(walls) * 0.99)
    return {"calls": len(calls), "cpu_most_ms": cpus[-1], "cpu_p99_ms": cpus[last], "wall_p99_ms": walls[last]}


def collect(count: int) -> dict:
    for number in range(count):
        image = bpy.data.images.new(f"i{number:06d}", 1, 1)
        image.source, image.filepath = "FILE", f"//tex/i{number:06d}.png"
    host, slices = Measured(), []
    collector = Collector(host)
    is_done = False
    while not is_done:
        wall, cpu = time.perf_counter(), time.thread_time()
        is_done = collector.work()
        slices.append((time.perf_counter() - wall, time.thread_time() - cpu))
    return {"files": collector.count, **told(slices), "wall_most_ms": max(one[0] for one in slices) * 1000}


def publish() -> dict:
    host = Measured()
    session = HostSession(host, find_installation(install_file))
    model = PublishModel(host, session.worker)
    model.open()
    while model.state not in (READY, FAILED):
        host.turn()
    for finding in model.blocking:
        model.ignore(finding, "a measurement")
    host.calls.clear()
    model.publish()
    while model.state == PUBLISHING:
        host.turn()
    session.end()
    return {"state": model.state, "files": (model.result or {}).get("files"), **told(host.calls)}


# The publish first: it is that of the scene as it was saved.
measured = {"publish": publish(), "collect": collect(int(files))}
with open(result, "w") as file:
    json.dump(measured, file)
