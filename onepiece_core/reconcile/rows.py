"""The rows of a project, with the few fields that a comparison needs, and who refers to what."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from onepiece_core.config.models import System
from onepiece_core.reconcile.located import Located, RootMap, group_key, is_pattern, path_text
from onepiece_core.reconcile.model import RowRef
from onepiece_core.tracker.tracker import Entity, Filter, Tracker

_PAGE = 2000
_VERSION = (
    "code",
    "entity",
    "sg_status_list",
    "sg_path_to_frames",
    "sg_path_to_movie",
    "sg_first_frame",
    "sg_last_frame",
    "frame_range",
    "frame_count",
)
_FILE = ("code", "entity", "path", "version", "version_number")
_RETIRED = {"Version": ("code", "sg_path_to_frames", "sg_path_to_movie"), "PublishedFile": ("code", "path")}


@dataclass(slots=True, eq=False)
class Row:
    """A Version or PublishedFile.

    Attributes:
        values: of a Version: its frames and status.
        found: whether any of its places holds something.
        broken: something about its files is wrong.
    """

    type: str
    id: int
    code: str
    entity: tuple[str, int] | None
    paths: tuple[Located, ...]
    version: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    found: bool = False
    broken: bool = False

    @property
    def ref(self) -> RowRef:
        return RowRef(type=self.type, id=self.id, code=self.code)

    @property
    def name(self) -> str:
        return f"{self.type} {self.id}"


@dataclass(slots=True)
class Rows:
    """All rows, and an index of the places that they name.

    Attributes:
        retired_places: what retired rows refer to, which is known, too.
        retired_codes: names of retired Versions.
    """

    live: list[Row] = field(default_factory=list)
    retired_places: list[str] = field(default_factory=list)
    retired_codes: set[str] = field(default_factory=set)
    _by_group: dict[str, list[Row]] = field(default_factory=dict)
    _places: list[str] = field(default_factory=list)
    _place_rows: list[Row | None] = field(default_factory=list)
    _by_code: dict[str, list[Row]] = field(default_factory=dict)
    _by_version: dict[int, list[Row]] = field(default_factory=dict)
    _retired_groups: set[str] = field(default_factory=set)

    def index(self) -> None:
        """Call once, when all rows are there."""
        pairs: list[tuple[str, Row | None]] = [(place, None) for place in self.retired_places]
        for row in self.live:
            for located in row.paths:
                if located.place:
                    pairs.append((located.place, row))
                    self._by_group.setdefault(_key(located.place), []).append(row)
            if row.type == "Version":
                self._by_code.setdefault(row.code, []).append(row)
            elif row.version is not None:
                self._by_version.setdefault(row.version, []).append(row)
        pairs.sort(key=lambda pair: pair[0])
        self._places = [place for place, _ in pairs]
        self._place_rows = [row for _, row in pairs]
        self._retired_groups = {_key(place) for place in self.retired_places}

    def of_file(self, place: str) -> list[Row]:
        """Rows that name this file itself, or its sequence."""
        return [*self._by_group.get(place, ()), *self._by_group.get(group_key(place), ())]

    def is_retired(self, place: str) -> bool:
        return place in self._retired_groups or group_key(place) in self._retired_groups

    def below(self, folder: str) -> Iterator[Row | None]:
        """Rows that name ``folder`` or something in it; None for a retired one."""
        for start in (folder, f"{folder}/"):
            at = bisect_left(self._places, start)
            while at < len(self._places) and (
                self._places[at] == folder if start == folder else self._places[at].startswith(start)
            ):
                yield self._place_rows[at]
                at += 1

    def exactly(self, place: str) -> list[Row]:
        """Rows that name this very place."""
        return self._by_group.get(place, [])

    def files_of(self, versions: set[int]) -> list[Row]:
        """PublishedFiles of these Versions."""
        return [row for number in versions for row in self._by_version.get(number, ())]

    def called(self, code: str) -> list[Row]:
        """Versions of this name."""
        return self._by_code.get(code, [])


def load_rows(tracker: Tracker, project: Entity, roots: RootMap, system: System) -> Rows:
    """Read the project's Versions and PublishedFiles, page by page. Raises TrackerError."""
    rows = Rows()
    for each in _pages(tracker, "Version", project, _known(tracker, "Version", _VERSION)):
        rows.live.append(_version(each, roots))
    for each in _pages(tracker, "PublishedFile", project, _known(tracker, "PublishedFile", _FILE)):
        rows.live.append(_file(each, roots, system))
    for kind, fields in _RETIRED.items():
        for each in _pages(tracker, kind, project, _known(tracker, kind, fields), retired_only=True):
            texts = [each.get("sg_path_to_frames"), each.get("sg_path_to_movie"), path_text(each.get("path"), system)]
            rows.retired_places += [place for text in texts if text and (place := roots.locate(text))]
            if kind == "Version":
                rows.retired_codes.add(str(each.get("code")))
    rows.index()
    return rows


def _key(place: str) -> str:
    """A pattern stands for all of its files, a file for itself."""
    return group_key(place) if is_pattern(place) else place


def _known(tracker: Tracker, kind: str, fields: tuple[str, ...]) -> list[str]:
    known = tracker.schema_fields(kind)
    return [name for name in fields if name in known]


def _pages(
    tracker: Tracker, kind: str, project: Entity, fields: list[str], *, retired_only: bool = False
) -> Iterator[Entity]:
    last = 0
    while True:
        filters: list[Filter] = [["project", "is", project], ["id", "greater_than", last]]
        page = tracker.find(kind, filters, fields, limit=_PAGE, retired_only=retired_only)
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1]["id"]


def _version(each: Entity, roots: RootMap) -> Row:
    paths = tuple(
        Located(each[name], roots.locate(each[name]), name)
        for name in ("sg_path_to_frames", "sg_path_to_movie")
        if each.get(name)
    )
    values = {name: each[name] for name in _VERSION[2:] if name not in _VERSION[3:5] and each.get(name) is not None}
    return Row("Version", each["id"], str(each.get("code")), _entity(each), paths, values=values)


def _file(each: Entity, roots: RootMap, system: System) -> Row:
    text = path_text(each.get("path"), system)
    paths = (Located(text, roots.locate(text), "path"),) if text else ()
    version = (each.get("version") or {}).get("id")
    return Row("PublishedFile", each["id"], str(each.get("code")), _entity(each), paths, version)


def _entity(each: Entity) -> tuple[str, int] | None:
    link = each.get("entity")
    return (link["type"], link["id"]) if link else None
