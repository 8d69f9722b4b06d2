"""An exception that nobody raised on purpose: one line for the user, the traceback in a file."""

from __future__ import annotations

import os
import sys
import time
import traceback
from pathlib import Path

from onepiece_cli.errors import INTERNAL
from onepiece_cli.session import Session
from onepiece_core.errors import ErrorReport


def report_crash(error: BaseException, session: Session) -> ErrorReport:
    """Keep the traceback in the state folder (and on stderr with ``--verbose``)."""
    text = "".join(traceback.format_exception(error))
    if session.verbose and not session.as_json:
        sys.stderr.write(text)
    path = _keep(text, session)
    context = {"type": type(error).__name__} | ({"traceback": str(path)} if path else {})
    return ErrorReport(
        code=INTERNAL,
        message=f"OnePiece made a mistake: {type(error).__name__}: {error}",
        hint=f"Please report it with the file {path}." if path else "Run it again with --verbose and please report it.",
        context=context,
    )


def _keep(text: str, session: Session) -> Path | None:
    from onepiece_cli.settings import default_state_dir

    folder = default_state_dir(session.environ) / "crashes"
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError:
        return None  # a full disk must not hide the error itself
    return path
