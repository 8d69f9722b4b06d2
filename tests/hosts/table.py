"""The table of hosts: what each can do and how that was checked, made from the contract's results.

    python -m tests.hosts.table [--write]

With ``--write`` the contract runs in Blender and over the fakes of Maya, Nuke and Houdini, and what came of it is
written to ``onepiece_core/dcc/checked.json`` and the page. Without it, it fails where the page is not what the file
says, or the file is older than the contract or the adapters.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.hosts.contract import HostContract
from tests.hosts.gui.artist import screen
from tests.hosts.stubs.fakes_hou import Houdini
from tests.hosts.stubs.fakes_maya import Maya
from tests.hosts.stubs.fakes_nuke import Nuke
from tests.hosts.stubs.guard import installed
from tests.hosts.test_blender import in_blender
from tests.hosts.unproven import UNPROVEN

ROOT = Path(__file__).parents[2]
DATA = ROOT / "onepiece_core" / "dcc" / "checked.json"
PAGE = ROOT / "docs" / "explanation" / "hosts.md"
SCHEMA = "onepiece.hosts-checked.1"
LABELS = {"blender": "Blender", "maya": "Maya", "nuke": "Nuke", "houdini": "Houdini"}
STUBS = {"maya": "maya-stubs", "nuke": "types-nuke", "houdini": "types-houdini"}
RUN, SHAPES = "run in the host", "names and shapes of calls only"

INTRODUCTION = """# Which host was checked, and how

Made by `python -m tests.hosts.table --write`; a test compares.

OnePiece's adapter of each host keeps one contract. In Blender it runs **in Blender itself**. Maya, Nuke and Houdini
could not be run where this was made: for them the contract runs over a small stand-in whose names and shapes of calls
come from the host's published type stubs. A call that such a host does not have, a wrong keyword, an invented
attribute or constant fails the tests. That proves **names and shapes of calls, not what they do**: behaviour in these
three hosts is unproven until somebody runs the contract, or simply works, in them.
"""


def behaviours() -> list[str]:
    """The contract's tests as sentences, in their order."""
    return [_sentence(name) for name in vars(HostContract) if name.startswith("test_")]


def _sentence(test: str) -> str:
    return test.removeprefix("test_").replace("_", " ")


# Running


def passed(report: str) -> list[str]:
    """Sentences of the tests that passed, each once. Raises SystemExit where one did not."""
    if re.search(r"^(FAILED|ERROR|SKIPPED)", report, re.MULTILINE):
        raise SystemExit(report)
    return list(dict.fromkeys(map(_sentence, re.findall(r"^PASSED \S+::(test_\w+)", report, re.MULTILINE))))


def checked_blender() -> dict[str, Any]:
    alone = _able(["--background"], {})
    with screen() as display:
        window = _able([], {"DISPLAY": display})
    told = in_blender("contract.py")
    ran = f"Blender {alone['version']}"
    return _entry(RUN, ran, passed(told.stdout), {"window": window["can"], "background": alone["can"]})


def _able(options: list[str], env: Mapping[str, str]) -> dict[str, Any]:
    script = str(ROOT / "tests/hosts/in_blender/able.py")
    command = [str(shutil.which("blender")), *options, "--factory-startup", "--python", script, "--", str(ROOT)]
    whole = {**os.environ, "LIBGL_ALWAYS_SOFTWARE": "1", **env}
    done = subprocess.run(command, env=whole, capture_output=True, text=True, timeout=120, check=False)
    found = re.search(r"^able (.*)$", done.stdout, re.MULTILINE)
    if found is None:
        raise SystemExit(done.stdout + done.stderr)
    told: dict[str, Any] = json.loads(found[1])
    return told


def checked_fake(host: str) -> dict[str, Any]:
    tests = f"tests/hosts/test_{host}.py::TestContract"
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-rA", tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    stub = f"{STUBS[host]} {importlib.metadata.version(STUBS[host])}"
    return _entry(SHAPES, stub, passed(done.stdout), abilities()[host])


