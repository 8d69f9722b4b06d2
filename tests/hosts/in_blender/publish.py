"""Publish the open scene from Blender's background: ``blender -b SCENE --python publish.py -- INSTALL_FILE``.

Without a window Blender has no timers, so the queue that ``call_later`` fills is emptied here. What happens is told
on stdout, a JSON line each.
"""

import json
import queue
import sys

install_file = sys.argv[sys.argv.index("--") + 1]
sys.path.insert(0, install_file.rpartition("/")[0] + "/python")

from onepiece_hosts.blender.adapter import BlenderHost  # noqa: E402
from onepiece_hosts.installation import find_installation  # noqa: E402
from onepiece_hosts.panels.publish_model import DONE, FAILED, PUBLISHING, READY, PublishModel  # noqa: E402
from onepiece_hosts.session import HostSession  # noqa: E402


class Background(BlenderHost):
    """Blender whose main thread is this script."""

    def __init__(self) -> None:
        self.work: queue.SimpleQueue = queue.SimpleQueue()

    def call_later(self, work: object) -> None:
        self.work.put(work)


def tell() -> None:
    told = {"state": model.state, "operation": model.operation, "progress": model.progress}
    told["error"] = model.error and model.error.as_report()
    print("TOLD " + json.dumps(told, default=str), flush=True)


host = Background()
session = HostSession(host, find_installation(install_file))
model = PublishModel(host, session.worker, tell)
model.open()
while model.state not in (READY, FAILED):
    host.work.get(timeout=60)()
print("CHECKED " + json.dumps([model.lacking, model.findings]), flush=True)
for finding in model.blocking:
    model.ignore(finding, "a test")
model.publish("from a test")
while model.state == PUBLISHING:
    host.work.get(timeout=60)()
print("ENDED " + json.dumps([model.state == DONE, model.result]), flush=True)
session.end()
