"""What a drop becomes in the tracker, hundreds of rows a request; ``tracker/steps.py`` says what a step is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from onepiece_core.context import Context
from onepiece_core.tracker.file_paths import LocalRoot, file_link, list_roots
from onepiece_core.tracker.known_rows import KnownRows, link_of, version_data
from onepiece_core.tracker.shots import find_shots
from onepiece_core.tracker.tracker import Entity, Tracker

_TASK_NAMES = ("content", "step.Step.short_name", "step.Step.code")


class ShotsStep:
    """Where each item of a drop belongs. Nothing is written.

    Payload: ``project``, ``items``: ``{key: {"episode", "sequence", "shot", "task"}}``. The result holds
    ``KEY/entity`` and ``KEY/task``, each a link or None.
    """

    is_read = True
    is_shared = False
    is_long = False

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.tracker, self.project, self.items = tracker, payload["project"], payload["items"]

    def find(self) -> Any | None:
        contexts = {
            key: Context(episode=item.get("episode"), sequence=item.get("sequence"), shot=item["shot"])
            for key, item in self.items.items()
            if item.get("shot")
        }
        shots = find_shots(self.tracker, self.project, contexts) if contexts else {}
        tasks = self._tasks(shots)
        result: dict[str, Entity | None] = {}
        for key, item in self.items.items():
            shot = shots.get(key)
            result[f"{key}/entity"] = None if shot is None else link_of(shot)
            # Of several tasks nobody can say which.
            named = tasks.get((shot["id"], str(item.get("task")).casefold()), {}) if shot is not None else {}
            result[f"{key}/task"] = next(iter(named.values())) if len(named) == 1 else None
        return result

    def _tasks(self, shots: Mapping[str, Entity]) -> dict[tuple[int, str], dict[int, Entity]]:
        """Tasks by their shot's id and each name they go by."""
        names = sorted({item["task"] for item in self.items.values() if item.get("task")})
        links = list({shot["id"]: link_of(shot) for shot in shots.values()}.values())
        if not names or not links:
            return {}
        any_name = {"filter_operator": "any", "filters": [[field, "in", names] for field in _TASK_NAMES]}
        found: dict[tuple[int, str], dict[int, Entity]] = {}
        for task in self.tracker.find("Task", [["entity", "in", links], any_name], ("entity", *_TASK_NAMES)):
            for name in {str(task.get(field)).casefold() for field in _TASK_NAMES if task.get(field)}:
                found.setdefault((task["entity"]["id"], name), {})[task["id"]] = link_of(task)
        return found

    def prepare(self) -> None:
        """Nothing to read."""

    def send(self) -> Any:
        raise AssertionError("a read is never sent")


class VersionsStep(KnownRows):
    """Key: project + code + sg_path_to_frames. Another path under the same code is another Version.

    Payload: ``project``, ``status`` (the first that the site knows is set), ``versions``: fields of each. The result
    is ``{path: {"type", "id", "has_image", "has_movie"}}``, or ``{path: {"refused": report}}``.
    """

    entity_type = "Version"
    spares_others = True

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.project, self.statuses = payload["project"], payload.get("status", [])
        super().__init__(
            tracker, {data["sg_path_to_frames"]: {**data, "project": self.project} for data in payload["versions"]}
        )

    @cached_property
    def known(self) -> dict[str, dict[str, Any]]:
        """The site's fields; asked for once, not for every row."""
        return self.tracker.schema_fields("Version")

    def rows(self) -> list[tuple[str, Entity]]:
        codes = sorted({data["code"] for data in self.wanted.values()})
        if not codes:
            return []
        fields = ["code", "sg_path_to_frames", "image", "created_by"]
        if "sg_uploaded_movie" in self.known:
            fields.append("sg_uploaded_movie")
        found = self.tracker.find("Version", [["project", "is", self.project], ["code", "in", codes]], fields)
        paths = [(str(row.get("sg_path_to_frames")), row) for row in found]
        return [(path, row) for path, row in paths if self.wanted.get(path, {}).get("code") == row["code"]]

    def may_retire(self, double: Entity, first: Entity) -> bool:
        """Only one that came about as ours did: two runs at once."""
        maker = (first.get("created_by") or {}).get("id")
        return maker is not None and (double.get("created_by") or {}).get("id") == maker

    def data(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Only fields and a status that this site knows."""
        return version_data(self.known, wanted, self.statuses)

    def result(self) -> Any:
        return {
            path: {
                **link_of(row),
                "has_image": bool(row.get("image")),
                "has_movie": bool(row.get("sg_uploaded_movie")),
            }
            for path, row in self.there.items()
        }


class VersionFilesStep(KnownRows):
    """PublishedFiles of many Versions. Key: version + code.

    Payload: ``files``: fields of each, ``version`` among them. The result is ``{"ID/CODE": link}``, or
    ``{"ID/CODE": {"refused": report}}``.
    """

    entity_type = "PublishedFile"
    spares_others = True

    def __init__(self, tracker: Tracker, payload: dict[str, Any]) -> None:
        self.roots: list[LocalRoot] | None = None
        # The Version of a file may have been refused.
        files = [data for data in payload["files"] if "id" in data["version"]]
        super().__init__(tracker, {f"{data['version']['id']}/{data['code']}": data for data in files})

    def rows(self) -> list[tuple[str, Entity]]:
        versions = [link_of(data["version"]) for data in self.wanted.values()]
        if not versions:
            return []
        found = self.tracker.find("PublishedFile", [["version", "in", versions]], ("code", "version", "created_by"))
        return [(f"{each['version']['id']}/{each.get('code')}", each) for each in found]

    def data(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if self.roots is None:
            self.roots = list_roots(self.tracker)
        return {**wanted, "version": link_of(wanted["version"]), **file_link(str(wanted["path"]), self.roots)}


DROP_STEPS: Mapping[str, Any] = {"shots": ShotsStep, "versions": VersionsStep, "version_files": VersionFilesStep}
