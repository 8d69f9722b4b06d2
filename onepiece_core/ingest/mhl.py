"""The ASC MHL of a drop that came without one: what was hashed on its way."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from onepiece_core.filesystems import make_folders, write_file
from onepiece_core.ingest.model import DropPlan
from onepiece_core.ingest.upload import Arrived, Uploaded
from onepiece_core.manifest.mhl import Creator, MhlFile, build_mhl
from onepiece_core.manifest.package import MHL_FOLDER
from onepiece_core.shown import shown


def has_history(plan: DropPlan) -> bool:
    """Whether the drop brought an ASC MHL of its own."""
    return any(problem.code == "file.mhl" for problem in plan.left.values())


def write_mhl(plan: DropPlan, uploaded: Uploaded, folder: Path, *, at: datetime, creator: Creator) -> Path | None:
    """Write the first generation of a history of what arrived into ``folder``/ascmhl; None when nothing did.

    Raises StorageError.
    """
    files = [
        MhlFile(file.relative, file.stamp.size_bytes, {"xxh128": outcome.xxh128}, file.stamp.mtime_ns)
        for item in plan.items
        for file in item.files
        if isinstance(outcome := uploaded.outcomes.get(file.relative), Arrived)
    ]
    if not files:
        return None
    made = build_mhl(shown(plan.folder.name), files, at, creator)
    target = folder / MHL_FOLDER
    make_folders(target)
    # One generation stands there: this report's.
    for old in target.iterdir():
        old.unlink()
    for path, data in made.items():
        write_file(folder / path, data)
    return target
