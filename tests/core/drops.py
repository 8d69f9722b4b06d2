"""Small drops for the tests of ingest, and what a plan says about them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.ingest.model import Depth, DropItem, DropPlan
from onepiece_core.ingest.plan import PlanOptions, plan_ingest
from onepiece_core.manifest.drop_cells import COLUMNS
from onepiece_core.testing.memory_tracker import MemoryTracker
from tests.support.media import write_exr

NAME = "FG_ep010_sc02_0010_comp_v004"
ROW = {
    "show": "FG",
    "episode": "ep010",
    "scene": "sc02",
    "shot": "0010",
    "asset": "comp",
    "version": "4",
    "source_path": "/srv/vendor/shot.mov",
    "delivery_path": f"{NAME}.%04d.exr",
    "checksum": "",
}


@dataclass
class Asked:
    """A request of an ingest, as far as a plan looks at it."""

    folder: Path
    manifest: Path | None = None
    preset: str = "studio"
    mapping: str | None = None
    allow_missing: bool = False
    project: str = "Frost Giant"
    show_code: str = "FG"


def plan(
    folder: Path, tracker: MemoryTracker | None = None, *, depth: Depth = "structure", **asked: object
) -> DropPlan:
    options = PlanOptions(depth=depth, place="s3://vendor-in/FG")
    return plan_ingest(Asked(folder, **asked), tracker, options)  # type: ignore[arg-type]


def write_frames(folder: Path, first: int = 1001, last: int = 1003, name: str = NAME, **size: int) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [write_exr(folder / f"{name}.{frame:04d}.exr", seed=frame, **size) for frame in range(first, last + 1)]


def write_manifest(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows({**ROW, **row} for row in rows)
    return path


def codes(item: DropItem) -> set[str]:
    """Everything that is said about an item or one of its files."""
    of_files = {problem.code for some in item.file_problems.values() for problem in some}
    return {problem.code for problem in item.problems} | of_files


def told(plan: DropPlan) -> dict[str, str]:
    """Each code of a plan with its message, wherever it stands."""
    every = [*plan.problems, *plan.left.values()]
    for item in plan.items:
        every += [*item.problems, *(problem for some in item.file_problems.values() for problem in some)]
    return {problem.code: problem.message for problem in reversed(every)}


def only(plan: DropPlan) -> DropItem:
    (item,) = plan.items
    return item
