"""A sorted stream of files, cut into packages and folders: only the unit at hand is held.

Both orders in which folders and servers are listed keep everything below a folder together, and that is all that is
needed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from onepiece_core.manifest.package import FOLDERS, MANIFEST_NAME, MHL_FOLDER
from onepiece_core.publish.record import ONEPIECE_FOLDER

# Folders of which the one above may be a package.
_INSIDE = frozenset({*FOLDERS.values(), MHL_FOLDER})


class Item(NamedTuple):
    """A file or an object. ``mark`` is its etag, or its time stamp in nanoseconds as text."""

    path: str
    size_bytes: int
    mark: str


@dataclass(slots=True)
class Unit:
    """A package with all that lies in it, or a folder's own files.

    ``folder`` is relative to the place, "" for the place itself; the items' paths are relative to ``folder``.
    ``hidden`` are items below a ``.onepiece``: claims and records, never data.
    """

    folder: str
    items: list[Item] = field(default_factory=list)
    is_package: bool = False
    hidden: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """A folder that the stream is in. ``kept``: closed folders below it that may belong to its package."""

    path: str
    items: list[Item] = field(default_factory=list)
    kept: list[Unit] = field(default_factory=list)
    hidden: list[Item] = field(default_factory=list)
    has_manifest: bool = False
    may_be_inside: bool = False


def units(items: Iterable[Item]) -> Iterator[Unit]:
    """Packages and folders, in the order in which they end."""
    stack = [_Open("")]
    for item in items:
        folder, _, name = item.path.rpartition("/")
        top, slash, below = _hidden(item.path)
        if slash:
            folder = top
        while stack[-1].path and stack[-1].path != folder and not folder.startswith(f"{stack[-1].path}/"):
            yield from _close(stack)
        _open(stack, folder)
        at = stack[-1]
        if slash:
            at.hidden.append(Item(below, item.size_bytes, item.mark))
            continue
        at.items.append(Item(name, item.size_bytes, item.mark))
        at.has_manifest = at.has_manifest or name == MANIFEST_NAME
    while len(stack) > 1:
        yield from _close(stack)
    yield from _close(stack)


def _hidden(path: str) -> tuple[str, str, str]:
    """(folder, "/", what lies in its ``.onepiece``) for a path below one."""
    if path.startswith(f"{ONEPIECE_FOLDER}/"):
        return "", "/", path[len(ONEPIECE_FOLDER) + 1 :]
    folder, found, below = path.partition(f"/{ONEPIECE_FOLDER}/")
    return folder, "/" if found else "", below


def _open(stack: list[_Open], folder: str) -> None:
    path = stack[-1].path
    if folder == path:
        return
    for part in folder[len(path) + 1 if path else 0 :].split("/"):
        path = f"{path}/{part}" if path else part
        stack.append(_Open(path, may_be_inside=stack[-1].may_be_inside or part in _INSIDE))


def _close(stack: list[_Open]) -> Iterator[Unit]:
    at = stack.pop()
    if at.has_manifest:
        package = Unit(at.path, at.items, is_package=True, hidden=at.hidden)
        for each in at.kept:
            below = each.folder[len(at.path) + 1 if at.path else 0 :]
            package.items += [Item(f"{below}/{item.path}", item.size_bytes, item.mark) for item in each.items]
            package.hidden += each.hidden
        yield package
        return
    # The folder itself first: its claims tell about what lies in it.
    found = [Unit(at.path, at.items, hidden=at.hidden), *at.kept] if at.items or at.hidden else at.kept
    if at.may_be_inside and stack:
        stack[-1].kept += found
    else:
        yield from found
