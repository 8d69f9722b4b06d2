"""An artist in front of Blender: a screen of its own, a mouse that clicks, a camera that takes pictures."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
WIDTH, HEIGHT = 1280, 800
NEEDED = ("blender", "Xvfb", "xdotool", "import")
# Where our menu stands in the bar, right of Blender's own, and how high rows are, at scale 1.
_MENU_X, _BAR_Y, _ROW = 290, 13, 20
# What the clipboard holds when nothing below the mouse has a command; so many pages a long sidebar has.
_NOTHING, _PAGES = "-", 4
# Nothing is waited for longer: a machine may be slow, and have two processors for eight of us.
SECONDS = 60.0
DESK = "bpy.types.ONEPIECE_MT_menu.desk"
# What a failure tells of the desk's pages.
_SEEN = {
    "page": "page",
    "publish": "publish.state, publish.findings, publish.error and publish.error.message",
    "opening": "opening.path, opening.workfiles.items, opening.error and opening.error.message",
}


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
    """Drives one Blender. Every wait ends when its state is there; one that never comes tells what is there instead."""

    def __init__(self, display: str, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.environ = {**os.environ, "DISPLAY": display}
        self.process = process
        self._folder = folder
        self._pages = 0  # how far the sidebar is scrolled
        self._met: dict[tuple[str, int], None] = {}  # buttons and where they were
        self._stream = socket.create_connection(("127.0.0.1", port), timeout=SECONDS).makefile("rwb")

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
        return self.ask(f"{DESK}.{python}")

    def until(self, is_there: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + SECONDS
        while not (found := is_there()):
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come: {self.saw()}")
            time.sleep(0.03)
        return found

    def saw(self) -> str:
        """What there is to see, for a failure; with a picture beside Blender's log."""
        if self.process.poll() is not None:
            return f"Blender has ended: {self.process.poll()}"
        path = self._folder / "failed.jpg"
        self.picture(path)
        told = {
            name: self.ask(f"(lambda {name}: {name} and ({python}))({DESK}.{name})") for name, python in _SEEN.items()
        }
        return f"{json.dumps(told, indent=1)}\n{path}\n{(self._folder / 'blender.log').read_text()[-2000:]}"

    # Mouse, keys, camera

    def _x(self, *arguments: object) -> None:
        subprocess.run(["xdotool", *map(str, arguments)], env=self.environ, check=True, timeout=SECONDS)

    def click(self, x: float, y: float) -> None:
        self._x("mousemove", int(x), int(y), "sleep", "0.05", "click", "1")

    def move(self, x: float, y: float) -> None:
        self._x("mousemove", int(x), int(y))

    def type(self, text: str, *keys: str) -> None:
        self._x("type", "--delay", "15", text)
        self.key(*keys)

    def key(self, *keys: str) -> None:
        for key in keys:
            self._x("key", key)

    def picture(self, path: Path) -> None:
        command = ["import", "-window", "root", "-quality", "80", str(path)]
        subprocess.run(command, env=self.environ, check=True, timeout=SECONDS)

    def until_drawn(self) -> None:
        """What was clicked has had its turn, and the screen shows it."""
        for _ in range(2):
            self.ask("redrawn.clear()")
            self.ask("redraw()")
            self.until(lambda: self.ask("len(redrawn)"), "a new picture")

    # What Blender has on its screen

    def choose(self, tool: str, has_worked: Callable[[], Any]) -> None:
        """Open our menu and click the entry of that tool."""

        def find() -> tuple[int, int] | None:
            self.open_menu()
            rows = range(_BAR_Y + 16, _BAR_Y + 16 + 12 * _ROW, 10)
            return self._find(_MENU_X + 20, rows, f'tool="{tool}"') or self.close_menu()

        self._do(find, has_worked, f"the menu's {tool}")

    def close_menu(self) -> None:
        self.key("Escape")
        self.move(WIDTH / 3, HEIGHT / 2)
        self.until_drawn()

    def open_menu(self) -> None:
        """It stands right of Blender's own; a click that was lost in the start is made again."""
        for _ in range(5):
            self.ask("drawn.clear()")
            self.click(_MENU_X, _BAR_Y)
            end = time.monotonic() + 10
            while time.monotonic() < end:
                if self.ask("len(drawn)"):
                    self.until_drawn()
                    return
                time.sleep(0.03)
        raise AssertionError(f"the menu did not open: {self.saw()}")

    def show_sidebar(self) -> None:
        """What ``Publish...`` brings up; before 4.2 the artist clicks its tab once."""
        self.until(lambda: self.sidebar()[2] > 100, "the sidebar")
        for offset in (*range(0, 400, 22), *range(0, 400, 22)):
            if self.desk("draws"):
                return
            left, top, width, _ = self.sidebar()
            self.click(left + width - 11, top + 175 + offset)
            self.until_drawn()
        raise AssertionError(f"the tab did not come: {self.saw()}")

    def sidebar(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of the viewport's sidebar on the screen."""
        area = "next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == 'VIEW_3D')"
        found = self.ask(f"[(r.x, r.y, r.width, r.height) for r in {area}.regions if r.type == 'UI'][0]")
        x, y, width, height = found
        return x, HEIGHT - y - height, width, height

    def hide_sidebar(self) -> None:
        """N, with the mouse over the viewport."""
        self.move(WIDTH / 3, HEIGHT / 2)
        self.until_drawn()
        self.key("n")
        self.until(lambda: self.sidebar()[2] <= 1, "the sidebar's end")

    def quit(self) -> None:
        """Ctrl+Q; what is not saved is lost."""
        self.move(WIDTH / 3, HEIGHT / 2)
        self.until_drawn()
        self.key("ctrl+q")
        self.until(lambda: self.process.poll() is not None, "Blender's end")

    def press(self, *words: str, has_worked: Callable[[], Any], at: float = 0.3) -> None:
        """Click the button of the sidebar whose command has all the words; ``at``: where from left (0) to right (1)."""
        self._do(lambda: self._find_in_sidebar(words, at), has_worked, f"a button {words}")

    def pick(self, menu: str, entry: str, has_worked: Callable[[], Any]) -> None:
        """Open that menu of the sidebar and click its entry; both by their commands."""

        def find() -> tuple[int, int] | None:
            place = self._find_in_sidebar((f'"{menu}"',), 0.3)
            if place is None:
                return None
            self.click(*place)
            self.until_drawn()
            return self._find(place[0], range(place[1] + 10, HEIGHT, 10), entry) or self.close_menu()

        self._do(find, has_worked, f"the entry {entry} of {menu}")

    def _do(self, find: Callable[[], tuple[int, int] | None], has_worked: Callable[[], Any], what: str) -> None:
        """Find it and click it; once more when the click hit nothing, because what is drawn had just moved."""
        for _ in range(2 * _PAGES):
            place = find()
            if place is None:
                continue
            self.click(*place)
            soon = time.monotonic() + SECONDS / 3
            while time.monotonic() < soon:
                if has_worked():
                    return
                time.sleep(0.03)
        raise AssertionError(f"{what} did not come, or did nothing: {self.saw()}")

    def _find_in_sidebar(self, words: tuple[str, ...], at: float) -> tuple[int, int] | None:
        """Where that button is; None when it is not on the screen, which is scrolled then."""
        left, top, width, height = self.sidebar()
        x = int(left + width * at)
        known = [y for (told, y) in self._met if all(word in told for word in words)]
        rows = [y for start in (18, 8) for y in range(top + start, top + height - 4, _ROW)]
        if place := self._find(x, [*known, *rows], *words):
            return place
        self._scroll(x, top + height // 2)
        return None

    def _scroll(self, x: int, y: int) -> None:
        """Further down; from the end to the beginning."""
        self._pages = (self._pages + 1) % _PAGES
        clicks = ["click", "5"] * 6 if self._pages else ["click", "4"] * 40
        self._x("mousemove", x, y, *clicks)
        self.until_drawn()

    def _find(self, x: int, rows: Iterable[int], *words: str) -> tuple[int, int] | None:
        """Hover down ``rows``: Ctrl+C copies the command of the button below the mouse."""
        for y in rows:
            told = self._hover(x, y)
            if told != _NOTHING:
                self._met[told, y] = None
            if all(word in told for word in words):
                return x, y
        return None

    def _hover(self, x: int, y: int) -> str:
        self.ask(f"setattr(bpy.context.window_manager, 'clipboard', {_NOTHING!r})")
        self._x("mousemove", x, y, "sleep", "0.02", "key", "ctrl+c")
        for _ in range(2):  # Blender takes up to two turns to carry out what mouse and keys did
            self.ask("None")
        return str(self.ask("bpy.context.window_manager.clipboard"))


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
            end = time.monotonic() + SECONDS
            while not port.exists() or not port.read_text().endswith("\n"):
                assert process.poll() is None, (folder / "blender.log").read_text()
                assert time.monotonic() < end, (folder / "blender.log").read_text()
                time.sleep(0.05)
            yield Artist(display, process, int(port.read_text()), folder)
        finally:
            process.kill()
            process.wait()
            log.close()


def missing() -> list[str]:
    """Programs that these tests need and this machine does not have."""
    return [name for name in NEEDED if shutil.which(name) is None]


def worker_command() -> list[str]:
    return [str(Path(sysconfig.get_path("scripts")) / "onepiece"), "worker"]
