"""Maya, Nuke and Houdini do not run here: the names and shapes of what their templates call are checked."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.run_task import TaskEnd, run_task
from onepiece_core.paths import Roots
from onepiece_core.render.prepare import Ground, prepare
from onepiece_core.render.request import RenderRequest

_NUKE = """
import os
class Knob:
    def __init__(self, name, value=None): self.name, self.held = name, value
    def value(self): return self.held
    def setValue(self, value): told("set", self.name, value)
class Node(dict): pass
WRITE = Node(disable=Knob("disable", False), file=Knob("file"), create_directories=Knob("create_directories"))
def told(*words): print("CALL", *words, flush=True)
def scriptOpen(path): told("scriptOpen", os.path.basename(path))
def allNodes(kind): told("allNodes", kind); return [WRITE]
def toNode(name): told("toNode", name); return WRITE if name == "Write1" else None
def frame(): return 5
def addAfterFrameRender(call): global after; after = call
def execute(node, first, last): told("execute", first, last); after()
"""
_HOU = """
import os
def told(*words): print("CALL", *words, flush=True)
class hipFile:
    @staticmethod
    def load(path, suppress_save_prompt, ignore_load_warnings): told("load", os.path.basename(path))
class Driver:
    def render(self, frame_range, output_file=None): told("render", frame_range, output_file)
def node(path): return Driver() if path == "/out/mantra1" else None
"""


def rendered(dcc: str, folder: Path, renderer: Path, **parameters: str) -> tuple[TaskEnd, list[str]]:
    """How the second of two chunks ended, and the calls that it made."""
    (folder / f"shot.{dcc}").touch()
    request = RenderRequest(
        dcc=dcc,
        scene=f"show:shot.{dcc}",
        frames="1-10",
        chunk_size=5,
        output="show:out/beauty.%04d.exr",
        parameters={"Renderer": str(renderer), **parameters},
        environment={"PYTHONPATH": str(folder / "api")},
    )
    ground = Ground(Roots({"show": folder}, "here"), folder)
    job = prepare(request, ground, job_id="j", farm="local", capabilities=Capabilities()).job
    log = folder / "task.log"
    end = run_task(job, 1, log=log, work_dir=folder / "work", on_progress=lambda *_: None, cancelled=lambda: False)
    lines = log.read_text().splitlines()
    return end, [line.removeprefix("CALL ") for line in lines if line.startswith(("CALL ", "openjd_"))]


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def api(folder: Path, name: str, text: str) -> None:
    (folder / "api").mkdir()
    (folder / "api" / f"{name}.py").write_text(text)


def test_maya_is_started_by_render_beside_its_python(tmp_path: Path) -> None:
    program(tmp_path, "Render", 'echo CALL "$@"')
    mayapy = tmp_path / "bin" / "mayapy"
    os.symlink(sys.executable, mayapy)
    end, calls = rendered("maya", tmp_path, mayapy, Camera="cam1", Engine="arnold")
    assert end.state == "succeeded"
    where = f"-rd {tmp_path}/out -im beauty -cam cam1 {tmp_path}/shot.maya"
    assert calls == [f"-r arnold -s 6 -e 10 -b 1 {where}"]


def test_what_mayas_render_says_is_how_the_task_ended(tmp_path: Path) -> None:
    program(tmp_path, "Render", "exit 211")
    os.symlink(sys.executable, tmp_path / "bin" / "mayapy")
    end, _ = rendered("maya", tmp_path, tmp_path / "bin" / "mayapy")
    assert (end.state, end.exit_code) == ("failed", 211)


def test_nuke_executes_the_write_frame_by_frame(tmp_path: Path) -> None:
    api(tmp_path, "nuke", _NUKE)
    nuke = program(tmp_path, "nuke", f'[ "$1" = -t ] || exit 9; shift; exec {sys.executable} "$@"')
    end, calls = rendered("nuke", tmp_path, nuke)
    assert end.state == "succeeded"
    file = f"set file {tmp_path}/out/beauty.####.exr"
    assert calls[:4] == ["scriptOpen shot.nuke", "allNodes Write", file, "set create_directories True"]
    assert calls[4:] == ["execute 6 10", "openjd_progress: 0.0"]


def test_a_write_that_nuke_has_not_is_said(tmp_path: Path) -> None:
    api(tmp_path, "nuke", _NUKE)
    nuke = program(tmp_path, "nuke", f'shift; exec {sys.executable} "$@"')
    end, _ = rendered("nuke", tmp_path, nuke, Write="Write9")
    assert end.state == "failed"
    assert "name one Write" in end.message


def test_houdini_renders_its_driver(tmp_path: Path) -> None:
    api(tmp_path, "hou", _HOU)
    hython = program(tmp_path, "hython", f'exec {sys.executable} "$@"')
    end, calls = rendered("houdini", tmp_path, hython)
    assert end.state == "succeeded"
    assert calls[:3] == [
        "load shot.houdini",
        f"render (6, 6, 1) {tmp_path}/out/beauty.$F4.exr",
        "openjd_progress: 20.0",
    ]
    assert calls[-1] == "openjd_progress: 100.0"


def test_a_driver_that_houdini_has_not_is_said(tmp_path: Path) -> None:
    api(tmp_path, "hou", _HOU)
    end, _ = rendered("houdini", tmp_path, program(tmp_path, "hython", f'exec {sys.executable} "$@"'), Driver="/out/x")
    assert end.state == "failed"
    assert "/out/x" in end.message
