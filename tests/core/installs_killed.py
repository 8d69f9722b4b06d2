"""Kill installs and uninstalls with SIGKILL before things that they change: ``HOST FOLDER STEP``, the answer is JSON.

Before each STEP-th change.

A process of its own, so that the children which it forks have nothing of pytest's. Python's audit events tell what is
about to be changed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onepiece_core.dcc import Machine, get_dcc
from onepiece_core.dcc.install import alone, apply_install, apply_uninstall, plan_install, plan_uninstall
from onepiece_core.dcc.layout import HostSources, user_root

VERSIONS = {"houdini": ("20.5.445", "21.0"), "blender": ("3.4.1",)}
CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"}
OWN = b"import nuke\nnuke.pluginAddPath('./gizmos')"

Work = Callable[[], None]


class Home:
    """One user's, as it was before OnePiece came."""

    def __init__(self, folder: Path, host: str) -> None:
        self.folder, self.dcc = folder / "home", get_dcc(host)
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in (".local/share", ".nuke", "maya"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / ".nuke/init.py").write_bytes(OWN)
        self.machine = Machine({"HOME": str(self.folder)}, "linux", self.folder)
        self.root = user_root(self.machine)
        self.sources = HostSources(
            folder / "hosts", folder / "shelves", folder / "hosts/host.py", ("onepiece", "worker"), "1"
        )
        self.versions = VERSIONS.get(host, ())
        self.before = self.tree()

    def tree(self) -> dict[str, bytes | None]:
        found = self.folder.rglob("*")
        return {str(path): None if path.is_dir() else path.read_bytes() for path in found}

    def install(self) -> None:
        with alone(self.machine):
            apply_install(
                plan_install(self.dcc, self.sources, self.machine, root=self.root, host_versions=self.versions)
            )

    def uninstall(self) -> None:
        with alone(self.machine):
            apply_uninstall(plan_uninstall(self.dcc, root=self.root))


def killed(work: Work, change: int) -> bool:
    """Whether ``work`` was killed before its ``change``-th change; False when it came to its end."""
    pid = os.fork()
    if pid == 0:
        left = change

        def told(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if event in CHANGES or writes:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(told)
        work()
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or status == 0, status
    return os.WIFSIGNALED(status)


def traces(home: Home) -> list[str]:
    after = home.tree()
    return sorted(path for path in {*after, *home.before} if after.get(path, b"") != home.before.get(path, b""))


def batteries(folder: Path, host: str, step: int) -> dict[str, Any]:
    """How many places were tried in each battery, and what was left behind where."""
    told: dict[str, Any] = {}
    for name in ("install, uninstall", "install, install, uninstall", "uninstall, uninstall"):
        change, places, left = 1, 0, {}
        while True:
            home = Home(folder, host)
            if name.startswith("uninstall"):
                home.install()
            if not killed(home.uninstall if name.startswith("uninstall") else home.install, change):
                break
            if "install, install" in name:
                home.install()
            home.uninstall()
            if found := traces(home):
                left[change] = found
            change, places = change + step, places + 1
        told[name] = {"places": places, "left": left}
    return told


if __name__ == "__main__":
    print(json.dumps(batteries(Path(sys.argv[2]), sys.argv[1], int(sys.argv[3]))))
