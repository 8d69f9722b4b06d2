"""A host whose scene has everything wrong that a rule knows; each thing can be put right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Action, Camera, Colour, Output, Problem, Resolution, UsedFile
from onepiece_server.sandbox.report import SandboxReport
from tests.hosts.paper_host import PaperHost
from tests.hosts.qt.desk import Desk, run_until
from tests.hosts.qt.hands import checked
from tests.support.studio import shotgrid_of

# What each host may call a problem of its own; a kind that nobody knows is a rule's, too.
KINDS = {
    "nuke": ("disabled_write", "missing_write_path", "curdled_viewer"),
    "maya": ("unlocked_reference", "unloaded_reference", "missing_reference"),
    "blender": ("unpacked_image", "missing_image", "missing_reference"),
    "houdini": ("missing_hda",),
}


def add_rates(studio: SandboxReport) -> None:
    """Rates and resolutions, which many sites have in fields of their own."""
    sg = shotgrid_of(studio)
    shot = sg.find_one("Shot", [["code", "is", "ep010_sc02_0010"]])
    values = {sg.schema_field_create("Shot", "float", "FPS"): 24.0}
    values[sg.schema_field_create("Shot", "text", "Resolution")] = "2048x1152"
    sg.update("Shot", shot["id"], values)


def everything_found(desk: Desk) -> Any:
    """The panel of a scene that the host could not even list."""
    panel = checked(desk)
    panel.model.facts["left_out"] = 7
    panel.model.check()
    run_until(lambda: any(one.finding["rule"] == "scene.too_many_files" for one in panel.findings.cards))
    return panel


class BrokenHost(PaperHost):
    """``renders`` are there; all the rest is wrong until :meth:`repair`."""

    def __init__(self, path: Path, renders: str) -> None:
        super().__init__(path.as_posix(), fps=[25, 1], range=[1, 250, 1, 250])
        self._renders = renders
        self.save()
        self.modified = True
        self.is_broken = True
        self.enabled: list[str] = []

    def repair(self, path: Path) -> None:
        """The artist has worked through the list, but for the frame rate, and saves under the right name."""
        self.is_broken = False
        self.save_as(path.as_posix())

    def begin(self) -> None:
        """A scene that was never saved."""
        self.path = None
        self._tell("opened")

    def colour(self) -> Colour:
        return Colour("/studio/lost/config.ocio", None, False) if self.is_broken else super().colour()

    def resolution(self) -> Resolution | None:
        return Resolution(640, 480) if self.is_broken else None

    def cameras(self) -> list[Camera]:
        return [Camera(f"cam{n}", "persp", True, True) for n in (1, 2)] if self.is_broken else []

    def outputs(self) -> list[Output]:
        first, last = self.scene["range"][:2]
        count = 2 if self.is_broken else 1
        return [Output(f"Write{n}", f"Write{n}", self._renders, "sequence", first, last) for n in range(count)]

    def iter_files(self) -> Any:
        beside = f"{(self.path or '').rpartition('/')[0]}/rock.exr"
        for path in (beside, "/home/elif/Desktop/sky.exr", "/mnt/usb/grass.exr") if self.is_broken else ():
            yield UsedFile(path, path, "image", "Read1", "Read1", path == beside)

    def iter_problems(self) -> Any:
        for kind in KINDS[self.name] if self.is_broken else ():
            if kind not in self.enabled:
                yield Problem(kind, f"{kind}1", f"{kind}1")

    def selection(self) -> list[str]:
        if self.is_broken:
            raise HostError("host.no_selection", "The selection cannot be read.")
        return super().selection()

    def actions(self) -> dict[str, Action]:
        return {**super().actions(), "nodes.enable": self._enable}

    def _enable(self, nodes: Sequence[str], _context: dict[str, Any]) -> None:
        self.enabled += [node.rstrip("1") for node in nodes]
