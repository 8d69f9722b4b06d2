"""The shot of the demo, and where its files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# One of the shots that every sandbox is seeded with; its cut is these very frames.
SHOW_CODE, PROJECT = "FG", "Frost Giant"
SHOT = "ep010_sc02_0020"
TASK = "lighting"
BASE = f"{SHOW_CODE}_{SHOT}_{TASK}"
FIRST, LAST = 1009, 1032
FRAMES = range(FIRST, LAST + 1)
FPS = 24
WIDTH, HEIGHT = 384, 216
# From here on the second version differs from the first.
CHANGED_FROM = 1028
BUCKET = "studio-prod-data"


@dataclass(frozen=True, slots=True)
class Folders:
    """What lies in the demo's folder."""

    root: Path

    @property
    def mark(self) -> Path:
        """Says that the folder is the demo's own, so that it may be emptied."""
        return self.root / "demo.json"

    @property
    def lock(self) -> Path:
        return self.root / "demo.lock"

    @property
    def blender(self) -> Path:
        """Blender's scene and frames: slow to make, so they stay from one run to the next."""
        return self.root / "blender"

    @property
    def media(self) -> Path:
        return self.root / "media"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def broken(self) -> Path:
        return self.root / "broken"

    @property
    def sandbox(self) -> Path:
        return self.root / "sandbox"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def picture(self) -> Path:
        return self.root / "contact_sheet.jpg"


@dataclass(frozen=True, slots=True)
class VersionMedia:
    """The inputs of one publish. ``scene`` and ``preview`` are None when what makes them is not installed."""

    name: str
    frames: tuple[Path, ...]
    otio: Path
    metadata: Path
    scene: Path | None = None
    preview: Path | None = None

    @property
    def renders(self) -> Path:
        return self.frames[0].parent


def scene_name(version: int) -> str:
    return f"{BASE}_v{version:03d}"
