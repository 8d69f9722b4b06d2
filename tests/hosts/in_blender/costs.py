"""Measures, inside Blender's window, what our callbacks cost its main thread: ``blender --python costs.py``.

The profiler of Python sees every call into our package from outside of it: timers, operators, properties, and the
drawing of panels, which Blender does when it likes. What it costs itself is counted as ours.
"""

import sys
import time
from types import CodeType, FrameType
from typing import Any

import bpy


class Costs:
    """Wall and CPU seconds of each call from outside."""

    def __init__(self) -> None:
        self._calls: list[tuple[float, float, str]] = []
        self._frame: FrameType | None = None
        self._began = (0.0, 0.0)
        self._ours: dict[CodeType, bool] = {}

    def begin(self) -> None:
        self._calls.clear()
        sys.setprofile(self._see)

    def end(self) -> dict[str, Any]:
        """The figures, in milliseconds; ``draws`` is how often our panel was drawn."""
        sys.setprofile(None)
        walls, cpus = (sorted(one[kind] * 1000 for one in self._calls) for kind in (0, 1))
        last, costliest = int(len(walls) * 0.99), max(self._calls, key=lambda one: one[1])
        draws = sum(name == "Panel.draw" for *_, name in self._calls)
        told = {"calls": len(walls), "draws": draws, "cpu_most_ms": cpus[-1], "cpu_most_in": costliest[2]}
        return {**told, "cpu_p99_ms": cpus[last], "wall_p99_ms": walls[last], "wall_most_ms": walls[-1]}

    def _see(self, frame: FrameType, event: str, _: Any) -> None:
        if self._frame is None:
            if event == "call" and self._is_ours(frame.f_code):
                self._frame, self._began = frame, (time.perf_counter(), time.thread_time())
        elif frame is self._frame and event == "return":
            wall, cpu = time.perf_counter() - self._began[0], time.thread_time() - self._began[1]
            self._calls.append((wall, cpu, frame.f_code.co_qualname))
            self._frame = None

    def _is_ours(self, code: CodeType) -> bool:
        if code not in self._ours:
            self._ours[code] = "onepiece_hosts" in code.co_filename
        return self._ours[code]


bpy.app.driver_namespace["costs"] = Costs()
