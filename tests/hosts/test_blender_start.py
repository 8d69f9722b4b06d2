"""OnePiece's start-up in Blender: it comes up, leaves no trace, and never stops Blender."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.gui.artist import install, worker_command

HERE = Path(__file__).parent / "in_blender"

pytestmark = pytest.mark.skipif(shutil.which("blender") is None, reason="blender is not installed")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    install(tmp_path / "installed", worker_command())
    return tmp_path / "installed"


def start(installed: Path, *options: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """Blender in background, as ``dcc open-shot`` starts it: the add-ons of the installation are found."""
    ours = {"BLENDER_USER_SCRIPTS": str(installed / "blender" / "scripts"), "LIBGL_ALWAYS_SOFTWARE": "1"}
    ours["BLENDER_USER_CONFIG"] = str(installed.parent / "config")
    return subprocess.run(
        ["blender", "--background", *map(str, options)],
        env={**os.environ, **ours, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run(installed: Path, script: str, *arguments: object) -> tuple[Any, subprocess.CompletedProcess[str]]:
    result = installed.parent / "result.json"
    told = start(installed, "--python-exit-code", 9, "--python", HERE / script, "--", *arguments, result)
    assert told.returncode == 0, told.stdout + told.stderr
    return json.loads(result.read_text()), told


def test_the_add_on_brings_the_menu_and_leaves_no_trace(installed: Path) -> None:
    told, _ = run(installed, "startup.py")
    assert {"ONEPIECE_MT_menu", "onepiece.tool", "ONEPIECE_PT_view_3d", "WindowManager.onepiece"} <= set(told["on"])
    assert told["off"] == told["before"]
    assert told["again"] == told["on"]


def test_the_host_package_loads_nothing_but_the_standard_library_and_ours(installed: Path) -> None:
    told, _ = run(installed, "imports.py", installed / "python")
    assert set(told["added"]) - set(told["stdlib"]) == {"onepiece_hosts", "onepiece_shelves"}


def spoil_the_note(installed: Path) -> None:
    (installed / "install.json").write_text('{"schema": 7')


def take_the_python_folder(installed: Path) -> None:
    shutil.rmtree(installed / "python")


def break_the_package(installed: Path) -> None:
    broken = installed / "python" / "onepiece_hosts"
    broken.unlink()
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ZeroDivisionError('planted')\n")


@pytest.mark.parametrize("spoil", [spoil_the_note, take_the_python_folder, break_the_package])
def test_a_failing_start_never_stops_blender(installed: Path, spoil: Any) -> None:
    spoil(installed)
    told = start(installed, "--addons", "onepiece", "--python-expr", "print('Blender is up')")
    assert told.returncode == 0
    assert "Blender is up" in told.stdout
    assert [line for line in told.stdout.splitlines() if line.startswith("OnePiece could not start: ")]
    assert "Traceback" in told.stderr


def test_a_copy_elsewhere_finds_its_installation(installed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "user" / "addons" / "onepiece"
    shutil.copytree(installed / "blender" / "scripts" / "addons" / "onepiece", copy)
    (copy / "installation.txt").write_text(f"{installed}\n", encoding="utf-8")
    scripts = str(copy.parents[1])
    told = start(
        installed,
        "--addons",
        "onepiece",
        "--python-expr",
        "import bpy; print('MENU', hasattr(bpy.types, 'ONEPIECE_MT_menu'))",
        BLENDER_USER_SCRIPTS=scripts,
    )
    assert "MENU True" in told.stdout, told.stdout + told.stderr


def test_the_files_that_blender_loads_are_short() -> None:
    for path in (Path(__file__).parents[2] / "hosts/onepiece_hosts/blender/startup").glob("*.py"):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        assert len(lines) <= 15, path
