"""Have Blender build and render the demo's scene, once: what is rendered stays for the next run."""

from __future__ import annotations

import hashlib
import json
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from onepiece_cli.demo.shot import FIRST, FRAMES, HEIGHT, LAST, WIDTH
from onepiece_core.dcc import Machine, find_dcc, get_dcc
from onepiece_core.errors import OnePieceError
from onepiece_core.media.probe import probe
from onepiece_core.open_shot import dcc_environment
from onepiece_core.progress import Progress, Reporter, Warned

_SCRIPT = Path(__file__).with_name("blender_scene.py")
# A machine that needs longer goes on with what it has the next time.
_PATIENCE_SECONDS = 140.0
_COST = "The frames are computed instead, and there is no scene in the package."


@dataclass(frozen=True, slots=True)
class Rendered:
    """A scene and its frames, in their order."""

    scene: Path
    frames: tuple[Path, ...]


def render(folder: Path, environ: Mapping[str, str], reporter: Reporter) -> Rendered | Warned:
    """The scene and frames in ``folder``; what is missing is rendered. A warning tells why there are none.

    Raises OperationCancelled; what was rendered by then stays.
    """
    found = find_dcc(get_dcc("blender"), Machine(environ))
    if found is None:
        return Warned(
            code="dcc.not_found",
            message=f"Blender is not installed here. {_COST}",
            hint="Install it from https://www.blender.org/download or put `blender` on PATH, then run the demo again.",
        )
    _keep_if_ours(folder, found.executable)
    made = Rendered(folder / "giant.blend", tuple(folder / "frames" / f"giant.{frame}.exr" for frame in FRAMES))
    for frame in made.frames:
        if not _is_whole(frame):
            frame.unlink(missing_ok=True)
    if made.scene.exists() and all(frame.exists() for frame in made.frames):
        return made
    command = [str(found.executable), "--background", "--factory-startup", "--python-exit-code", "1"]
    command += ["--python", str(_SCRIPT), "--", str(made.scene), str(folder / "frames" / "giant.####")]
    command += [str(number) for number in (FIRST, LAST, WIDTH, HEIGHT)]
    problem = _run(command, folder / "blender.log", dcc_environment(environ), made, reporter)
    if problem is None and all(_is_whole(frame) for frame in made.frames):
        return made
    return Warned(
        code="dcc.failed",
        message=f"Blender {problem or 'left frames out'}. {_COST}",
        hint=f"What it printed: {folder / 'blender.log'}",
    )


def _keep_if_ours(folder: Path, executable: Path) -> None:
    """Empty the folder when its frames were made by another scene or program."""
    script = hashlib.sha256(_SCRIPT.read_bytes()).hexdigest()
    key = json.dumps({"script": script, "program": str(executable), "frames": [FIRST, LAST, WIDTH, HEIGHT]})
    mark = folder / "made-by.json"
    if not (mark.exists() and mark.read_text(encoding="utf-8") == key):
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "frames").mkdir(parents=True)
        mark.write_text(key, encoding="utf-8")


def _is_whole(frame: Path) -> bool:
    """A killed Blender leaves half a frame."""
    try:
        probe(frame)
    except OnePieceError:
        return False
    return True


def _run(command: list[str], log: Path, environ: Mapping[str, str], made: Rendered, reporter: Reporter) -> str | None:
    """What went wrong, or None."""
    try:
        process = subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as cause:
        return f"does not start: {cause.strerror}"
    assert process.stdout is not None
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    reader = threading.Thread(target=_copy_lines, args=(process.stdout, log, lines), daemon=True)
    reader.start()
    try:
        return _watch(process, lines, made, reporter)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join(timeout=5)


def _copy_lines(output: IO[bytes], log: Path, lines: queue.SimpleQueue[bytes]) -> None:
    with log.open("wb") as kept, output:
        for line in output:
            kept.write(line)
            lines.put(line)


def _watch(
    process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes], made: Rendered, reporter: Reporter
) -> str | None:
    done, started = sum(frame.exists() for frame in made.frames), time.monotonic()
    while True:
        reporter.step(Progress(operation="demo", phase="render", done=done, total=len(made.frames), item="Blender"))
        try:
            line = lines.get(timeout=0.2)
        except queue.Empty:
            if process.poll() is not None:
                break
            if time.monotonic() - started > _PATIENCE_SECONDS:
                return "is slow on this machine: the next run goes on where this one stopped"
            continue
        done += line.startswith(b"Saved: '") and b".exr'" in line
        if time.monotonic() - started > _PATIENCE_SECONDS:
            return "is slow on this machine: the next run goes on where this one stopped"
    return None if process.returncode == 0 else f"ended with status {process.returncode}"
