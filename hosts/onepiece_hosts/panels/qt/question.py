"""A question inside the panel: nothing is blocked while it waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from Qt import QtWidgets

from onepiece_hosts.panels.qt.parts import button, clear, column, frame, label, row


class Question(QtWidgets.QWidget):
    """Hidden until something is asked; every question has an answer that leaves everything as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.text = label("", "warning", is_wrapped=True)
        self._answers = row()
        self.setLayout(column(frame("question", column(self.text, self._answers))))
        self.hide()

    def ask(
        self,
        text: str,
        answers: Sequence[tuple[str, str, Callable[[], None]]],
        *,
        back: str = "Back",
        left: Callable[[], None] | None = None,
    ) -> None:
        """``back`` is that answer; ``left`` is called when it is given."""
        clear(self._answers)
        self.text.setText(text)
        self._answers.addStretch(1)
        made = button(back, "Leave everything as it is", self._then(left))
        for name, tip, work in answers:
            self._answers.addWidget(button(name, tip, self._then(work)))
        self._answers.addWidget(made)
        self.show()
        made.setFocus()

    def _then(self, work: Callable[[], None] | None) -> Callable[[], None]:
        def pressed() -> None:
            self.hide()
            if work is not None:
                work()

        return pressed
