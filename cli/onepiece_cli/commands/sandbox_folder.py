"""What every command of ``onepiece sandbox`` shares: which studio is meant, and how to spell a command for it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from onepiece_cli.session import Session
from onepiece_cli.settings import sandbox_dir

Dir = Annotated[
    Path | None,
    typer.Option("--dir", metavar="FOLDER", help="The sandbox's folder; several folders are several studios."),
]


def folder_of(session: Session, told: Path | None) -> Path:
    return (told or sandbox_dir(session)).expanduser().absolute()


def command_text(name: str, folder: Path | None) -> str:
    """A command for people to type."""
    return f"onepiece sandbox {name}" + (f" --dir {shlex.quote(str(folder))}" if folder else "")


def examples(*lines: str) -> str:
    return "\n\n".join(("Examples:", *lines))
