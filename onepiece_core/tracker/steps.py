"""How each kind of outbox write is looked up, and how it is carried out.

A step answers: ``find`` (is it there already, and with which ids?), ``prepare`` (read what the request needs) and
``send`` (make what ``find`` did not see, with one request). Rows have a key that is looked up before and after they
are made (``tracker/known_rows.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from onepiece_core.errors import EntityMissing, InputMissing, TrackerRefused, VersionExists
from onepiece_core.log import get_logger
from onepiece_core.tracker.drop_steps import DROP_STEPS
from onepiece_core.tracker.file_paths import LocalRoot, file_link, list_roots
from onepiece_core.tracker.known_rows import KnownRows, link_of, name_of, version_data
from onepiece_core.tracker.placing import find_place
from onepiece_core.tracker.row_steps import ROW_STEPS
from onepiece_core.tracker.tracker import Entity, Tracker

log = get_logger(__name__)


class Step(Protocol):
    """One write of one operation, with all references resolved.

    Attributes:
        is_read: it changes nothing in the tracker.
        is_shared: others make the same row for themselves, so one that is there need not be ours.
        is_long: the send takes as long as a file is large.
    """

    is_read: bool
    is_shared: bool
    is_long: bool

    def find(self) -> Any | None:
        """The write's result when all of it is there, else None. Retires doubles."""
        ...

    def prepare(self) -> None:
        """The reads that ``send`` needs, so that it is one request that changes something."""
        ...

    def send(self) -> Any:
        """Make what the last ``find`` did not see; the write's result."""
        ...


def resolve(value: Any, results: Mapping[int, Any]) -> Any:
    """Put earlier results in the place of ``{"$ref": seq}`` and ``{"$ref": seq, "key": name}``."""
    if isinstance(value, dict):
        if "$ref" in value:
            result = results[value["$ref"]]
            return result.get(value["key"]) if "key" in value else result
        return {name: resolve(each, results) for name, each in value.items()}
    return [resolve(each, results) for each in value] if isinstance(value, list) else value


