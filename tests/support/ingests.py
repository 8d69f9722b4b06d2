"""A drop, a bucket and a site that tests ingest into, all real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from onepiece_core.config import AwsSettings
from onepiece_core.ingest.apply import apply_ingest
from onepiece_core.ingest.memory import DropMemory
from onepiece_core.ingest.model import DropPlan, IngestReport
from onepiece_core.ingest.parts import IngestParts, no_checkpoint
from onepiece_core.ingest.pictures import Pictures, pictures_folder
from onepiece_core.ingest.plan import PlanOptions, plan_ingest
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.journal import Journal
from onepiece_core.progress import Reporter
from onepiece_core.storage.engines.choose import open_engine
from onepiece_core.storage.s3.client import connect
from onepiece_core.tracker.tracker import Tracker
from tests.support.media import write_exr

PROJECT, SHOW = "Frost Giant", "FG"


@dataclass
class IngestWorld:
    """``drop`` on disk; ``bucket`` and the tracker's project are the test's own."""

    root: Path
    aws: AwsSettings
    bucket: str
    tracker: Tracker | None
    project: str = PROJECT
    settle_seconds: float = 1.0
    checkpoint: Callable[[str], None] = no_checkpoint
    prefix: str = ""

    def __post_init__(self) -> None:
        self.drop = self.root / "vendor_drop_2024_02_14"
        self.drop.mkdir(parents=True, exist_ok=True)
        self.state = self.root / "state"
        self.store = connect(self.aws, self.bucket)

    def request(self, **asked: Any) -> IngestRequest:
        told = {
            "folder": self.drop,
            "project": self.project,
            "show_code": SHOW,
            "bucket": self.bucket,
            "prefix": self.prefix,
        }
        return IngestRequest(**{**told, "thumbnails": False, **asked})

    def frames(self, name: str, first: int = 1001, last: int = 1003, *, below: str = "", salt: str = "") -> list[Path]:
        folder = self.drop / below
        folder.mkdir(parents=True, exist_ok=True)
        return [
            write_exr(folder / f"{name}.{frame}.exr", seed=f"{name} {frame} {salt}") for frame in range(first, last + 1)
        ]

    def plan(self, request: IngestRequest | None = None, memory: DropMemory | None = None) -> DropPlan:
        request = request or self.request()
        options = PlanOptions(place=request.place.uri, earlier=memory)
        return plan_ingest(request, self.tracker, options)

    def ingest(self, *, plan: DropPlan | None = None, reporter: Reporter | None = None, **asked: Any) -> IngestReport:
        request = self.request(**asked)
        with closing(self.memory(request)) as memory, closing(Journal(self.state)) as journal:
            parts = IngestParts(
                journal,
                self.tracker,
                reporter or Reporter(),
                settle_seconds=self.settle_seconds,
                timeout_seconds=5.0,
                checkpoint=self.checkpoint,
                store=self.store,
                engine=open_engine("pool", self.store, state_dir=self.state, jobs=4),
                memory=memory,
            )
            with Pictures(pictures_folder(self.state, request.fingerprint)) as pictures:
                return apply_ingest(plan or self.plan(request, memory), request, parts, pictures).report

    def memory(self, request: IngestRequest) -> DropMemory:
        return DropMemory(
            self.state / "ingest.sqlite",
            project=request.project,
            place=request.place.uri,
            folder=request.folder,
            server=self.store.endpoint,
            trust=request.resume,
        )

    def elsewhere(self, name: str) -> IngestWorld:
        """The same drop, bucket and site, from a machine that knows nothing."""
        other = replace(self)
        other.state = self.root / f"state-{name}"
        return other

    @property
    def place(self) -> str:
        """What every key of the drop starts with."""
        return f"{self.request().place.key('')}"

    def keys(self) -> list[str]:
        return [info.key for info in self.store.iter_objects(self.place)]

    def objects(self) -> dict[str, bytes]:
        return {key: self.store.read(key)[0] for key in self.keys()}

    def versions(self) -> list[dict[str, Any]]:
        assert self.tracker is not None
        fields = ["code", "entity", "sg_path_to_frames", "sg_path_to_movie", "sg_task", "description", "image"]
        return self.tracker.find("Version", self._of_bucket("sg_path_to_frames"), fields)

    def files(self) -> list[dict[str, Any]]:
        assert self.tracker is not None
        versions = [{"type": "Version", "id": row["id"]} for row in self.versions()]
        return self.tracker.find("PublishedFile", [["version", "in", versions]], ["code", "path_cache", "version"])

    def _of_bucket(self, field: str) -> list[Any]:
        return [[field, "starts_with", f"s3://{self.bucket}/{self.place}"]]

    def check_exactly_once(self) -> None:
        """Every file of the drop at its key with its bytes; one Version and one PublishedFile an item."""
        files = {
            f"{self.place}{path.relative_to(self.drop).as_posix()}": path
            for path in self.drop.rglob("*")
            if path.is_file()
        }
        assert self.objects() == {key: path.read_bytes() for key, path in files.items()}
        items = {f"s3://{self.bucket}/{self.place}{item.pattern}" for item in self.plan().items}
        assert Counter(row["sg_path_to_frames"] for row in self.versions()) == Counter(items)
        assert Counter(row["path_cache"] for row in self.files()) == Counter(items)


def verdicts(report: IngestReport) -> dict[str, str]:
    return {file.path: file.code or file.verdict for file in report.files}
