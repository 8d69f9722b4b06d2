"""Published Versions of a project of their own, and deliveries of them to a bucket; all real."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onepiece_core.config import AwsSettings
from onepiece_core.config.models import ContextSettings
from onepiece_core.deliver.apply import DeliverParts, DeliveryReport, apply_delivery, no_checkpoint
from onepiece_core.deliver.media import Places
from onepiece_core.deliver.model import DeliverRequest, DeliveryPlan
from onepiece_core.deliver.plan import check_bytes, plan_delivery
from onepiece_core.journal import Journal
from onepiece_core.progress import Reporter
from onepiece_core.storage.engines.choose import open_engine
from onepiece_core.storage.opening import open_store
from onepiece_core.tracker.retry import Clock, SystemClock
from onepiece_core.tracker.shotgrid import ShotgridTracker
from onepiece_core.tracker.tracker import Tracker
from tests.support.packages import make_package

BUCKET = "vendor-out"


@dataclass
class DeliveryWorld:
    """``code`` is the show's; what it delivers lies below ``root`` and in BUCKET/code."""

    root: Path
    tracker: Tracker
    aws: AwsSettings
    code: str
    checkpoint: Callable[[str], None] = no_checkpoint
    clock: Clock = field(default_factory=SystemClock)
    publish_bucket: str | None = None

    @classmethod
    def of(cls, env: Mapping[str, str], root: Path, clock: Clock | None = None) -> DeliveryWorld:
        aws = AwsSettings(
            endpoint_url=env["AWS_ENDPOINT_URL"],
            access_key_id=env["AWS_ACCESS_KEY_ID"],
            secret_access_key=env["AWS_SECRET_ACCESS_KEY"],  # type: ignore[arg-type]
            region=env["AWS_REGION"],
        )
        names = ("ONEPIECE_SHOTGRID_URL", "ONEPIECE_SHOTGRID_SCRIPT", "ONEPIECE_SHOTGRID_KEY")
        url, script, key = (env[name] for name in names)
        code = "D" + hashlib.sha256(str(root).encode()).hexdigest()[:6].upper()
        clock = clock or SystemClock()
        return cls(root, ShotgridTracker(url, script, key, clock=clock), aws, code, clock=clock)

    @property
    def name(self) -> str:
        return f"Show {self.code}"

    def project(self) -> dict[str, Any]:
        return self.tracker.find_one("Project", [["code", "is", self.code]]) or self.tracker.create(
            "Project", {"name": self.name, "code": self.code}
        )

    def publish(self, version: str, shot: str = "0010", *, status: str = "apr", **data: Any) -> Path:
        """An approved Version with five published frames and a movie; the package's folder."""
        files = {f"renders/{version}.{frame}.exr": f"{version} {frame}".encode() * 999 for frame in range(1001, 1006)}
        files[f"previews/{version}.mov"] = version.encode() * 5000
        folder = make_package(self.root / "published" / version, files)
        told = {
            "sg_path_to_frames": f"{folder}/renders/{version}.%04d.exr",
            "sg_path_to_movie": f"{folder}/previews/{version}.mov",
            "sg_first_frame": 1001,
            "sg_last_frame": 1005,
        }
        self.version(version, shot, status=status, **{**told, **data})
        return folder

    def version(self, version: str, shot: str = "0010", *, status: str = "apr", **data: Any) -> None:
        project = self.project()
        found = self.tracker.find_one("Shot", [["project", "is", project], ["code", "is", shot]])
        found = found or self.tracker.create("Shot", {"project": project, "code": shot})
        fixed = {"project": project, "code": version, "entity": found, "sg_status_list": status}
        self.tracker.create("Version", {**fixed, **data})

    def request(self, **asked: Any) -> DeliverRequest:
        told: dict[str, Any] = {"project": self.name, "context": "out", "output": self.root / "out.zip"}
        return DeliverRequest(**{**told, **asked})

    def places(self) -> Places:
        return Places(self.aws, {"out": ContextSettings(bucket=BUCKET)}, publish_bucket=self.publish_bucket)

    def plan(self, *, reads: bool = False, **asked: Any) -> DeliveryPlan:
        places = self.places()
        plan = plan_delivery(self.request(**asked), self.tracker, places)
        return check_bytes(plan, places, Reporter()) if reads else plan

    def deliver(self, **asked: Any) -> DeliveryReport:
        store, state = open_store(BUCKET, self.aws), self.root / "state"
        with closing(Journal(state)) as journal:
            parts = DeliverParts(
                self.tracker,
                journal,
                store,
                open_engine("pool", store, state_dir=state),
                self.places(),
                clock=self.clock,
                settle_seconds=0.3,
                timeout_seconds=5.0,
                checkpoint=self.checkpoint,
            )
            return apply_delivery(self.plan(**asked), parts)

    def stored(self) -> dict[str, bytes]:
        store = open_store(BUCKET, self.aws)
        return {info.key: store.read(info.key)[0] for info in store.iter_objects(f"{self.code}/")}

    def deliveries(self) -> list[dict[str, Any]]:
        fields = ["title", "versions", "sg_status_list"]
        return self.tracker.find("Delivery", [["project", "is", self.project()]], fields)
