"""Run an installed start-up file with a fake host around it, and click in its menu: HOST FOLDER WINDOW ENTRY [TEXT].

Does what the host does with the files, and prints what came of it as JSON, in the last line. With a TEXT the panel is
given some seconds to show it.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import runpy
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6 import QtWidgets

from tests.hosts.stubs.fakes_hou import Houdini
from tests.hosts.stubs.fakes_maya import Maya
from tests.hosts.stubs.fakes_nuke import Nuke


def in_maya(folder: Path, has_window: bool, entry: str) -> dict[str, Any]:
    maya = Maya(is_batch=not has_window)
    sys.modules.update(maya.modules())
    home = folder / "maya"
    for value in re.findall(r"^PYTHONPATH \+:= (\S+)$", (home / "onepiece.mod").read_text(), re.MULTILINE):
        sys.path.insert(0, str((home / value).resolve()))
    path = home / "scripts" / "userSetup.py"
    exec(compile(path.read_text(), "userSetup.py", "exec"), {"__name__": "__main__"})  # Maya tells it no __file__
    maya.idle()
    menu = [item.get("label", "-") for items in maya.menus.values() for item in items]
    for item in [item for items in maya.menus.values() for item in items if item.get("label") == entry]:
        click(lambda command=item["command"]: command(False))
    maya.idle()
    return {"menu": menu, "shown": maya.shown, "idle": maya.idle}


def in_nuke(folder: Path, has_window: bool, entry: str) -> dict[str, Any]:
    nuke = Nuke(is_gui=has_window)
    sys.modules.update(nuke.modules())
    runpy.run_path(str(folder / "nuke" / "init.py"))
    if has_window:
        runpy.run_path(str(folder / "nuke" / "menu.py"))
    nuke.idle()
    entries = nuke.menus.get("Nuke/OnePiece", [])
    for line in [command for name, command in entries if name == entry]:
        click(lambda line=line: exec(line, {}))
    nuke.idle()
    return {"menu": [name for name, _ in entries], "shown": nuke.shown, "idle": nuke.idle}


def in_houdini(folder: Path, has_window: bool, entry: str) -> dict[str, Any]:
    houdini = Houdini(has_window=has_window)
    sys.modules.update(houdini.modules())
    package = json.loads((folder / "houdini" / "onepiece.json").read_text())
    value = package["env"][0]["PYTHONPATH"]["value"].replace("$HOUDINI_PACKAGE_PATH", str(folder / "houdini"))
    sys.path.insert(0, str(Path(value).resolve()))
    runpy.run_path(str(folder / "houdini" / "scripts" / "python" / "pythonrc.py"))
    houdini.idle()
    menu = (folder / "houdini" / "MainMenuCommon.xml").read_text()
    items = re.findall(r"<label>([^<]*)</label>\s*<scriptCode>(.*?)</scriptCode>", menu, re.DOTALL)
    for line in [line for label, line in items if label == entry and has_window]:
        click(lambda line=line: exec(line, {}))
    houdini.idle()
    labels = re.findall(r"<scriptItem .*?<label>(.*?)</label>", menu, re.DOTALL)
    return {"menu": labels, "shown": houdini.shown, "idle": houdini.idle}


def click(carry_out: Callable[[], Any]) -> None:
    """Hosts show what an entry of a menu raises, and go on."""
    try:
        carry_out()
    except Exception:
        traceback.print_exc()


def shows(application: QtWidgets.QApplication, idle: Callable[[], None], text: str) -> bool:
    """Whether a panel comes to show ``text``, while the host is idle."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        idle()
        application.processEvents()
        labels = [one for one in application.allWidgets() if isinstance(one, QtWidgets.QLabel) and one.isVisible()]
        if any(text in label.text() for label in labels):
            return True
        time.sleep(0.02)
    return False


RUN = {"maya": in_maya, "nuke": in_nuke, "houdini": in_houdini}


def main() -> None:
    host, folder, has_window = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "window"
    for name in [name for name in sys.modules if name.startswith(("onepiece_hosts", "onepiece_shelves"))]:
        del sys.modules[name]
    application = QtWidgets.QApplication([]) if has_window else None  # a host with a window runs one
    told = RUN[host](folder, has_window, sys.argv[4])
    idle = told.pop("idle")
    started = sys.modules.get(f"onepiece_hosts.{host}.start")
    sessions = started._running if started else []
    told["sessions"] = len(sessions)
    told["panels"] = (
        [one.windowTitle() for one in application.topLevelWidgets() if one.isVisible()] if application else []
    )
    told["is_shown"] = [shows(application, idle, text) for text in sys.argv[5:] if application]
    for session in sessions:
        session.end()
    told["from"] = str(importlib.import_module("onepiece_hosts").__file__)
    print(json.dumps(told), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
