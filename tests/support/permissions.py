"""Run code as somebody who may not do everything: the tests may run as root, whom nothing stops."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NOBODY = 65534


def run_as_nobody(code: str, imports: str = "onepiece_core") -> str:
    """Run Python ``code`` without any privilege and give what it printed; ``imports`` are modules that it needs."""
    # The libraries are imported before the privileges go: a private checkout is not readable for nobody.
    drop = (
        "import os, onepiece_core.verify, onepiece_core.publish.collect, onepiece_core.media.probe\n"
        f"import onepiece_core.dcc.install, {imports}\n"
        f"if os.geteuid() == 0: os.setgid({_NOBODY}); os.setuid({_NOBODY})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", drop + code], capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
