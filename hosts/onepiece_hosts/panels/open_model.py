"""The open-shot panel without its widgets: lists that fill in as answers arrive, and what can be done with a workfile.

Everything happens on the host's main thread. ``on_change`` is called whenever something to be drawn has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Host
from onepiece_hosts.panels.thumbnails import Thumbnails
from onepiece_hosts.worker import Worker

Row = dict[str, Any]
# The code of a folder that may not be written to, and what to do about it.
_READ_ONLY = "storage.read_only"
_ELSEWHERE = "Save it in a folder that you may write to."


def _nothing() -> None:
    pass


@dataclass
class Rows:
    """One list.

    Attributes:
        is_busy: an answer is still to come.
        age_seconds: None when the site has just answered; else how old the kept answer is.
    """

    items: list[Row] = field(default_factory=list)
    chosen: Row | None = None
    is_busy: bool = False
    age_seconds: float | None = None
    error: HostError | None = None
    asked: int = 0  # the newest question; answers to older ones are dropped


class OpenModel:
    """One open-shot panel.

    Attributes:
        path: what was chosen from the project down to the shot or asset; below each comes another level.
        levels: the lists of projects, of what is below, and so on; one more than ``path`` has entries.
        tasks, workfiles: of the shot or asset at the end of ``path``.
        my_tasks, recent, found: the lists of the other tabs.
        templates: what a new workfile may begin with in this host, once asked for.
        error: what went wrong last with an action.
    """

    def __init__(self, host: Host, worker: Worker, on_change: Callable[[], None] = _nothing) -> None:
        self._host = host
        self._worker = worker
        self.on_change = on_change
        self.path: list[Row] = []
        self.levels: list[Rows] = [Rows()]
        self.tasks, self.workfiles = Rows(), Rows()
        self.my_tasks, self.recent, self.found = Rows(), Rows(), Rows()
        self.templates = Rows()
        self._place: tuple[Row, str | None] | None = None
        self.pictures = Thumbnails(worker, self._drawn_again)
        self.error: HostError | None = None

    def open(self) -> None:
        """The panel appears."""
        self._fill(self.levels[0], "context.projects", {})
        self._fill(self.my_tasks, "context.my_tasks", {})
        self._fill(self.recent, "workfiles.recent", {})

    def choose(self, level: int, row: Row) -> None:
        """Go down from ``row`` in the list of ``level``."""
        del self.path[level:]
        del self.levels[level + 1 :]
        self.levels[level].chosen = row
        self.path.append(row)
        self.tasks, self.workfiles, self.templates, self._place = Rows(), Rows(), Rows(), None
        if row.get("has_children"):
            self.levels.append(Rows())
            self._fill(self.levels[-1], "context.children", {"parent": _link(row)})
        else:
            self._fill(self.tasks, "context.tasks", {"entity": _link(row)})
            self._list_workfiles(row, None)

    def choose_task(self, task: Row | None) -> None:
        """Only the workfiles of one task; of a row of My Tasks too."""
        self.tasks.chosen, self.workfiles, self.templates, self._place = task, Rows(), Rows(), None
        entity = (task or {}).get("parent") or (self.path[-1] if self.path else None)
        if entity is None:
            self.on_change()
        else:
            step: dict[str, Any] = (task or {}).get("step") or {}
            self._list_workfiles(entity, step.get("name"))

    def show_workfiles(self, entity: Row) -> None:
        """Those of a shot or asset that a search has found; a sequence has none of its own."""
        self.tasks, self.workfiles = Rows(), Rows()
        self._list_workfiles(entity, None)

    @property
    def can_make_new(self) -> bool:
        """A shot or an asset is chosen: a new workfile has a place."""
        return self._place is not None

    def picture(self, workfile: Row) -> str | None:
        """A small picture of a workfile on this machine; None while there is none."""
        return self.pictures.find(workfile.get("thumbnail"))

    def list_templates(self) -> None:
        """What a new workfile of the chosen shot and task may begin with."""
        if self._place is not None:
            entity, step = self._place
            params = {"entity": _link(entity), "step": step, "dcc": self._host.name}
            self._fill(self.templates, "workfiles.templates", params)

    def new_workfile(self, template: Row, name: str = "") -> None:
        """Make the first free version from a template, lock it and open it here.

        Args:
            name: what the scene is called besides its shot; empty: as its task.
        """
        if self._place is None:
            return
        entity, step = self._place

        def made(told: Mapping[str, Any]) -> None:
            self.open_workfile({"path": told["path"]})
            self._list_workfiles(entity, step)

        params = {"entity": _link(entity), "step": template.get("step") or step, "template": template["id"]}
        self._ask("workfiles.new", {**params, "name": name.strip() or None}, made)

    def search(self, text: str) -> None:
        """As the artist types; an empty text empties the list."""
        project = self.path[0] if self.path else None
        if not text.strip():
            self.found = Rows()
            self.on_change()
            return
        self._fill(self.found, "context.search", {"text": text, "project": project and _link(project)})

    def open_workfile(self, workfile: Row, *, steal: bool = False) -> None:
        """Lock it and open it here. A lock that somebody holds is an error, which ``steal`` overrules.

        In a folder that may only be read nobody can lock or save: the workfile is opened, and the artist is told.
        """
        path = workfile["path"]

        def locked(_: Any) -> None:
            self._do(lambda: self._host.open_scene(path))
            self._worker.request("workfiles.opened", {"path": path, "token": None}, on_result=self._read_again)

        def failed(error: HostError) -> None:
            if error.code == _READ_ONLY:
                locked(None)
                if self.error is None:
                    self._fail(HostError(error.code, f"It is open without a lock: {error.message}", _ELSEWHERE))
            else:
                self._fail(error)

        self._ask("workfiles.lock", {"path": path, "steal": steal}, locked, failed)

    def open_as_next_version(self, workfile: Row) -> None:
        """Open a workfile and save it at once under the next number: nobody's file is touched."""

        def numbered(told: Mapping[str, Any]) -> None:
            def both() -> None:
                self._host.open_scene(workfile["path"])
                self._host.save_as(told["path"])

            self._do(both)
            self._ask("workfiles.lock", {"path": told["path"], "steal": False}, _ignore)

        self._ask("workfiles.next", {"path": workfile["path"]}, numbered)

    def save_scene(self, then: Callable[[], None]) -> None:
        """Save what is open, then go on; not when it cannot be saved."""

        def both() -> None:
            self._host.save()
            then()

        self.error = None
        self._do(both)

    def save_next_version(self) -> None:
        """The menu's Save Next Version, for the scene that is open."""
        path = self._host.scene_path()
        if path is None:
            self._fail(HostError("host.unnamed_scene", "The scene has no file yet.", "Save it under a name first."))
            return

        def numbered(told: Mapping[str, Any]) -> None:
            self._do(lambda: self._host.save_as(told["path"]))
            self._ask("workfiles.lock", {"path": told["path"], "steal": False}, _ignore)

        self._ask("workfiles.next", {"path": path}, numbered)

    # Inside

    def _drawn_again(self) -> None:
        self.on_change()

    def _list_workfiles(self, entity: Row, step: str | None) -> None:
        self._place, self.templates = (entity, step), Rows()
        self._fill(self.workfiles, "workfiles.list", {"entity": _link(entity), "step": step})

    def _fill(self, rows: Rows, method: str, params: Mapping[str, Any]) -> None:
        rows.is_busy, rows.error = True, None

        def filled(told: Mapping[str, Any]) -> None:
            if rows.asked == number[0]:
                rows.items, rows.age_seconds, rows.is_busy = told["items"], told.get("age_seconds"), False
                self.on_change()

        def failed(error: HostError) -> None:
            if rows.asked == number[0]:
                rows.error, rows.is_busy = error, False
                self.on_change()

        number = [self._worker.request(method, params, on_result=filled, on_error=failed)]
        rows.asked = number[0]
        self.on_change()

    def _ask(
        self,
        method: str,
        params: Mapping[str, Any],
        on_result: Callable[[Any], None],
        on_error: Callable[[HostError], None] | None = None,
    ) -> None:
        self.error = None
        self._worker.request(method, params, on_result=on_result, on_error=on_error or self._fail)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except HostError as error:
            self._fail(error)
        else:
            self.on_change()

    def _fail(self, error: HostError) -> None:
        self.error = error
        if error.code == "workfile.missing":  # the lists are older than the disk
            self._read_again(None)
        self.on_change()

    def _read_again(self, _: Any) -> None:
        """The lists of workfiles: what was opened is locked now, and recent."""
        self._fill(self.recent, "workfiles.recent", {})
        if self._place is not None:
            self._list_workfiles(*self._place)


def _ignore(_: Any) -> None:
    pass


def _link(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": row["type"], "id": row["id"]}
