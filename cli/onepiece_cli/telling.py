"""Commands that change something tell those whom the rules name, however they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onepiece_cli.errors import show_warnings
from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.config import Settings


@contextmanager
def telling(session: Session, settings: Settings) -> Iterator[None]:
    """What happens inside is told afterwards. A message that is not taken waits, and never fails the command."""
    if not settings.notify.rules:
        yield
        return
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.notify.pending import note_rules

    state_dir = settings.state_dir or default_state_dir(session.environ)
    note_rules(settings, state_dir)
    try:
        yield
    finally:
        _tell(session, settings, state_dir)


def _tell(session: Session, settings: Settings, state_dir: Path) -> None:
    from onepiece_core.errors import OnePieceError
    from onepiece_core.notify.pending import notify_pending
    from onepiece_core.progress import Warned

    try:
        warnings = notify_pending(settings, state_dir)
    except OnePieceError as error:
        warnings = [Warned(code=error.report.code, message=error.report.message, hint=error.report.hint)]
    if not session.as_json:
        show_warnings(warnings)
