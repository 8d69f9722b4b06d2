"""What importing the host package adds to Blender's modules, and how long it takes: ``-- PYTHON_FOLDER FILE``."""

import json
import sys
import time

folder, result = sys.argv[sys.argv.index("--") + 1 :]
sys.path.insert(0, folder)
before, begun = set(sys.modules), time.perf_counter()
import onepiece_hosts.blender.start  # noqa: E402, F401

seconds = time.perf_counter() - begun
added = {name.partition(".")[0] for name in set(sys.modules) - before}
with open(result, "w") as file:
    json.dump({"added": sorted(added), "seconds": seconds, "stdlib": sorted(sys.stdlib_module_names)}, file)
