"""``installed.json``: what installs have added outside of the version folders, so that an uninstall finds all of it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from onepiece_core.dcc.hooks import BlockHook, FileHook, Hook
from onepiece_core.errors import InstallFailed

RECORD = "installed.json"
Scope = Literal["user", "path"]


class Entry(BaseModel, frozen=True):
    """What one ``install`` added for one host outside of the version folders.

    ``files`` are ours alone, ``blocks`` stand in files of the user's; ``made``: those of them that we began.
    ``digests``: of all that was ever written to ``files``; what has another was changed by somebody.
    """

    host: str
    scope: Scope
    version: str
    files: tuple[Path, ...] = ()
    blocks: tuple[Path, ...] = ()
    made: tuple[Path, ...] = ()
    digests: tuple[str, ...] = ()


class Record(BaseModel, frozen=True, serialize_by_alias=True):
    """``installed.json``. ``folders``: those that were not there before us, outermost first."""

    schema_: Literal["onepiece.installed.1"] = Field("onepiece.installed.1", alias="schema")
    entries: tuple[Entry, ...] = ()
    folders: tuple[Path, ...] = ()


def digest_of(data: bytes) -> str:
    """Of a file's content."""
    return hashlib.sha256(data).hexdigest()


def read_record(root: Path) -> Record:
    """What was written down in ``root``; nothing when there is no record. Raises InstallFailed."""
    path = root / RECORD
    try:
        return Record.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Record()
    except (OSError, ValidationError) as error:
        raise InstallFailed(
            f"{path} cannot be used: {getattr(error, 'strerror', None) or 'it is not what OnePiece writes'}",
            hint="It lists what was added for each host. Put it back from a backup, or move it away and install again.",
            path=str(path),
        ) from error


def own_folders(root: Path) -> tuple[Path, ...]:
    """Folders whose names are ours: nobody else misses them when they are empty."""
    return (root.parent, root) if (root.parent.name, root.name) == ("onepiece", "hosts") else ()


def recorded(before: Record, host: str, scope: Scope, version: str, wanted: list[Hook], root: Path) -> Record:
    """The record once ``wanted`` is there, beside what earlier installs have added."""
    # Those named by us may be of an install that was killed before it could write them down.
    folders = before.folders if before.entries else own_folders(root)
    for path in [root, *(hook.path.parent for hook in wanted)]:
        folders = (*folders, *(missing for missing in _missing(path) if missing not in folders))
    old = next((entry for entry in before.entries if (entry.host, entry.scope) == (host, scope)), None)
    files, blocks, made, digests = (old.files, old.blocks, old.made, old.digests) if old else ((), (), (), ())
    ours = [hook.path for hook in wanted if isinstance(hook, FileHook)]
    shared = [hook.path for hook in wanted if isinstance(hook, BlockHook)]
    entry = Entry(
        host=host,
        scope=scope,
        version=version,
        files=tuple(dict.fromkeys((*files, *ours))),
        blocks=tuple(dict.fromkeys((*blocks, *shared))),
        digests=tuple(dict.fromkeys((*digests, *(digest_of(h.data) for h in wanted if isinstance(h, FileHook))))),
        made=tuple(dict.fromkeys((*made, *(path for path in shared if not os.path.lexists(path))))),
    )
    entries = [entry if other is old else other for other in before.entries] if old else [*before.entries, entry]
    return Record(entries=tuple(entries), folders=folders)


def _missing(folder: Path) -> list[Path]:
    """The folders that have to be made for ``folder`` to be there, outermost first."""
    return [path for path in (*reversed(folder.parents), folder) if not os.path.lexists(path)]
