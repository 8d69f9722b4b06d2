"""What callers may say to the dashboard's API, and which roles it asks for."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from onepiece_core.dashboard.board import MAX_PAGE, RowFilter
from onepiece_core.dashboard.model import CacheChange
from onepiece_core.dashboard.statuses import Bucket
from onepiece_server.auth.gate import require
from onepiece_server.auth.keys import Caller

Reads = Annotated[Caller, Depends(require("dashboard:read"))]
ReadsIngests = Annotated[Caller, Depends(require("ingest:read", "dashboard:read"))]
ReadsReviews = Annotated[Caller, Depends(require("review:read", "dashboard:read"))]
Manages = Annotated[Caller, Depends(require("dashboard:manage"))]

# As pages write it: what belongs to no episode. So does an empty word.
NO_EPISODE = "(none)"
_LONGEST = 1000

Project = Annotated[
    str, Path(min_length=1, max_length=_LONGEST, description="Its code, as the list of projects has it.")
]
Name = Annotated[str, Path(min_length=1, max_length=_LONGEST)]
RowId = Annotated[int, Path(ge=1, le=2**53)]
Seq = Annotated[int | None, Header(ge=0, le=2**53)]
Format = Literal["json", "csv"]
_CURSOR = Field(None, max_length=_LONGEST, description="next_cursor of the page before.")
_LIMIT = Field(50, ge=1, le=MAX_PAGE)
_FORMAT: Format = Field("json", description="csv: all of it as a table, whatever limit and cursor say.")
_Word = Annotated[str | None, Field(max_length=_LONGEST)]


class PageAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = _LIMIT
    cursor: str | None = _CURSOR
    format: Format = _FORMAT


class OfProject(PageAsked):
    project: _Word = None


class RowsAsked(PageAsked):
    """Which rows of a show; what is left out is any.

    Attributes:
        episode: empty, or ``(none)``: rows that belong to no episode.
        text: part of a code, of any case.
    """

    episode: _Word = None
    sequence: _Word = None
    bucket: Bucket | None = None
    step: _Word = None
    text: _Word = None
    assignee: _Word = None

    @property
    def wanted(self) -> RowFilter:
        return RowFilter(
            episode="" if self.episode == NO_EPISODE else self.episode,
            sequence=self.sequence,
            bucket=self.bucket,
            step=self.step,
            text=self.text or None,
            assignee=self.assignee,
        )


class SearchAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    q: str = Field(min_length=1, max_length=_LONGEST)
    limit: int = Field(20, ge=1, le=200)
    format: Format = _FORMAT


class EntriesAsked(BaseModel):
    """A part of a delivery's list of files."""

    model_config = ConfigDict(extra="forbid")
    limit: int = Field(MAX_PAGE, ge=1, le=10_000)
    offset: int = Field(0, ge=0, le=100_000_000)
    format: Format = _FORMAT


class FormatAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: Format = _FORMAT


class MetricsAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: Literal["json", "prometheus"] = "json"


class CacheAsked(BaseModel):
    """What is left out stays. ``flush``: everything is read again; what is shown stays until then."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"ttl_seconds": 30, "max_records": 100_000, "flush": True}}
    )
    ttl_seconds: float | None = Field(None, ge=1, le=86_400, allow_inf_nan=False)
    max_records: int | None = Field(None, ge=100, le=100_000_000)
    max_projects: int | None = Field(None, ge=1, le=10_000)
    flush: bool = False

    @property
    def change(self) -> CacheChange:
        return CacheChange(**self.model_dump())


PageQuery = Annotated[PageAsked, Query()]
ProjectQuery = Annotated[OfProject, Query()]
RowsQuery = Annotated[RowsAsked, Query()]
SearchQuery = Annotated[SearchAsked, Query()]
EntriesQuery = Annotated[EntriesAsked, Query()]
FormatQuery = Annotated[FormatAsked, Query()]
MetricsQuery = Annotated[MetricsAsked, Query()]
