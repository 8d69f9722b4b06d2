"""The workfiles of a context, newest first. What vanishes while it is looked at is simply not listed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from onepiece_core.context import Context, Convention
from onepiece_core.dcc import DCCS, get_dcc
from onepiece_core.errors import NameInvalid, WorkfileMissing
from onepiece_core.naming import split_version
from onepiece_core.shown import shown
from onepiece_core.workfiles import locks, notes
from onepiece_core.workfiles.model import Workfile
from onepiece_core.workfiles.places import WorkfilePlaces, WorkFolder

_PICTURES = (".png", ".jpg", ".jpeg")
_PICTURE_FOLDERS = (".thumbnails", "thumbnails")
_DCC_OF: Mapping[str, str] = {ending: dcc.name for dcc in DCCS for ending in dcc.extensions}


def list_workfiles(context: Context, places: WorkfilePlaces) -> list[Workfile]:
    """Every workfile of ``context``, whatever DCC made it, newest first. What the context leaves open is any."""
    found = [
        workfile
        for folder in places.folders(context)
        for workfile in _in_folder(folder, places.convention)
        if _is_of(workfile, context)
    ]
    return sorted(found, key=lambda one: (-one.modified_at, -(one.version or 0), one.name))


def find_newest(context: Context, places: WorkfilePlaces, dcc: str | None = None) -> Workfile | None:
    """The workfile to go on with: the one saved last, or a higher version of it. Files of no bytes do not count.

    Raises DccUnknown.
    """
    wanted = get_dcc(dcc).name if dcc else None
    listed = [one for one in list_workfiles(context, places) if one.size_bytes and wanted in (None, one.dcc)]
    if not listed:
        return None
    base = _base(listed[0])
    return max((one for one in listed if _base(one) == base), key=lambda one: (one.version or 0, one.modified_at))


def get_newest(context: Context, places: WorkfilePlaces, dcc: str | None = None) -> Workfile:
    """As :func:`find_newest`. Raises WorkfileMissing, DccUnknown."""
    found = find_newest(context, places, dcc)
    if found is None:
        raise missing(context, places, dcc)
    return found


def missing(context: Context, places: WorkfilePlaces, dcc: str | None = None) -> WorkfileMissing:
    """The error for a context without workfiles: where they were looked for."""
    folders = [shown(folder.path) for folder in places.folders(context)]
    named = " ".join(str(value) for value in context.values().values())
    kind = f"{get_dcc(dcc).label} workfile" if dcc else "workfile"
    where = f"in {', '.join(folders[:3])}" if folders else f"no folder {places.convention.work.text} fits"
    return WorkfileMissing(
        f"{named} has no {kind}: {where}",
        hint="`onepiece dcc workfiles SHOW` lists what there is; `onepiece dcc new` starts one from a template.",
        context=context.values(),
        folders=folders,
        roots=[shown(root) for root in places.roots.values()],
    )


def describe(path: Path, convention: Convention) -> Workfile | None:
    """One workfile; None when it is not there, or no DCC opens such files."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    if path.suffix.lower() not in _DCC_OF:
        return None
    return _workfile(path, status, convention.parse_path(path), _Beside(path.parent, _listed(path.parent)))


class _Beside:
    """What lies in a folder beside its workfiles."""

    def __init__(self, folder: Path, names: Collection[str]) -> None:
        self._folder = folder
        self.names = names
        self._pictures = {name: _listed(folder / name) for name in _PICTURE_FOLDERS}

    def thumbnail(self, name: str) -> Path | None:
        stem = os.path.splitext(name)[0]  # noqa: PTH122 - ten thousand names
        for picture in (base + ending for ending in _PICTURES for base in (stem, name)):
            if picture in self.names:
                return self._folder / picture
            for below, names in self._pictures.items():
                if picture in names:
                    return self._folder / below / picture
        return None


def _in_folder(folder: WorkFolder, convention: Convention) -> Iterator[Workfile]:
    try:
        with os.scandir(folder.path) as scan:
            entries = {entry.name: entry for entry in scan}
    except OSError:
        return
    beside = _Beside(folder.path, entries.keys())
    for name, entry in entries.items():
        if name.startswith(".") or os.path.splitext(name)[1].lower() not in _DCC_OF:  # noqa: PTH122
            continue
        try:
            if not entry.is_file():
                continue
            status = entry.stat()
        except OSError:
            continue
        named = convention.parse_file(name)
        told = named.context.over(folder.context) if named else folder.context
        yield _workfile(folder.path / name, status, told, beside)


def _workfile(path: Path, status: os.stat_result, told: Context, beside: _Beside) -> Workfile:
    note = notes.read_note(path) if notes.note_name(path.name) in beside.names else None
    return Workfile(
        path=path,
        name=path.name,
        dcc=_DCC_OF[path.suffix.lower()],
        version=told.version if told.version is not None else _version(path.stem),
        task=told.task or told.asset or told.step,
        step=told.step,
        modified_at=status.st_mtime,
        user=note.user if note else _owner(status.st_uid),
        comment=note.comment if note else None,
        size_bytes=status.st_size,
        thumbnail=beside.thumbnail(path.name),
        lock=locks.read(path) if locks.lock_name(path.name) in beside.names else None,
    )


def _version(stem: str) -> int | None:
    try:
        return split_version(stem).version
    except NameInvalid:
        return None


def _base(workfile: Workfile) -> tuple[Path, str, str]:
    stem = workfile.path.stem
    try:
        stem = split_version(stem).base
    except NameInvalid:
        pass  # then it is a base of its own
    return workfile.path.parent, stem, workfile.dcc


def _is_of(workfile: Workfile, context: Context) -> bool:
    """The folder fits already; a task or descriptor is told by the name."""
    wanted = context.task or context.asset
    return wanted is None or wanted in (workfile.task, workfile.step)


def _listed(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208 - names are all that is needed
    except OSError:
        return frozenset()


@lru_cache(maxsize=1024)
def _owner(uid: int) -> str | None:
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):  # Windows; an account that went away
        return None
