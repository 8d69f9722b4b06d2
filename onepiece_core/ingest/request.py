"""What an ingest is asked to do, with every name resolved by the front end."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from onepiece_core.ingest.model import Source
from onepiece_core.ingest.presets import DEFAULT
from onepiece_core.storage.places import Place


class IngestRequest(BaseModel, frozen=True):
    """One drop and where it goes.

    Attributes:
        folder: the drop; never written.
        project: the project's name or code in the tracker.
        show_code: the show as names of the drop write it; what is below the source's place starts with it.
        bucket: of the source's place (vendor_in, client_in); ``prefix`` in it.
        resume: trust what earlier runs noted of files and objects; else all that is there is compared by content.
        max_workers: files on their way at the same time; 0: as many as serve.
        thumbnails: each Version gets a picture.
        review_movies: each Version gets its movie to look at in the browser.
    """

    folder: Path
    project: str
    show_code: str
    source: Source = "vendor"
    bucket: str
    prefix: str = ""
    manifest: Path | None = None
    preset: str = DEFAULT
    mapping: str | None = None
    allow_missing: bool = False
    max_workers: int = Field(0, ge=0, le=256)
    resume: bool = True
    thumbnails: bool = True
    review_movies: bool = False

    @property
    def place(self) -> Place:
        """What every key of the drop starts with: the source's place and the show's code."""
        return Place(self.bucket, self.prefix).under(self.show_code)

    @property
    def fingerprint(self) -> str:
        """Equal for two runs over one drop into one place."""
        told = ["ingest", str(self.folder), self.place.uri, self.project]
        return hashlib.sha256(json.dumps(told).encode("utf-8", "surrogatepass")).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """For the journal: what a registration needs; no path of this machine."""
        return self.model_dump(exclude={"folder", "manifest"})