class VersionStep(KnownRows):
    """Key: project + code + sg_path_to_frames. Another path under the same code is somebody else's version."""

    entity_type = "Version"

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.version, self.statuses = payload["data"], payload.get("status", [])
        super().__init__(tracker, {self.version["sg_path_to_frames"]: self.version})

    def rows(self) -> list[tuple[str, Entity]]:
        filters = [["project", "is", self.version["project"]], ["code", "is", self.version["code"]]]
        found = self.tracker.find("Version", filters, ("code", "sg_path_to_frames", "created_at"))
        mine = [each for each in found if each.get("sg_path_to_frames") == self.version["sg_path_to_frames"]]
        if found and not mine:
            raise VersionExists(
                f"The tracker has a Version {self.version['code']} of other frames already",
                state="finished",
                site=self.tracker.url,
                version_id=found[0]["id"],
                since=str(found[0].get("created_at")),
                path=found[0].get("sg_path_to_frames"),
            )
        return [(each["sg_path_to_frames"], each) for each in mine]

    def data(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Only fields and a status that this site knows."""
        return version_data(self.tracker.schema_fields("Version"), wanted, self.statuses)

    def result(self) -> Any:
        return link_of(*self.there.values())


class FileTypesStep(KnownRows):
    """Key: code, without regard to case, as the site compares it. Shared by all who publish."""

    entity_type = "PublishedFileType"
    is_shared = True

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.codes: list[str] = payload["codes"]
        super().__init__(tracker, {code.casefold(): {"code": code} for code in self.codes})

    def rows(self) -> list[tuple[str, Entity]]:
        found = self.tracker.find("PublishedFileType", [["code", "in", self.codes]], ("code", "created_by"))
        return [(str(each.get("code")).casefold(), each) for each in found]

    def may_retire(self, double: Entity, first: Entity) -> bool:
        """Only one that came about as ours did, two publishes at once, and that nothing has taken up."""
        maker = (first.get("created_by") or {}).get("id")
        if maker is None or (double.get("created_by") or {}).get("id") != maker:
            return False
        return self.tracker.find_one("PublishedFile", [["published_file_type", "is", link_of(double)]]) is None

    def result(self) -> Any:
        return {code: link_of(self.there[code.casefold()]) for code in self.codes}


class FilesStep(KnownRows):
    """Key: version + code."""

    entity_type = "PublishedFile"

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.version = payload["version"]
        self.roots: list[LocalRoot] | None = None
        super().__init__(tracker, {data["code"]: data for data in payload["files"]})

    def rows(self) -> list[tuple[str, Entity]]:
        found = self.tracker.find("PublishedFile", [["version", "is", self.version]], ("code",))
        return [(str(each.get("code")), each) for each in found]

    def data(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if self.roots is None:
            self.roots = list_roots(self.tracker)
        return {**wanted, "version": self.version, **file_link(str(wanted["path"]), self.roots)}


class LinksStep(KnownRows):
    """Key: both ends."""

    entity_type = "PublishedFileDependency"

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.users = {link["from"]["id"]: link["from"] for link in payload["links"]}
        wanted = {
            f"{link['from']['id']}-{link['to']['id']}": {
                "published_file": link["from"],
                "dependent_published_file": link["to"],
            }
            for link in payload["links"]
        }
        super().__init__(tracker, wanted)

    def rows(self) -> list[tuple[str, Entity]]:
        fields = ("published_file", "dependent_published_file")
        found = self.tracker.find(
            "PublishedFileDependency", [["published_file", "in", list(self.users.values())]], fields
        )
        ends = [(each.get("published_file"), each.get("dependent_published_file"), each) for each in found]
        return [(f"{one['id']}-{other['id']}", each) for one, other, each in ends if one and other]


class ContextStep:
    """Where the package belongs. Nothing is written."""

    is_read = True
    is_shared = False
    is_long = False

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.tracker, self.payload = tracker, payload

    def find(self) -> Any | None:
        return dict(find_place(self.tracker, self.payload))  # type: ignore[arg-type]

    def prepare(self) -> None:
        """Nothing to read."""

    def send(self) -> Any:
        raise AssertionError("a read is never sent")


class _Upload:
    """A file into a row that is there."""

    is_read = False
    is_shared = False
    is_long = True

    def prepare(self) -> None:
        """Nothing to read."""


class ThumbnailStep(_Upload):
    """Key: the row; an image that is there is ours, for nothing else has touched the row yet."""

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.tracker, self.row, self.path = tracker, payload["row"], Path(payload["path"])

    def find(self) -> Any | None:
        row = _row(self.tracker, self.row, ("image",))
        if row.get("image"):
            return {"image": True}
        if not self.path.is_file():
            # A picture for people's eyes is no reason to leave a publish unfinished for ever.
            log.warning("tracker.thumbnail_left_out", path=str(self.path), row=name_of(self.row))
            return {"image": False}
        return None

    def send(self) -> Any:
        return {"image": True, "attachment": self.tracker.upload_thumbnail(self.row["type"], self.row["id"], self.path)}


class MovieStep(_Upload):
    """Key: row + field + name + size."""

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.tracker, self.row, self.field = tracker, payload["row"], payload["field"]
        self.path, self.name, self.size_bytes = Path(payload["path"]), payload["name"], payload["size_bytes"]

    def find(self) -> Any | None:
        value = _row(self.tracker, self.row, (self.field,)).get(self.field)
        if isinstance(value, dict) and value.get("name") == self.name and self._has_size(value):
            return {"attachment": value.get("id")}
        if not self.path.is_file():
            raise InputMissing(f"The movie {self.path} is not there any more", path=str(self.path))
        return None

    def _has_size(self, value: dict[str, Any]) -> bool:
        """True when the site does not tell: not every script may read Attachments."""
        if value.get("type") != "Attachment" or "id" not in value:
            return True
        try:
            attachment = self.tracker.find_one("Attachment", [["id", "is", value["id"]]], ("file_size",))
        except TrackerRefused:
            return True
        size = (attachment or {}).get("file_size")
        return size is None or int(size) == self.size_bytes

    def send(self) -> Any:
        attachment = self.tracker.upload(
            self.row["type"], self.row["id"], self.path, field_name=self.field, display_name=self.name
        )
        return {"attachment": attachment}


_KINDS: Mapping[str, Any] = {
    "context": ContextStep,
    "version": VersionStep,
    "file_type": FileTypesStep,
    "files": FilesStep,
    "links": LinksStep,
    "thumbnail": ThumbnailStep,
    "movie": MovieStep,
    **ROW_STEPS,
    **DROP_STEPS,
}


def make_step(kind: str, payload: dict[str, Any], tracker: Tracker, results: Mapping[int, Any]) -> Step:
    """The step for a write; ``results`` are those of the writes before it, by their ``seq``."""
    step: Step = _KINDS[kind](tracker, resolve(payload, results))
    return step


def _row(tracker: Tracker, link: Entity, fields: Sequence[str]) -> Entity:
    found = tracker.find_one(link["type"], [["id", "is", link["id"]]], fields)
    if found is None:
        raise EntityMissing(f"{name_of(link)} is not in the tracker any more", site=tracker.url, id=link["id"])
    return found
