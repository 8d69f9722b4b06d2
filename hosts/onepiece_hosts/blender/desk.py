"""What the artist has before them: the panels' models, and which of them is shown."""

from __future__ import annotations

from typing import Any

import bpy

from onepiece_hosts.blender.icons import Icons
from onepiece_hosts.blender.redraw import Redraw
from onepiece_hosts.commands import find_tools
from onepiece_hosts.errors import HostError
from onepiece_hosts.panels import publish_model
from onepiece_hosts.panels.open_model import OpenModel
from onepiece_hosts.panels.publish_model import PublishModel
from onepiece_hosts.panels.recover_model import RecoverModel
from onepiece_hosts.session import HostSession

# The pages of the sidebar, by the tools that bring them up.
PAGES = ("publish", "open_shot", "recover", "about")
_AFTER_SAVE_SECONDS = 0.2
# Rows of a list that are drawn before "Show more".
FIRST_ROWS = 12
# The row of ``opened_rows`` below which the templates of new workfiles are.
TEMPLATES = "templates"


class Desk:
    """One for each Blender.

    Attributes:
        page: one of PAGES.
        publish, opening, recover: the models of the pages; None until a page is first shown.
        places: where the publish belongs, while the artist chooses another place.
        about: the worker's ``session.info``.
        opened_rows: findings and items that are unfolded, by their keys.
        rows: how many rows of the workfiles are drawn.
        tools: those of the shelves, read once.
        pictures: the small pictures of files, as Blender's icons.
        draws: how often our panel has been drawn: tells whether the artist can see it.
    """

    def __init__(self, session: HostSession) -> None:
        self.session = session
        self.redraw = Redraw()
        self.page = "publish"
        self.publish: PublishModel | None = None
        self.opening: OpenModel | None = None
        self.recover: RecoverModel | None = None
        self.places: OpenModel | None = None
        self.about: dict[str, Any] | HostError | None = None
        self.opened_rows: set[str] = set()
        self.rows = FIRST_ROWS
        self.draws = 0
        self.tools = find_tools(session.host.name)
        self.pictures = Icons()
        self.classes: list[Any] = []
        self._stops = [session.host.on("opened", self._scene_opened), session.host.on("saved", self._scene_saved)]

    def turn_to(self, page: str) -> None:
        """Show a page; what it shows is asked for afresh, but for a publish that runs."""
        self.page = page
        if page == "publish" and not self.is_publishing:
            self.new_publish()
        elif page == "open_shot":
            self.opening = self.opening or OpenModel(self.session.host, self.session.worker, self.redraw)
            self.opening.open()
        elif page == "recover":
            self.recover = self.recover or RecoverModel(self.session.worker, self.redraw)
            self.recover.open()
        elif page == "about":
            self.session.worker.request("session.info", on_result=self._informed, on_error=self._informed)
        self.redraw()

    @property
    def chooser(self) -> OpenModel | None:
        """Whose levels the menus of places show."""
        return self.places if self.page == "publish" else self.opening

    @property
    def is_publishing(self) -> bool:
        return self.publish is not None and self.publish.state == publish_model.PUBLISHING

    def new_publish(self) -> None:
        """Look at the scene from the beginning."""
        if self.publish is not None:
            self.publish.close()
        self.places = None
        self.opened_rows.clear()
        self.publish = PublishModel(self.session.host, self.session.worker, self.redraw)
        self.publish.open()

    def choose_place(self) -> None:
        """Let the artist choose where the publish belongs; a second time ends that."""
        self.places = None if self.places else OpenModel(self.session.host, self.session.worker, self.redraw)
        if self.places:
            self.places.open()
        self.redraw()

    def take_place(self, task: dict[str, Any] | None) -> None:
        """The place that the artist has chosen, with a task or without."""
        if self.places is None or self.publish is None:
            return
        path = self.places.path
        if task and task.get("parent"):
            self.publish.choose(project=task["project"], entity=task["parent"], task=task)
        elif path:
            self.publish.choose(project=path[0], entity=path[-1], task=task)
        self.places = None

    def unfold(self, key: str) -> None:
        """Unfold a row, or fold it again."""
        self.opened_rows ^= {key}
        self.redraw()

    def end(self) -> None:
        """Nothing of us is called any more."""
        for stop in self._stops:
            stop()
        if self.publish is not None:
            self.publish.close()
        self.redraw.end()
        self.pictures.end()
        if bpy.app.timers.is_registered(self._look_again):
            bpy.app.timers.unregister(self._look_again)

    def _informed(self, told: Any) -> None:
        self.about = told
        self.redraw()

    def _scene_opened(self) -> None:
        """Another scene: what was read of the one before says nothing about it."""
        if self.publish is not None and not self.is_publishing:
            self.new_publish()

    def _scene_saved(self) -> None:
        """Look again, a moment later: until its next turn Blender calls a saved scene modified."""
        if not bpy.app.timers.is_registered(self._look_again):
            bpy.app.timers.register(self._look_again, first_interval=_AFTER_SAVE_SECONDS, persistent=True)

    def _look_again(self) -> None:
        if self.publish is not None and self.publish.state not in (publish_model.PUBLISHING, publish_model.DONE):
            self.publish.refresh()
