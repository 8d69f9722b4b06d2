"""What a host could not do, in the same four parts as every error of OnePiece."""

from __future__ import annotations

from typing import Any


class HostError(Exception):
    """``code`` is stable, ``message`` is for the artist, ``hint`` says what to do next, ``context`` is for the log."""

    def __init__(self, code: str, message: str, hint: str | None = None, **context: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.context = context

    @classmethod
    def from_report(cls, report: dict[str, Any]) -> HostError:
        """The error that a worker tells."""
        known = {key: report.get(key) for key in ("code", "message", "hint")}
        return cls(
            str(known["code"] or "internal"),
            str(known["message"] or "The worker failed without a word."),
            None if known["hint"] is None else str(known["hint"]),
            **{str(key): value for key, value in (report.get("context") or {}).items()},
        )

    def as_report(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "hint": self.hint, "context": self.context}


class Unsupported(HostError):
    """This host, or this version of it, cannot do that."""

    def __init__(self, host: str, what: str) -> None:
        super().__init__("host.unsupported", f"{host} cannot {what}.", host=host, what=what)
