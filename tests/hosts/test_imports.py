"""Our code for hosts runs in every Python that a host brings, and loads nothing but the standard library and ours."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"onepiece_hosts": ROOT / "hosts", "onepiece_shelves": ROOT / "shelves"}
FILES = sorted(path for package, folder in FOLDERS.items() for path in (folder / package).rglob("*.py"))
# What a host brings itself, and where it may be imported at the top of a module.
APIS = {
    "maya": {"maya", "shiboken2", "shiboken6"},
    "nuke": {"nuke", "nukescripts", "_nuke"},
    "houdini": {"hou", "hdefereval", "toolutils"},
    "blender": {"bpy", "addon_utils", "bl_ui", "gpu", "mathutils"},
    "panels": {"Qt"},
}
OURS = set(FOLDERS)
OLDEST, NEWEST = 9, 13
# Not in the Python of the oldest host.
YOUNGER = {"tomllib"}

SCRIPT = """
import importlib, json, sys
folders, names, apis = json.loads(sys.stdin.read())
for name, source in names.items():
    compile(source, name, "exec")
sys.path[:0] = folders
before = set(sys.modules)
missing = {}
for name in names:
    if ".startup" in name:
        continue
    try:
        importlib.import_module(name)
    except ImportError as error:
        root = (error.name or "").partition(".")[0]
        if root not in apis:
            raise
        missing[name] = root
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
stdlib = sorted(getattr(sys, "stdlib_module_names", ()))  # 3.9 does not tell
print(json.dumps({"loaded": sorted(loaded), "missing": missing, "stdlib": stdlib}))
"""


def module_name(path: Path) -> str:
    for package, folder in FOLDERS.items():
        if path.is_relative_to(folder / package):
            parts = path.relative_to(folder).with_suffix("").parts
            return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    raise AssertionError(path)


NAMES = {module_name(path): path for path in FILES}


@cache
def pythons() -> dict[str, str]:
    """``3.9`` -> a program, for each Python of hosts that this machine has; the one of the tests is always there."""
    own = {"{}.{}".format(*sys.version_info): sys.executable}
    return dict(sorted({**find_pythons(os.environ, Path.home()), **own}.items(), key=lambda one: int(one[0][2:])))


def find_pythons(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """On PATH, and where pyenv and uv keep theirs."""
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python")
    found = {}
    for version in (f"3.{minor}" for minor in range(OLDEST, NEWEST + 1)):
        places = [Path(folder, f"python{version}") for folder in environ.get("PATH", "").split(os.pathsep)]
        places += sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
        places += sorted(uv.glob(f"cpython-{version}.*/bin/python{version}"))
        if program := next((str(place) for place in places if _answers(str(place), version)), None):
            found[version] = program
    return found


def _answers(program: str, version: str) -> bool:
    """Whether the program is there and is that version; a shim may be neither."""
    if not os.access(program, os.X_OK):
        return False
    command = [program, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() == version


def run(python: str) -> dict[str, Any]:
    """Import every module in a fresh interpreter that sees no site-packages."""
    apis = sorted({name for names in APIS.values() for name in names})
    sources = {name: path.read_text(encoding="utf-8") for name, path in NAMES.items()}
    told = json.dumps([[str(folder) for folder in FOLDERS.values()], sources, apis])
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-c", SCRIPT], input=told, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def area_of(name: str) -> str:
    """The folder of the package that a module lies in."""
    return name.split(".")[1] if name.count(".") else ""


def test_the_pythons_of_a_machine_are_found_where_they_are_kept(tmp_path: Path):
    def program(path: str, version: str) -> str:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / path).chmod(0o755)
        return str(tmp_path / path)

    wanted = {
        "3.9": program("bin/python3.9", "3.9"),
        "3.10": program(".pyenv/versions/3.10.13/bin/python", "3.10"),
        "3.13": program(".local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3.13", "3.13"),
    }
    program("bin/python3.12", "")  # a shim of a version that is not installed
    program("bin/python3.8", "3.8")  # of no host
    assert find_pythons({"PATH": str(tmp_path / "bin")}, tmp_path) == wanted


@pytest.mark.parametrize("version", pythons())
def test_every_module_imports_and_loads_nothing_else(version: str):
    told = run(pythons()[version])
    assert set(told["loaded"]) - set(told["stdlib"] or sys.stdlib_module_names) - OURS == set()
    assert set(told["loaded"]) >= OURS
    # What could not be imported here needs the host that it is for.
    assert {name: api for name, api in told["missing"].items() if api not in APIS.get(area_of(name), ())} == {}
    assert not [name for name in told["missing"] if name.count(".") < 2]


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_module_is_written_for_the_oldest_python_and_imports_what_every_host_has(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, OLDEST))
    name = module_name(path)
    allowed = (sys.stdlib_module_names - YOUNGER) | OURS | APIS.get(area_of(name), set())
    inside = (
        allowed | {api for apis in APIS.values() for api in apis} | {"PySide6", "PySide2", "shiboken6", "shiboken2"}
    )
    at_top = set(_imported(tree.body))
    anywhere = set(_imported(list(ast.walk(tree))))
    assert at_top - allowed == set()
    assert anywhere - inside == set()


def _imported(nodes: list[Any]) -> list[str]:
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.append(node.module.partition(".")[0])
    return found


def test_the_shelves_know_no_host():
    for path in FILES:
        if module_name(path).startswith("onepiece_shelves"):
            assert "onepiece_hosts" not in _imported(list(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))


def test_no_host_knows_another():
    hosts = set(APIS) - {"panels"}
    for name, path in NAMES.items():
        if area_of(name) in hosts:
            others = "|".join(hosts - {area_of(name)})
            assert not re.search(rf"onepiece_hosts\.({others})\b", path.read_text(encoding="utf-8")), name
