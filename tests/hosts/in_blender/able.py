"""What Blender can do as it runs now: ``blender [-b] --python able.py -- ROOT``, one line of JSON."""

import json
import os
import sys

root = sys.argv[sys.argv.index("--") + 1]
sys.path[:0] = [os.path.join(root, "hosts"), os.path.join(root, "shelves")]

from onepiece_hosts.blender.adapter import BlenderHost  # noqa: E402 - it is found only now

host = BlenderHost()
sys.stdout.write("able " + json.dumps({"version": host.version(), "can": host.capabilities()}) + "\n")
sys.stdout.flush()
os._exit(0)
