"""Logging on the standard library: core runs inside other people's interpreters.

Code logs an event name and fields, never a sentence with values in it::

    log = get_logger(__name__)
    log.info("publish.committed", scene_name="FG_ep010_sc02_0010_comp_v004", files=12)

Only front ends call :func:`configure`, once; it touches the ``onepiece`` logger and no other.
Fields whose name says that they hold a secret are masked on the way out.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

_SECRET = re.compile(r"secret|password|passwd|token|api_key|script_key|access_key|credential", re.IGNORECASE)
_KNOWN = ("exc_info", "stack_info", "stacklevel")


class Logger(logging.LoggerAdapter[logging.Logger]):
    """Takes fields as keyword arguments: ``log.info("event", key=value)``."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        passed = {key: kwargs.pop(key) for key in _KNOWN if key in kwargs}
        fields = {key: "***" if _SECRET.search(key) else value for key, value in kwargs.items()}
        return msg, {**passed, "extra": {"fields": fields}}


def get_logger(name: str) -> Logger:
    """A logger under ``onepiece`` for the module called ``name``."""
    return Logger(logging.getLogger(f"onepiece.{name.removeprefix('onepiece_')}"))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        head = {"time": record.created, "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps({**head, **getattr(record, "fields", {})}, default=str)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{key}={value!s}" for key, value in getattr(record, "fields", {}).items())
        line = f"{record.levelname.lower():8}{record.getMessage()} {fields}".rstrip()
        # A name from outside must not be able to forge lines or move the cursor.
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def silence() -> None:
    """Keep OnePiece's log off stderr, where Python would write its warnings when nobody takes them."""
    root = logging.getLogger("onepiece")
    root.handlers, root.propagate = [logging.NullHandler()], False


def configure(*, as_json: bool, level: int = logging.WARNING, stream: TextIO | None = None) -> None:
    """Send OnePiece's log to ``stream`` (stderr): stdout stays for results."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if as_json else _Line())
    root = logging.getLogger("onepiece")
    root.handlers, root.propagate = [handler], False
    root.setLevel(level)
