"""Run pytest inside Blender: ``blender -b --python run.py -- ROOT SITE_PACKAGES ARGUMENTS...``."""

import os
import sys

root, packages, *arguments = sys.argv[sys.argv.index("--") + 1 :]
sys.path[:0] = [root, os.path.join(root, "hosts"), os.path.join(root, "shelves")]
sys.path.append(packages)
os.chdir(root)

import pytest  # noqa: E402 - it is found only now

sys.stdout.flush()
status = pytest.main([*arguments, "--noconftest", "-p", "no:xdist", "-o", "addopts="])
sys.stdout.flush()
os._exit(int(status))  # Blender's own way out loses the status
