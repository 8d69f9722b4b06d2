"""How commands that handle many items end: 0 done, 2 something was refused, 1 something failed.

Of sync, ingest and validate: 0 is done, already there, or warnings; 2 something was refused, missing or unreadable
(and wrong options); 1 a transfer, a registration or the run itself failed; 130 cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from onepiece_core.errors import (
    InputMissing,
    InputRefused,
    InputUnreadable,
    ManifestError,
    NameInvalid,
    OnePieceError,
    OperationCancelled,
    PathEscapes,
    SequenceError,
    UsageError,
)

FAILED = 1
REFUSED = 2

# What a person has to look at: the same command would be told the same again.
_REFUSALS = (
    InputMissing,
    InputRefused,
    InputUnreadable,
    ManifestError,
    NameInvalid,
    PathEscapes,
    SequenceError,
    UsageError,
)


class RunEnded(Exception):
    """Carries an error of the whole run with the status that the command ends with."""

    def __init__(self, error: OnePieceError, status: int) -> None:
        super().__init__(str(error))
        self.error = error
        self.status = status


def exit_with(refused: int, failed: int) -> None:
    """End the command with what its items say; return when all is well. A failure weighs more than a refusal."""
    if failed:
        raise typer.Exit(FAILED)
    if refused:
        raise typer.Exit(REFUSED)


@contextmanager
def run_failures_are(status: int = FAILED) -> Iterator[None]:
    """End with ``status`` for errors of the run; refusals (of the whole input, too) end with 2, a cancel with 130."""
    try:
        yield
    except OperationCancelled:
        raise
    except OnePieceError as error:
        raise RunEnded(error, REFUSED if isinstance(error, _REFUSALS) else status) from error
