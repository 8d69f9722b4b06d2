"""What OnePiece costs Blender's main thread: ``python -m tests.benchmarks.bench_blender [FRAMES] [FILES]``.

Not a race against a peer: it prints the longest slice and the 99th percentile of our callbacks while FRAMES files are
published to a sandbox, in background and in a window that draws our panel meanwhile, those of collecting FILES
dependencies, and how long importing the host package takes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from onepiece_server.sandbox import studio as sandbox
from tests.hosts.gui.artist import DESK, blender, install, worker_command
from tests.hosts.gui.shot import artists_environment, make_scene

SCRIPTS = Path(__file__).parents[1] / "hosts" / "in_blender"
NAME = "FG_ep010_sc02_0010_comp_v001"
SEEN = NAME.replace("v001", "v002")
COSTS = "bpy.app.driver_namespace['costs']"


def run(script: str, environ: dict[str, str], *options: object, scene: Path | None = None) -> None:
    before = [str(scene)] if scene else []
    command = ["blender", "--background", "--factory-startup", *before, "--python", str(SCRIPTS / script), "--"]
    subprocess.run([*command, *map(str, options)], env=environ, check=True, stdout=subprocess.DEVNULL, timeout=900)


def watch(folder: Path, scripts: Path, environ: dict[str, str], scene: Path) -> dict[str, Any]:
    """A publish in Blender's window, with our panel before the artist."""
    with blender(folder, scripts, environ, str(scene), "--python", str(SCRIPTS / "costs.py")) as artist:
        artist.choose("publish", has_worked=lambda: artist.desk("publish is not None"))
        artist.show_sidebar()
        artist.until(lambda: artist.desk("publish.state") in ("ready", "failed"), "the checks")
        artist.ask(f"[{DESK}.publish.ignore(one, 'a measurement') for one in list({DESK}.publish.blocking)]")
        artist.ask(f"{COSTS}.begin()")
        artist.desk("publish.publish()")
        while artist.desk("publish.state") == "publishing":
            time.sleep(0.1)
        told: dict[str, Any] = artist.ask(f"{COSTS}.end()")
        return {
            "state": artist.desk("publish.state"),
            "files": (artist.desk("publish.result") or {}).get("files"),
            **told,
        }


def main(frames: int, files: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-blender-") as made:
        folder = Path(made)
        home = {"HOME": made, "XDG_CONFIG_HOME": f"{made}/config", "ONEPIECE_STATE_DIR": f"{made}/state"}
        studio = sandbox.up(folder / "studio")
        try:
            environ = artists_environment({**os.environ, **home}, studio)
            scene = make_scene(folder / "work", NAME, environ, frames)
            seen = make_scene(folder / "work", SEEN, environ, frames)
            scripts = install(folder / "installed", worker_command())
            result = folder / "result.json"
            run("measure.py", environ, folder / "installed" / "install.json", result, files, scene=scene)
            told = json.loads(result.read_text())
            run("imports.py", environ, folder / "installed" / "python", result)
            told["import_ms"] = json.loads(result.read_text())["seconds"] * 1000
            told["publish_in_window"] = watch(folder, scripts, environ, seen)
            print(json.dumps(told, indent=2))
        finally:
            sandbox.down(folder / "studio", grace_seconds=0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, int(sys.argv[2]) if len(sys.argv) > 2 else 50_000)
