"""A sandbox studio, inputs to publish, processes that do it, and the question whether the world is whole."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from onepiece_core.config import AwsSettings
from onepiece_core.storage.opening import open_store
from onepiece_core.storage.store import Store
from onepiece_core.tracker.shotgrid import ShotgridTracker
from onepiece_core.verify import verify_folder, verify_package
from tests.support.media import write_exr, write_png

REPOSITORY = Path(__file__).parents[2]
BUCKET = "studio-prod-data"


@dataclass
class World:
    """One studio and one folder for everything that is published into it."""

    root: Path
    env: dict[str, str]
    settle_seconds: float = 1.0
    timeout_seconds: float = 5.0
    counter: int = field(default=0)

    @cached_property
    def tracker(self) -> ShotgridTracker:
        env = self.env
        return ShotgridTracker(
            env["ONEPIECE_SHOTGRID_URL"], env["ONEPIECE_SHOTGRID_SCRIPT"], env["ONEPIECE_SHOTGRID_KEY"]
        )

    @cached_property
    def store(self) -> Store:
        return open_store(
            BUCKET,
            AwsSettings(
                endpoint_url=self.env["AWS_ENDPOINT_URL"],
                access_key_id=self.env["AWS_ACCESS_KEY_ID"],
                secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
                region=self.env["AWS_REGION"],
            ),
        )

    def inputs(self, scene_name: str, frames: int = 6, salt: int = 0) -> Path:
        """A folder with a scene, frames and a preview picture of their own."""
        folder = self.root / "inputs" / f"{scene_name}-{salt}"
        renders = folder / "renders"
        renders.mkdir(parents=True)
        for frame in range(1001, 1001 + frames):
            write_exr(renders / f"{scene_name}.{frame}.exr", seed=f"{scene_name} {frame} {salt}")
        (folder / f"{scene_name}.ma").write_text(f"//Maya ASCII 2026 scene {scene_name} {salt}\n")
        write_png(folder / f"{scene_name}_review.png", seed=f"{scene_name} {salt}")
        return folder

    def request(self, scene_name: str, folder: Path, destination: Path | None = None, **more: Any) -> dict[str, Any]:
        return {
            "dcc": "maya",
            "scene_name": scene_name,
            "scene": str(folder / f"{scene_name}.ma"),
            "renders": str(folder / "renders"),
            "previews": str(folder / f"{scene_name}_review.png"),
            "destination": str(destination or self.root / "shared"),
            "bucket": BUCKET,
            "show_code": "FG",
            **more,
        }

    def start(self, state: Path, **job: Any) -> subprocess.Popen[str]:
        """A publisher process."""
        self.counter += 1
        state.mkdir(parents=True, exist_ok=True)
        env = {
            **self.env,
            "ONEPIECE_TRACKER_SETTLE_SECONDS": str(self.settle_seconds),
            "ONEPIECE_TRACKER_TIMEOUT_SECONDS": str(self.timeout_seconds),
            **job.pop("env", {}),
        }
        path = self.root / f"job-{self.counter}.json"
        path.write_text(json.dumps({"env": env, "state": str(state), **job}))
        return subprocess.Popen(
            [sys.executable, "-m", "tests.torture.publisher", str(path)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, state: Path, **job: Any) -> dict[str, Any]:
        """What a publisher process answers. Fails when it dies or tells a traceback."""
        answer = self.answer(self.start(state, **job))
        assert answer is not None, "the process died"
        return answer

    @staticmethod
    def answer(process: subprocess.Popen[str]) -> dict[str, Any] | None:
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in err, err
        if process.returncode < 0:
            return None
        told: dict[str, Any] = json.loads(out)
        return told

    def recover(self, state: Path) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.run(state, do="recover")["recovered"]
        return found

    def state_of(self, scene_name: str, destination: Path | None = None) -> str:
        """``complete`` or ``absent``; fails for anything in between."""
        folder = (destination or self.root / "shared") / scene_name
        prefix = f"vfx/FG/{scene_name}"
        on_disk = folder.exists()
        in_store = self.store.find(f"{prefix}/manifest.json") is not None
        versions = self.tracker.find("Version", [["code", "is", scene_name]], ["image"])
        if not on_disk and not in_store:
            assert versions == [], f"{scene_name}: rows without a package"
            return "absent"
        assert on_disk, f"{scene_name}: in S3, not on disk"
        assert in_store, f"{scene_name}: on disk, not in S3"
        assert verify_folder(folder).ok, f"{scene_name}: broken on disk"
        assert verify_package(self.store, prefix).ok, f"{scene_name}: broken in S3"
        self.check_rows(scene_name, versions)
        return "complete"

    def check_rows(self, scene_name: str, versions: list[dict[str, Any]]) -> None:
        """One Version with its thumbnail, three files, two links, nothing twice."""
        assert len(versions) == 1, f"{scene_name}: {len(versions)} Versions"
        of_version = [["version", "is", versions[0]]]
        files = self.tracker.find("PublishedFile", of_version, ["code"])
        assert len({file["code"] for file in files}) == len(files) == 3, f"{scene_name}: {files}"
        links = self.tracker.find(
            "PublishedFileDependency", [["published_file.PublishedFile.version", "is", versions[0]]]
        )
        assert len(links) == 2, f"{scene_name}: {len(links)} links"
        assert versions[0]["image"], f"{scene_name}: no thumbnail"
