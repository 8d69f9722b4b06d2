"""A question inside the panel: nothing is blocked while it waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from Qt import QtWidgets

from onepiece_hosts.panels.qt.parts import button, clear, column, frame, label, row


class Question(QtWidgets.QWidget):
    """Hidden until something is asked; every question can be answered with Back."""

    def __init__(self) -> None:
        super().__init__()
        self.text = label("", "warning", is_wrapped=True)
        self._answers = row()
        self.setLayout(column(frame("question", column(self.text, self._answers))))
        self.hide()

    def ask(self, text: str, answers: Sequence[tuple[str, str, Callable[[], None]]]) -> None:
        clear(self._answers)
        self.text.setText(text)
        self._answers.addStretch(1)
        made = button("Back", "Leave everything as it is", self.hide)
        for name, tip, work in answers:
            self._answers.addWidget(button(name, tip, self._then(work)))
        self._answers.addWidget(made)
        self.show()
        made.setFocus()

    def _then(self, work: Callable[[], None]) -> Callable[[], None]:
        def pressed() -> None:
            self.hide()
            work()

        return pressed
