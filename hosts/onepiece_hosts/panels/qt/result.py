"""A publish that is done: what it was, and where it lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Qt import QtWidgets

from onepiece_hosts.panels import words
from onepiece_hosts.panels.publish_model import PublishModel
from onepiece_hosts.panels.qt.error_box import as_text
from onepiece_hosts.panels.qt.parts import button, clear, column, copy, frame, label, row
from onepiece_hosts.panels.qt.progress import bar


class ResultPage(QtWidgets.QWidget):
    """The links of a publish."""

    def __init__(
        self,
        open_folder: Callable[[], None],
        open_site: Callable[[], None],
        start_again: Callable[[], None],
        leave: Callable[[], Any],
    ) -> None:
        super().__init__()
        self._result: dict[str, Any] | None = None
        self.title = label("", "title", is_wrapped=True)
        self.whole, self.amount = bar("The whole publish"), label("", "faint")
        self.folder_path = label("", is_wrapped=True)
        self.notes = QtWidgets.QVBoxLayout()
        self.folder = button("Open Folder", "Open the folder of the publish", open_folder)
        self.site = button("Show in ShotGrid", "Open the version in the browser", open_site)
        self.report = button("Copy Report", "Copy what was published, as text", self._copy)
        self.again = button("Publish Again…", "Look at the scene from the beginning", start_again)
        self.leave = button("Close", "Close this panel", leave)
        told = column(label("✓  Published", "good"), self.title, self.amount, self.whole, self.folder_path, self.notes)
        told.setSpacing(8)
        told.addLayout(row(self.folder, self.site, self.report, None))
        self.setLayout(column(frame("card", told), None, row(None, self.again, self.leave)))

    def show_model(self, model: PublishModel) -> None:
        result = model.result or {}
        if result is self._result:
            return
        self._result = result
        links = result.get("links") or {}
        self.title.setText(str(result.get("scene_name", "")))
        files = words.plural(result["files"], "file") if "files" in result else ""
        self.amount.setText(", ".join(part for part in (files, words.size(result.get("bytes_total"))) if part))
        self.whole.setValue(1000)
        self.folder_path.setText(str(links.get("folder") or ""))
        self.folder.setVisible(bool(links.get("folder")))
        self.site.setVisible(bool(links.get("shotgrid")))
        clear(self.notes)
        for warning in result.get("warnings") or model.warnings:
            self.notes.addWidget(label(str(warning["message"]), "warning", is_wrapped=True))
        for one in result.get("ignored") or ():
            self.notes.addWidget(label(f"Ignored {one['rule']}: {one['reason']}", "faint", is_wrapped=True))

    def _copy(self) -> None:
        copy(as_text(self._result))
