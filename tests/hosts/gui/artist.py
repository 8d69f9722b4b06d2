"""An artist in front of Blender: a screen of its own, a mouse that clicks, a camera that takes pictures."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
WIDTH, HEIGHT = 1280, 800
NEEDED = ("blender", "Xvfb", "xdotool", "import")
# Where our menu stands in the bar, right of Blender's own, and how high rows are, at scale 1.
_MENU_X, _BAR_Y, _ROW = 290, 13, 20


def install(folder: Path, worker: list[str]) -> Path:
    """What ``onepiece dcc install`` lays out, as links into the repository; the folder for BLENDER_USER_SCRIPTS."""
    (folder / "python").mkdir(parents=True)
    told = {"schema": "onepiece.hosts.1", "version": "0.1.0", "worker": worker, "created_at": "2026-01-01T00:00:00Z"}
    (folder / "install.json").write_text(json.dumps(told))
    for package in ("hosts/onepiece_hosts", "shelves/onepiece_shelves"):
        (folder / "python" / Path(package).name).symlink_to(ROOT / package)
    addons = folder / "blender" / "scripts" / "addons"
    addons.mkdir(parents=True)
    shutil.copytree(ROOT / "hosts/onepiece_hosts/blender/startup", addons / "onepiece")
    return addons.parent


@contextmanager
def screen() -> Iterator[str]:
    """A display that nobody sees: ``:7``."""
    reading, writing = os.pipe()
    size = f"{WIDTH}x{HEIGHT}x24"
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


class Artist:
    """Drives one Blender. Every wait ends when what is waited for is there."""

    def __init__(self, display: str, process: subprocess.Popen[bytes], port: int) -> None:
        self.environ = {**os.environ, "DISPLAY": display}
        self.process = process
        self._stream = socket.create_connection(("127.0.0.1", port)).makefile("rwb")

    # Questions

    def ask(self, python: str) -> Any:
        """The value of an expression in Blender."""
        self._stream.write(python.replace("\n", " ").encode() + b"\n")
        self._stream.flush()
        told = json.loads(self._stream.readline())
        assert "error" not in told, (python, told)
        return told["value"]

    def desk(self, python: str) -> Any:
        """The same, of our desk: ``publish.state``."""
        return self.ask(f"bpy.types.ONEPIECE_MT_menu.desk.{python}")

    def until(self, is_there: Callable[[], Any], what: str, seconds: float = 15.0) -> Any:
        end = time.monotonic() + seconds
        while not (found := is_there()):
            assert time.monotonic() < end, f"{what} did not come"
            time.sleep(0.03)
        return found

    # Mouse, keys, camera

    def _x(self, *arguments: object) -> None:
        subprocess.run(["xdotool", *map(str, arguments)], env=self.environ, check=True, timeout=20)

    def click(self, x: float, y: float) -> None:
        self._x("mousemove", int(x), int(y), "sleep", "0.05", "click", "1")

    def move(self, x: float, y: float) -> None:
        self._x("mousemove", int(x), int(y))

    def type(self, text: str, *keys: str) -> None:
        self._x("type", "--delay", "15", text)
        for key in keys:
            self._x("key", key)

    def picture(self, path: Path) -> None:
        command = ["import", "-window", "root", "-quality", "82", str(path)]
        subprocess.run(command, env=self.environ, check=True, timeout=20)

    # What Blender has on its screen

    def choose(self, entry: int) -> None:
        """Open our menu and click its entry of that number."""
        self.open_menu()
        separators = sum(number <= entry for number in (2, 4))
        self.click(_MENU_X + 20, _BAR_Y + 26 + entry * _ROW + separators * 7)
        self.until_drawn()

    def close_menu(self) -> None:
        self._x("key", "Escape")
        self.move(WIDTH / 3, HEIGHT / 2)
        self.until_drawn()

    def open_menu(self) -> None:
        """It stands right of Blender's own; a click that was lost in the start is made again."""
        self.ask("clear()")
        for _ in range(5):
            self.click(_MENU_X, _BAR_Y)
            end = time.monotonic() + 4
            while time.monotonic() < end:
                if self.ask("len(drawn)"):
                    return
                time.sleep(0.03)
        raise AssertionError("the menu did not open")

    def show_sidebar(self) -> None:
        """What ``Publish...`` brings up; before 4.2 the artist clicks its tab once."""
        self.until(lambda: self.sidebar()[2] > 100, "the sidebar")
        for offset in range(0, 400, 22):
            if self.desk("draws"):
                return
            left, top, width, _ = self.sidebar()
            self.click(left + width - 11, top + 175 + offset)
            time.sleep(0.2)
        raise AssertionError("the tab did not come")

    def sidebar(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of the viewport's sidebar on the screen."""
        area = "next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == 'VIEW_3D')"
        found = self.ask(f"[(r.x, r.y, r.width, r.height) for r in {area}.regions if r.type == 'UI'][0]")
        x, y, width, height = found
        return x, HEIGHT - y - height, width, height

    def buttons(self, at: float) -> Iterator[tuple[str, tuple[int, int]]]:
        """The buttons of the sidebar with their places, found by hovering: Ctrl+C copies a button's command."""
        left, top, width, height = self.sidebar()
        x = int(left + width * at)
        for start in (18, 8):
            for y in range(top + start, top + height - 4, _ROW):
                told = self._hover(x, y)
                if told.startswith("bpy.ops.onepiece"):
                    yield told, (x, y)

    def _hover(self, x: int, y: int) -> str:
        self.ask("setattr(bpy.context.window_manager, 'clipboard', '-')")
        self._x("mousemove", x, y, "sleep", "0.02", "key", "ctrl+c")
        return str(self.ask("bpy.context.window_manager.clipboard"))

    def click_tab(self, number: int) -> None:
        """Of the open-shot page: two in a row below the pages."""
        left, top, width, _ = self.sidebar()
        self.click(left + width * (0.25, 0.6)[number % 2], top + 74 + _ROW * (number // 2))
        self.until_drawn()

    def until_drawn(self) -> None:
        """What was clicked has had its turn, and the screen shows it."""
        for _ in range(2):
            self.ask("redrawn.clear()")
            self.ask("redraw()")
            self.until(lambda: self.ask("len(redrawn)"), "a new picture")

    def press(self, *words: str, at: float = 0.3) -> None:
        """Click the button of the sidebar whose command has all the words; ``at``: where from left (0) to right (1)."""

        def find() -> tuple[int, int] | None:
            found = (place for command, place in self.buttons(at) if all(word in command for word in words))
            place = next(found, None)
            if place is None:  # it is further down
                self._x(*["click", "5"] * 6)
            return place

        self.click(*self.until(find, f"a button {words}"))


@contextmanager
def blender(folder: Path, scripts: Path, environ: Mapping[str, str], *options: str) -> Iterator[Artist]:
    """Blender with its window and our add-on, on a screen of its own."""
    port, log = folder / "port", (folder / "blender.log").open("wb")
    with screen() as display:
        own = {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1", "BLENDER_USER_SCRIPTS": str(scripts)}
        own["BLENDER_USER_CONFIG"] = str(folder / "config")
        geometry = ["--window-geometry", "0", "0", str(WIDTH), str(HEIGHT), "--no-window-focus"]
        command = ["blender", *geometry, "--addons", "onepiece", *options]
        command += ["--python", str(Path(__file__).with_name("remote.py")), "--", str(port)]
        process = subprocess.Popen(command, env={**environ, **own}, stdout=log, stderr=log, start_new_session=True)
        try:
            end = time.monotonic() + 60
            while not port.exists() or not port.read_text().endswith("\n"):
                assert process.poll() is None, (folder / "blender.log").read_text()
                assert time.monotonic() < end, (folder / "blender.log").read_text()
                time.sleep(0.05)
            yield Artist(display, process, int(port.read_text()))
        finally:
            process.kill()
            process.wait()
            log.close()


def missing() -> list[str]:
    """Programs that these tests need and this machine does not have."""
    return [name for name in NEEDED if shutil.which(name) is None]


def worker_command() -> list[str]:
    return [str(Path(sysconfig.get_path("scripts")) / "onepiece"), "worker"]
