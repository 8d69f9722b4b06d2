"""What an artist says about a workfile, kept in ``.NAME.note`` beside it."""

from __future__ import annotations

import getpass
import hashlib
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.filesystems import write_file
from onepiece_core.naming import MAX_COMPONENT_BYTES

_MAX_BYTES = 64 << 10
# The name of the file that write_file makes first is longer.
_MAX_NAME_BYTES = MAX_COMPONENT_BYTES - 40


class Note(BaseModel):
    """A note as it is written."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["onepiece.workfile-note.1"] = Field(default="onepiece.workfile-note.1", alias="schema")
    user: str = Field(max_length=255)
    comment: str = Field(max_length=20_000)


def note_path(workfile: Path) -> Path:
    """Where the note of ``workfile`` lies, whether it is there or not."""
    return workfile.with_name(note_name(workfile.name))


def note_name(name: str) -> str:
    """What the note of the workfile ``name`` is called; a very long name is told by its hash."""
    if len(os.fsencode(name)) > _MAX_NAME_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f".{name}.note"


def write_note(workfile: Path, comment: str, *, user: str | None = None) -> None:
    """Say who saved ``workfile`` and why. Raises StorageError."""
    note = Note(user=user or getpass.getuser(), comment=comment)
    write_file(note_path(workfile), note.model_dump_json(by_alias=True).encode())


def read_note(workfile: Path) -> Note | None:
    """The note of ``workfile``; None when there is none that can be read."""
    try:
        with note_path(workfile).open("rb") as file:
            return Note.model_validate_json(file.read(_MAX_BYTES))
    except (OSError, ValueError, ValidationError):
        return None
