"""Every request that a worker answers, by its name in ``protocol.json``."""

from __future__ import annotations

from typing import Any

from onepiece_core import __version__
from onepiece_core.worker import (
    check_calls,
    context,
    open_shot_calls,
    publish,
    recover_calls,
    thumbnails,
    workfile_calls,
)
from onepiece_core.worker.loop import Call, Method
from onepiece_core.worker.session import Session


def info(session: Session, _call: Call) -> Any:
    """Who and where."""
    return {
        "version": __version__,
        "user": session.user,
        "site": session.tracker.url if session.tracker else None,
        "is_online": session.is_online,
        "state_dir": str(session.state_dir),
        "warnings": [warning.model_dump() for warning in session.settings.warnings],
    }


METHODS: dict[str, Method[Session]] = {
    "session.info": info,
    **context.METHODS,
    **check_calls.METHODS,
    **publish.METHODS,
    **recover_calls.METHODS,
    **thumbnails.METHODS,
    **workfile_calls.METHODS,
    **open_shot_calls.METHODS,
}
