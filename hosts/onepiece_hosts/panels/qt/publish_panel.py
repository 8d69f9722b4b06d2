"""The publish panel: what will be published, what the checks say, the publish itself and where its result lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from Qt import QtCore, QtWidgets

from onepiece_hosts.errors import HostError
from onepiece_hosts.panels import publish_model, words
from onepiece_hosts.panels.open_model import OpenModel
from onepiece_hosts.panels.publish_model import PublishModel
from onepiece_hosts.panels.qt.error_box import ErrorBox
from onepiece_hosts.panels.qt.findings import Findings
from onepiece_hosts.panels.qt.items import ItemTree
from onepiece_hosts.panels.qt.offline import Offline
from onepiece_hosts.panels.qt.parts import button, column, frame, label, named, page, row
from onepiece_hosts.panels.qt.places import Places
from onepiece_hosts.panels.qt.progress import ProgressPage
from onepiece_hosts.panels.qt.result import ResultPage
from onepiece_hosts.panels.qt.window import Window
from onepiece_hosts.session import HostSession

FORM, PROGRESS, RESULT = 0, 1, 2


class PublishPanel(Window):
    """One for each host; what it shows is read afresh each time it appears, but for a publish that runs."""

    def __init__(self, session: HostSession, parent: Any = None) -> None:
        self.model = PublishModel(session.host, session.worker)
        self.places: Places | None = None
        super().__init__(session, parent, "Publish", 860, 640)
        self._build()
        session.host.on("opened", self._scene_opened)
        session.host.on("saved", self._scene_saved)

    def ask(self) -> None:
        if self.model.state != publish_model.PUBLISHING:
            self.start_again()
        self.offline.begin()

    def start_again(self) -> None:
        """Look at the scene from the beginning."""
        self.model.close()
        self.model = PublishModel(self.session.host, self.session.worker, self.redraw)
        self._leave_places()
        self.model.open()
        self.redraw()

    def choose_place(self) -> None:
        """Let the artist choose where the publish belongs."""
        if self.places is not None:
            self._leave_places()
            return
        model = OpenModel(self.session.host, self.session.worker, self.redraw)
        self.places = Places(model, self._take_place, self._leave_places)
        self._place_at.addWidget(self.places)
        model.open()

    def publish(self) -> None:
        self.model.publish(self.comment.toPlainText().strip())

    def dry_run(self) -> None:
        self.model.publish(self.comment.toPlainText().strip(), is_dry_run=True)

    def save_request(self) -> None:
        self.model.save_request(self.comment.toPlainText().strip())

    def ask_cancel(self) -> None:
        self.model.ask_cancel()

    def cancel(self) -> None:
        self.model.cancel()

    def keep_going(self) -> None:
        self.model.keep_going()

    def check_again(self) -> None:
        self.model.refresh()

    def draw(self) -> None:
        model = self.model
        is_plan = model.state == publish_model.PUBLISHING and self.pages.currentIndex() == FORM and self._is_dry
        wanted = {publish_model.PUBLISHING: PROGRESS, publish_model.DONE: RESULT}.get(model.state, FORM)
        self.pages.setCurrentIndex(FORM if is_plan else wanted)
        if wanted == PROGRESS:
            self.progress.show_model(model)
        elif wanted == RESULT:
            self.outcome.show_model(model)
        else:
            self._draw_form()
        self.error.show_error(model.error)

    # Inside

    def _build(self) -> None:
        self._is_dry = False
        self.pages = QtWidgets.QStackedWidget()
        self.progress = ProgressPage(self.session.host.label, self.ask_cancel, self.cancel, self.keep_going)
        self.outcome = ResultPage(self._open_folder, self._open_site, self.start_again, self.close)
        self.error = ErrorBox(self._dismiss)
        self.pages.addWidget(self._form())
        self.pages.addWidget(self.progress)
        self.pages.addWidget(self.outcome)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.error)
        self.draw()

    def _form(self) -> Any:
        self.title = label("Publish", "title")
        self.place = label("", "faint")
        self.change = button("Change…", "Choose another project, shot or task", self.choose_place)
        self.offline = Offline(self, self.session.worker)
        self._place_at = QtWidgets.QVBoxLayout()
        self.items, self.findings = ItemTree(), Findings()
        split = QtWidgets.QSplitter(QtCore.Qt.Orientation.Horizontal)
        split.addWidget(page(column(label("What will be published", "head"), self.items)))
        split.addWidget(self.findings)
        split.setSizes([430, 400])
        split.setHandleWidth(14)
        split.setChildrenCollapsible(False)
        made = column(
            self.title, row(self.place, self.change, None), self.offline.label, self._place_at, split, *self._below()
        )
        made.setStretch(4, 1)
        return page(made)

    def _below(self) -> list[Any]:
        self.comment = named(QtWidgets.QPlainTextEdit(), "Comment", "What is new in this version")
        self.comment.setPlaceholderText("Comment: what is new in this version?")
        self.comment.setTabChangesFocus(True)
        self.comment.setFixedHeight(54)
        self.plan = label("", is_wrapped=True)
        self.plan_box = frame("card", column(label("Dry run: nothing was changed", "head"), self.plan))
        self.why_not = label("", "faint", is_wrapped=True)
        self.again = button("Check Again", "Read the scene and check it again", self.check_again)
        tip = "Keep this publish beside the scene, to be done later or on another machine"
        self.later = button("Save Request", tip, self.save_request)
        self.dry = button("Dry Run", "Show what a publish would do; nothing is changed", self._press_dry)
        tip = "Freeze this version, upload it and register it; you can go on working meanwhile"
        self.go = button("Publish", tip, self._press_publish, "primary")
        self.go.setDefault(True)
        foot = row(self.again, self.why_not, self.later, self.dry, self.go)
        foot.setStretch(1, 1)
        return [self.plan_box, self.comment, foot]

    def _press_publish(self) -> None:
        self._is_dry = False
        self.publish()

    def _press_dry(self) -> None:
        self._is_dry = True
        self.dry_run()

    def _draw_form(self) -> None:
        model = self.model
        scene = self.session.host.scene_path()
        self.title.setText(str((model.request or {}).get("scene_name") or _name(scene)))
        self.place.setText(_place(model.context))
        self.items.show_model(model)
        self.findings.show_model(model)
        if self.places is not None:
            self.places.draw()
        is_busy = model.state in (publish_model.COLLECTING, publish_model.CHECKING)
        self.again.setEnabled(not is_busy)
        self.go.setEnabled(model.can_publish)
        self.dry.setEnabled(model.can_publish)
        self.later.setEnabled(model.can_publish)
        self.why_not.setText(words.saved(model.saved) if model.saved else _why_not(model))
        self.plan_box.setVisible(model.result is not None)
        if model.result is not None:
            self.plan.setText(_plan(model.result))

    def _take_place(self, project: Any, entity: Any, task: Any) -> None:
        self._leave_places()
        self.model.choose(project=project, entity=entity, task=task)

    def _leave_places(self) -> None:
        if self.places is not None:
            self.places.hide()
            self.places.deleteLater()
            self.places = None

    def _scene_opened(self) -> None:
        if self.isVisible() and self.model.state != publish_model.PUBLISHING:
            self.start_again()

    def _scene_saved(self) -> None:
        # A moment later: until its next turn a host may call a saved scene modified.
        if self.isVisible() and self.model.state in (publish_model.READY, publish_model.FAILED):
            self.session.host.call_later(self.model.refresh)

    def _open_folder(self) -> None:
        self._tell(self.open_folder(str(_links(self.model)["folder"])))

    def _open_site(self) -> None:
        self._tell(self.open_url(str(_links(self.model)["shotgrid"])))

    def _tell(self, error: HostError | None) -> None:
        self.model.error = error
        self.redraw()

    def _dismiss(self) -> None:
        self._tell(None)


def _links(model: PublishModel) -> Mapping[str, Any]:
    return dict((model.result or {}).get("links") or {})


def _name(scene: str | None) -> str:
    return scene.rpartition("/")[2] if scene else "A scene without a file"


def _place(context: Mapping[str, Any]) -> str:
    chosen = [context.get(name) for name in ("project", "entity", "task")]
    names = [str(one.get("name") or one.get("code") or one["id"]) for one in chosen if one]
    return words.BETWEEN.join(names) or "No shot is known for this scene: choose one."


def _why_not(model: PublishModel) -> str:
    if model.blocking:
        return f"{words.plural(len(model.blocking), 'error')} must be fixed or ignored first."
    return " ".join(words.lacking(name) for name in model.lacking)


def _plan(plan: Mapping[str, Any]) -> str:
    told = f"{plan.get('scene_name', '')}: {words.plural(plan.get('files', 0), 'file')}"
    lines = [f"{told}, {words.size(plan.get('bytes_total', 0))}"]
    return "\n".join([*lines, *(str(plan[name]) for name in ("package", "s3_uri") if plan.get(name))])
