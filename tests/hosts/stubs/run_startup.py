"""Run an installed start-up file with a fake host around it: ``python -m tests.hosts.stubs.run_startup HOST FOLDER``.

Does what the host does with the files, and prints what came of it as JSON, in the last line.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import runpy
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6 import QtWidgets

from tests.hosts.stubs.fakes_hou import Houdini
from tests.hosts.stubs.fakes_maya import Maya
from tests.hosts.stubs.fakes_nuke import Nuke


def in_maya(folder: Path, has_window: bool) -> dict[str, Any]:
    maya = Maya(is_batch=not has_window)
    sys.modules.update(maya.modules())
    home = folder / "maya"
    for value in re.findall(r"^PYTHONPATH \+:= (\S+)$", (home / "onepiece.mod").read_text(), re.MULTILINE):
        sys.path.insert(0, str((home / value).resolve()))
    path = home / "scripts" / "userSetup.py"
    exec(compile(path.read_text(), "userSetup.py", "exec"), {"__name__": "__main__"})  # Maya tells it no __file__
    maya.idle()
    menu = [item.get("label", "-") for items in maya.menus.values() for item in items]
    for item in [item for items in maya.menus.values() for item in items if item.get("label") == "About"]:
        click(lambda command=item["command"]: command(False))
    return {"menu": menu, "shown": maya.shown}


def in_nuke(folder: Path, has_window: bool) -> dict[str, Any]:
    nuke = Nuke(is_gui=has_window)
    sys.modules.update(nuke.modules())
    runpy.run_path(str(folder / "nuke" / "init.py"))
    if has_window:
        runpy.run_path(str(folder / "nuke" / "menu.py"))
    nuke.idle()
    entries = nuke.menus.get("Nuke/OnePiece", [])
    for line in [command for name, command in entries if name == "About"]:
        click(lambda line=line: exec(line, {}))
    return {"menu": [name for name, _ in entries], "shown": nuke.shown}


def in_houdini(folder: Path, has_window: bool) -> dict[str, Any]:
    houdini = Houdini(has_window=has_window)
    sys.modules.update(houdini.modules())
    package = json.loads((folder / "houdini" / "onepiece.json").read_text())
    value = package["env"][0]["PYTHONPATH"]["value"].replace("$HOUDINI_PACKAGE_PATH", str(folder / "houdini"))
    sys.path.insert(0, str(Path(value).resolve()))
    runpy.run_path(str(folder / "houdini" / "scripts" / "python" / "pythonrc.py"))
    houdini.idle()
    menu = (folder / "houdini" / "MainMenuCommon.xml").read_text()
    lines = re.findall(r"<scriptCode>(.*?)</scriptCode>", menu)
    for line in lines:
        if "about" in line and has_window:
            click(lambda line=line: exec(line, {}))
    return {"menu": re.findall(r"<scriptItem .*?<label>(.*?)</label>", menu, re.DOTALL), "shown": houdini.shown}


def click(entry: Callable[[], Any]) -> None:
    """Hosts show what an entry of a menu raises, and go on."""
    try:
        entry()
    except Exception:
        traceback.print_exc()


RUN = {"maya": in_maya, "nuke": in_nuke, "houdini": in_houdini}


def main() -> None:
    host, folder, has_window = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "window"
    for name in [name for name in sys.modules if name.startswith(("onepiece_hosts", "onepiece_shelves"))]:
        del sys.modules[name]
    application = QtWidgets.QApplication([]) if has_window else None  # a host with a window runs one
    told = RUN[host](folder, has_window)
    started = sys.modules.get(f"onepiece_hosts.{host}.start")
    sessions = started._running if started else []
    told["sessions"] = len(sessions)
    told["panels"] = (
        [one.windowTitle() for one in application.topLevelWidgets() if one.isVisible()] if application else []
    )
    for session in sessions:
        session.end()
    told["from"] = str(importlib.import_module("onepiece_hosts").__file__)
    print(json.dumps(told), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
