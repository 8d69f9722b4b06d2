"""The open-shot panel: from the project down to the workfile, my tasks, what was open lately, and a search."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from Qt import QtCore, QtWidgets

from onepiece_hosts.panels import words
from onepiece_hosts.panels.open_model import OpenModel, Row, Rows
from onepiece_hosts.panels.qt.error_box import ErrorBox
from onepiece_hosts.panels.qt.new_workfile import NewWorkfile
from onepiece_hosts.panels.qt.offline import Offline
from onepiece_hosts.panels.qt.parts import Line, button, column, label, named, page, row
from onepiece_hosts.panels.qt.question import Question
from onepiece_hosts.panels.qt.rows import FlatList, PlaceTree, WorkfileTable
from onepiece_hosts.panels.qt.window import Window
from onepiece_hosts.session import HostSession

# After the last letter, before the search.
_TYPING_MS = 250
BROWSE, TASKS, RECENT = 0, 1, 2


class OpenPanel(Window):
    """One for each host."""

    def __init__(self, session: HostSession, parent: Any = None) -> None:
        self.model = OpenModel(session.host, session.worker)
        self._opened: Row | None = None
        super().__init__(session, parent, "Open Shot", 1000, 600)
        self.model.on_change = self.redraw
        self._typing = QtCore.QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self.search_now)
        self._build()

    def ask(self) -> None:
        self.model.open()
        self.offline.begin()
        self.search.setFocus()

    def search_now(self) -> None:
        self._typing.stop()
        self.model.search(self.search.text())

    @property
    def listed(self) -> Rows:
        """The workfiles that are shown."""
        return self.model.recent if self._is_recent else self.model.workfiles

    def open_chosen(self) -> None:
        """Open the chosen workfile here; asks first when something would be lost."""
        chosen = self.files.chosen
        if chosen is not None:
            self._ask_then(lambda: self._open(chosen, steal=False))

    def open_copy(self) -> None:
        """Open it as the next version."""
        chosen = self.files.chosen
        if chosen is not None:
            self._ask_then(lambda: self.model.open_as_next_version(chosen))

    def ask_new(self) -> None:
        """Let the artist choose a template."""
        self.model.list_templates()
        self.new.begin()
        self.redraw()

    def make_new(self, template: Row, name: str) -> None:
        """A new workfile, opened here; asks first when something would be lost."""
        self._ask_then(lambda: self.model.new_workfile(template, name))

    def reveal(self) -> None:
        chosen = self.files.chosen
        if chosen is not None:
            self.model.error = self.open_folder(str(chosen["path"]).replace("\\", "/").rpartition("/")[0])
            self.redraw()

    def draw(self) -> None:
        model, text = self.model, self.search.text().strip()
        self.found.setVisible(bool(text))
        self.tabs.setVisible(not text)
        self.places.show_model(model)
        self.tasks.show_rows(model.my_tasks, model.tasks.chosen)
        self.found.show_rows(model.found, None)
        self.files.show_rows(self.listed, time.time())
        self.left_note.setText(_note(self._left_rows(), self._nothing()))
        self.right_note.setText(_note(self.listed, "There is no workfile yet.") or self._where())
        self._draw_buttons()
        self._offer_lock()
        self.error.show_error(None if self.question.isVisibleTo(self) else model.error)

    # Inside

    def _build(self) -> None:
        self.search = named(Line(), "Search", "Part of the name of a shot or asset")
        self.search.setPlaceholderText("Search shots and assets…")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._typed)
        self.search.entered.connect(self.search_now)
        self.search.left.connect(self.search.clear)
        self.places = PlaceTree(self.model.choose, self.model.choose_task)
        self.tasks = FlatList("My Tasks", "The tasks that are assigned to you", self.model.choose_task)
        self.found = FlatList("Found", "Shots and assets with this name", self.model.show_workfiles)
        self.tabs = named(QtWidgets.QTabWidget(), "Where to look", "By place, by task, or what was open lately")
        self.tabs.addTab(self.places, "Browse")
        self.tabs.addTab(self.tasks, "My Tasks")
        self.tabs.addTab(page(column(label("What was open lately is listed on the right.", "faint"), None)), "Recent")
        self.tabs.setDocumentMode(True)
        self.tabs.currentChanged.connect(lambda _: self.redraw())
        self.left_note, self.right_note = label("", "faint", is_wrapped=True), label("", "faint", is_wrapped=True)
        left = column(self.search, self.tabs, self.found, self.left_note)
        self.files = WorkfileTable(self.redraw, self.open_chosen, self.model.picture)
        split = QtWidgets.QSplitter(QtCore.Qt.Orientation.Horizontal)
        split.addWidget(page(left))
        split.addWidget(page(column(label("Workfiles", "head"), self.files, self.right_note)))
        split.setSizes([270, 700])
        split.setHandleWidth(14)
        split.setChildrenCollapsible(False)
        self.question, self.error = Question(), ErrorBox(self._dismiss)
        self.new = NewWorkfile(self.session.host.label, self.make_new, self.redraw)
        self.offline = Offline(self, self.session.worker)
        made = column(self.offline.label, split, self.new, self.question, self.error, self._buttons(), margin=12)
        made.setStretch(1, 1)
        self.setLayout(made)
        self.draw()

    def _buttons(self) -> Any:
        host = self.session.host.label
        self.show_folder = button("Show in Folder", "Open the folder that the workfile lies in", self.reveal)
        self.new_button = button("New…", "Begin a new workfile from a template", self.ask_new)
        self.next_button = button("Open as Next Version", "Open a copy under the next free number", self.open_copy)
        self.open_button = button("Open", f"Open this workfile in {host}", self.open_chosen, "primary")
        self.open_button.setDefault(True)
        return row(self.show_folder, self.new_button, None, self.next_button, self.open_button)

    @property
    def _is_recent(self) -> bool:
        return self.tabs.currentIndex() == RECENT and not self.search.text().strip()

    def _typed(self, text: str) -> None:
        if text.strip():
            self._typing.start()
        else:
            self.search_now()
        self.redraw()

    def _left_rows(self) -> Rows:
        if self.search.text().strip():
            return self.model.found
        if self.tabs.currentIndex() == TASKS:
            return self.model.my_tasks
        if self._is_recent:
            return Rows()
        rows = [*self.model.levels, self.model.tasks]
        failed = next((one for one in rows if one.error is not None), None)
        return failed or max(self.model.levels, key=lambda one: one.age_seconds or 0.0)

    def _nothing(self) -> str:
        if self.search.text().strip():
            return "Nothing is called like that."
        return "No task is assigned to you." if self.tabs.currentIndex() == TASKS else "There is nothing here."

    def _where(self) -> str:
        if self.listed.asked or self.listed.items:
            return ""
        return "Choose a shot, an asset or a task."

    def _draw_buttons(self) -> None:
        chosen = self.files.chosen
        is_ours = chosen is not None and str(chosen["path"]).lower().endswith(self.session.host.extensions)
        self.open_button.setEnabled(is_ours)
        self.next_button.setEnabled(is_ours)
        self.show_folder.setEnabled(chosen is not None)
        self.new_button.setEnabled(self.model.can_make_new and not self._is_recent)
        self.new.show_model(self.model)

    def _ask_then(self, work: Callable[[], None]) -> None:
        """Unsaved changes would be lost: the artist says what becomes of them."""
        if self.session.host.is_modified() is False:
            work()
            return
        answers = [
            ("Save and Open", "Save the scene first", lambda: self.model.save_scene(work)),
            ("Open Without Saving", "What was not saved is lost", work),
        ]
        self.question.ask("The open scene may have changes that are not saved.", answers)

    def _open(self, file: Row, *, steal: bool) -> None:
        self._opened = file
        self.model.open_workfile(file, steal=steal)

    def _offer_lock(self) -> None:
        """Somebody else has it open: say who, and let the artist decide."""
        error, file = self.model.error, self._opened
        if error is None or error.code != "workfile.locked" or file is None:
            return
        self.model.error, self._opened = None, None
        told = " ".join(part for part in (error.message, error.hint) if part)
        self.question.ask(told, [("Open Anyway", "Take the lock over", lambda: self._open(file, steal=True))])

    def _dismiss(self) -> None:
        self.model.error = None
        self.redraw()


def _note(rows: Rows, nothing: str) -> str:
    """What a list says of itself."""
    if rows.error is not None:
        return " ".join(part for part in (rows.error.message, rows.error.hint) if part)
    if rows.is_busy and not rows.items:
        return "Asking…"
    if not rows.items and rows.asked:
        return nothing
    told = words.age(rows.age_seconds)
    return f"From memory, {told}" if told else ""