def abilities() -> dict[str, dict[str, dict[str, bool]]]:
    """What each adapter over its fake says it can do. In a process of its own, for the Qt application in it."""
    command = [sys.executable, "-m", "tests.hosts.table", "--abilities"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    told: dict[str, dict[str, dict[str, bool]]] = json.loads(done.stdout)
    return told


def _abilities_here(host: str) -> dict[str, dict[str, bool]]:
    found = {}
    for name, has_window in (("window", True), ("background", False)):
        modules, adapter = _fake(host, has_window)
        with installed(modules, f"onepiece_hosts.{host}"):
            kind = getattr(importlib.import_module(f"onepiece_hosts.{host}.adapter"), adapter)
            found[name] = dict(kind().capabilities())
    return found


def _fake(host: str, has_window: bool) -> tuple[dict[str, ModuleType], str]:
    if host == "maya":
        return Maya(is_batch=not has_window).modules(), "MayaHost"
    if host == "nuke":
        return Nuke(is_gui=has_window).modules(), "NukeHost"
    return Houdini(has_window=has_window).modules(), "HoudiniHost"


def _entry(how: str, against: str, kept: list[str], can: Mapping[str, Any]) -> dict[str, Any]:
    return {"how": how, "against": against, "behaviours": kept, "can": {name: can[name] for name in sorted(can)}}


def run() -> dict[str, Any]:
    hosts = {"blender": checked_blender(), **{host: checked_fake(host) for host in STUBS}}
    for host, entry in hosts.items():
        entry["unproven"] = list(UNPROVEN[host])
    return {"schema": SCHEMA, "hosts": hosts}


# The page


def page(data: Mapping[str, Any]) -> str:
    parts = [INTRODUCTION, *_summary(data), "\n## What each can do\n", *_abilities(data)]
    parts += ["\n## What was checked\n", *_behaviours(data), "\n## What is unproven\n", *_unproven(data)]
    return "\n".join(parts) + "\n"


def _summary(data: Mapping[str, Any]) -> Iterable[str]:
    yield "| host | how it was checked | against | behaviours of the contract |"
    yield "|---|---|---|---|"
    for host, entry in data["hosts"].items():
        yield f"| {LABELS[host]} | {entry['how']} | {entry['against']} | {len(entry['behaviours'])} |"


def _abilities(data: Mapping[str, Any]) -> Iterable[str]:
    hosts = data["hosts"]
    yield "| | " + " | ".join(LABELS[host] for host in hosts) + " |"
    yield "|---" * (len(hosts) + 1) + "|"
    names = dict.fromkeys(name for entry in hosts.values() for name in entry["can"]["window"])
    for name in names:
        yield f"| {_ability(name)} | " + " | ".join(_can(entry["can"], name) for entry in hosts.values()) + " |"


def _ability(name: str) -> str:
    told = {
        "is_modified": "knows whether the scene has unsaved changes",
        "thumbnail": "takes a thumbnail of the viewport",
        "playblast": "makes a playblast",
        "selection": "tells and sets the selection",
    }
    return told.get(name) or f"tells when {name.removeprefix('on.').replace('opened', 'a scene was opened')}".replace(
        "when saved", "when a scene was saved"
    ).replace("when closing", "when it is closing")


def _can(can: Mapping[str, Mapping[str, bool]], name: str) -> str:
    window, background = can["window"].get(name, False), can["background"].get(name, False)
    return {(True, True): "yes", (True, False): "with a window", (False, True): "in background"}.get(
        (window, background), "no"
    )


def _behaviours(data: Mapping[str, Any]) -> Iterable[str]:
    hosts = data["hosts"]
    yield "| behaviour | " + " | ".join(LABELS[host] for host in hosts) + " |"
    yield "|---" * (len(hosts) + 1) + "|"
    short = {RUN: "run", SHAPES: "shapes"}
    for behaviour in dict.fromkeys(one for entry in hosts.values() for one in entry["behaviours"]):
        cells = [short[entry["how"]] if behaviour in entry["behaviours"] else "-" for entry in hosts.values()]
        yield f"| {behaviour} | " + " | ".join(cells) + " |"


def _unproven(data: Mapping[str, Any]) -> Iterable[str]:
    for host, entry in data["hosts"].items():
        yield f"{LABELS[host]}:\n"
        yield from (f"- {one}" for one in entry["unproven"])
        yield ""


def findings() -> list[str]:
    """What is old. Empty when the file and the page are what the code says."""
    if not DATA.exists() or not PAGE.exists():
        return ["the table was never written"]
    data = json.loads(DATA.read_text(encoding="utf-8"))
    wrong = [] if PAGE.read_text(encoding="utf-8") == page(data) else ["the page is not what checked.json says"]
    for host, entry in data["hosts"].items():
        if entry["behaviours"] != behaviours():
            wrong.append(f"{host}: the contract has changed since")
        if entry["unproven"] != list(UNPROVEN[host]):
            wrong.append(f"{host}: the list of what is unproven has changed since")
    now = abilities()
    return wrong + [f"{host}: it can do other things" for host in STUBS if data["hosts"][host]["can"] != now[host]]


def main() -> int:
    if "--abilities" in sys.argv:
        from Qt import QtCore

        application = QtCore.QCoreApplication([])
        print(json.dumps({host: _abilities_here(host) for host in STUBS}))
        del application
        return 0
    if "--write" in sys.argv:
        data = run()
        DATA.write_text(json.dumps(data, indent=1, sort_keys=False) + "\n", encoding="utf-8")
        PAGE.write_text(page(data), encoding="utf-8")
        return 0
    for one in (found := findings()):
        print(f"{one}: python -m tests.hosts.table --write")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
