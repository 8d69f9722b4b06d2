"""Blender as a Host."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import bpy

from onepiece_hosts.blender import actions, events, files, outputs, pictures, problems
from onepiece_hosts.blender.now import forward, scene
from onepiece_hosts.errors import HostError, Unsupported
from onepiece_hosts.host import Action, Camera, Colour, FrameRange, Output, Problem, Resolution, UsedFile

# The camera that every new scene has.
_BORN_WITH = "Camera"


class BlenderHost:
    """The Host protocol over bpy; the active scene is the one that is meant."""

    name = "blender"
    label = "Blender"
    extensions: tuple[str, ...] = (".blend",)

    def version(self) -> str:
        return ".".join(map(str, bpy.app.version))

    def is_headless(self) -> bool:
        return bool(bpy.app.background)

    # The scene file

    def scene_path(self) -> str | None:
        return forward(bpy.data.filepath) or None

    def is_modified(self) -> bool | None:
        # Without a window the flag stays up after a save, and as a module it is always up.
        return None if bpy.app.background else bool(bpy.data.is_dirty)

    def save(self) -> None:
        if not bpy.data.filepath:
            raise HostError("host.unnamed_scene", "The scene has no file yet.", "Save it under a name first.")
        self._write(bpy.ops.wm.save_mainfile, bpy.data.filepath)

    def save_as(self, path: str) -> None:
        if os.path.lexists(path):
            raise HostError("host.file_exists", f"{path} is there already.", "Nothing was overwritten.", path=path)
        self._write(bpy.ops.wm.save_as_mainfile, path)

    def _write(self, operator: Any, path: str) -> None:
        try:
            operator(filepath=path, check_existing=False)
        except RuntimeError as error:
            raise HostError(
                "host.save_failed", f"Blender cannot save {path}.", str(error).strip(), path=path
            ) from error
        if not os.path.isfile(path):
            raise HostError("host.save_failed", f"Blender did not save {path}.", path=path)

    def open_scene(self, path: str) -> None:
        if not os.path.isfile(path):
            raise HostError("host.scene_missing", f"There is no file {path}.", path=path)
        try:
            bpy.ops.wm.open_mainfile(filepath=path, load_ui=False)
        except RuntimeError as error:
            raise HostError(
                "host.open_failed", f"Blender cannot open {path}.", str(error).strip(), path=path
            ) from error

    # What the scene is set to

    def frame_range(self) -> FrameRange:
        now = scene()
        first, last = now.frame_start, now.frame_end
        if not now.use_preview_range:
            return FrameRange(first, last, first, last)
        # The preview range is what the artist plays: inside the render range, which then holds the handles.
        seen_first, seen_last = now.frame_preview_start, now.frame_preview_end
        return FrameRange(seen_first, seen_last, min(first, seen_first), max(last, seen_last))

    def fps(self) -> tuple[int, int]:
        render = scene().render
        rate = Fraction(render.fps) / Fraction(render.fps_base).limit_denominator(100_000)
        # 24 / 1.001 is kept as a float: the nearest rate of that family is meant.
        ntsc = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
        exact = ntsc if abs(rate - ntsc) < Fraction(1, 10_000) and rate.denominator != 1 else rate
        return exact.numerator, exact.denominator

    def colour(self) -> Colour:
        config = os.environ.get("OCIO") or None
        known = config is None or config.startswith("ocio://") or os.path.isfile(config)
        space = scene().sequencer_colorspace_settings
        return Colour(forward(config) if config else None, space.name if space else None, known)

    def resolution(self) -> Resolution:
        render = scene().render
        scale = render.resolution_percentage / 100
        aspect = render.pixel_aspect_x / render.pixel_aspect_y
        return Resolution(int(render.resolution_x * scale), int(render.resolution_y * scale), aspect)

    def cameras(self) -> list[Camera]:
        found = sorted((one for one in scene().objects if one.type == "CAMERA"), key=lambda one: one.name)
        return [Camera(one.name, one.name, one is scene().camera, one.name == _BORN_WITH) for one in found]

    # What the scene uses and makes

    def iter_files(self) -> Iterator[UsedFile | None]:
        return files.iter_files()

    def outputs(self) -> list[Output]:
        return list(outputs.iter_outputs())

    def iter_problems(self) -> Iterator[Problem | None]:
        return problems.iter_problems()

    def selection(self) -> list[str]:
        return sorted(one.name for one in scene().objects if one.select_get())

    def actions(self) -> dict[str, Action]:
        return actions.actions(self)

    # Pictures

    def thumbnail(self, path: str, width: int) -> None:
        if bpy.app.background:
            raise Unsupported(self.label, "take a picture without a window")
        pictures.thumbnail(path, width)

    def playblast(self, path: str, first: int, last: int) -> str:
        if bpy.app.background:
            raise Unsupported(self.label, "make a playblast without a window")
        return pictures.playblast(path, first, last)

    # The application

    def call_later(self, work: Callable[[], None]) -> None:
        # Blender's timers are the one call that other threads may make.
        def once() -> None:
            work()

        bpy.app.timers.register(once, first_interval=0.0, persistent=True)

    def on(self, event: str, callback: Callable[[], None]) -> Callable[[], None]:
        return events.on(event, callback)

    def main_window(self) -> None:
        return None

    def capabilities(self) -> dict[str, bool]:
        window = not bpy.app.background
        return {
            "is_modified": window,
            "thumbnail": window,
            "playblast": window,
            "selection": True,
            "on.opened": True,
            "on.saved": True,
            "on.closing": events.can_tell_closing(),
        }
