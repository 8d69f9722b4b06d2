"""Paths that stay inside their root, and paths that another machine can read.

A persisted path is ``root:relative/posix/path``, where ``root`` is a name that every machine's configuration
maps to its own folder. A path under no root is ``@HOST:relative/to/the/filesystem``, which only that
machine can follow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePath

from onepiece_core.errors import PathEscapes

_DRIVE = re.compile(r"[A-Za-z]:")
_VARIABLE = re.compile(r"\$[A-Za-z_{(]|%[A-Za-z_]+%")
_ROOT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]+", re.ASCII)


def check_relative(text: str) -> str:
    """``text`` when it is a plain relative POSIX path, the same on every system.

    Nothing is expanded: what only looks like a variable, a home folder or a URL is refused.
    Raises PathEscapes.
    """
    reason = _reason(text)
    if reason:
        raise PathEscapes(
            f"{text!r} {reason}", hint="Give a plain relative path, with forward slashes.", path=repr(text)
        )
    return text


def _reason(text: str) -> str | None:
    parts = text.split("/")
    checks = (
        (text in ("", "."), "is an empty path"),
        ("\0" in text, "holds a NUL character"),
        ("\\" in text, "holds a backslash"),
        (text.startswith("/"), "is an absolute path"),
        (_DRIVE.match(text) is not None, "names a drive"),
        (":" in text, "holds a colon: it is a URL or names a stream"),
        (text.startswith("~"), "names a home folder"),
        (_VARIABLE.search(text) is not None, "holds a variable"),
        (".." in parts, "leaves its folder"),
        ("" in parts or "." in parts, "holds an empty part"),
    )
    return next((reason for found, reason in checks if found), None)


def contained(root: Path, relative: str) -> Path:
    """``root / relative``, which is inside ``root`` even when links on the way are followed.

    Raises PathEscapes.
    """
    path = root / check_relative(relative)
    try:
        inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError) as cause:  # a loop of links; a name that is too long
        raise PathEscapes(f"{relative!r} cannot be followed", root=str(root), path=repr(relative)) from cause
    if not inside:
        raise PathEscapes(f"{relative!r} leaves {root} through a link", root=str(root), path=repr(relative))
    return path


class Roots:
    """The named folders of this machine.

    ``host`` names this machine in paths that lie under no root.
    """

    def __init__(self, folders: Mapping[str, Path], host: str) -> None:
        for name, folder in folders.items():
            # One letter would look like a Windows drive.
            if not _ROOT_NAME.fullmatch(name):
                raise PathEscapes(f"{name!r} is no name for a root", hint="Use two letters or more, digits, - and _.")
            if not folder.is_absolute():
                raise PathEscapes(f"root {name} is not an absolute path: {folder}", root=name, path=str(folder))
        self._folders = {name: Path(os.path.normpath(folder)) for name, folder in folders.items()}
        self._host = host

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder, and the mount behind it where it is a link."""
        return tuple(dict.fromkeys((*self._folders.values(), *map(_resolved, self._folders.values()))))

    def persist(self, path: Path) -> str:
        """``projects:show/x``; the longest root wins. Raises PathEscapes for a relative path."""
        if not path.is_absolute():
            raise PathEscapes(f"{path} is not an absolute path", path=str(path))
        # ".." behind a link is not the folder that the text shows.
        path = path.resolve() if ".." in path.parts else path
        text = str(path)
        compared = os.path.join(os.path.normcase(text), "")  # noqa: PTH118 - a hundred thousand paths, so text
        for start, name in self._candidates:
            if compared.startswith(start):
                return f"{name}:{text[len(start) :].replace(os.sep, '/')}"
        return f"@{self._host}:{path.as_posix() if path.drive else path.as_posix().removeprefix('/')}"

    @cached_property
    def _candidates(self) -> tuple[tuple[str, str], ...]:
        """How paths under each root start, and under the mount behind it where it is a link; the longest first."""
        found = {(folder, name) for name, folder in self._folders.items()}
        found |= {(_resolved(folder), name) for name, folder in self._folders.items()}
        starts = {(os.path.join(os.path.normcase(folder), ""), name) for folder, name in found}  # noqa: PTH118
        return tuple(sorted(starts, key=lambda start: (-len(start[0]), start[1])))

    def resolve(self, text: str) -> Path | None:
        """The path on this machine, or None when it lies on another one or under a root unknown here.

        Raises PathEscapes when ``text`` is no persisted path or would leave its root.
        """
        name, colon, relative = text.partition(":")
        if not colon or not name or "\0" in text:
            raise PathEscapes(f"{text!r} is no root:relative path", path=repr(text))
        if ".." in relative.split("/"):
            raise PathEscapes(f"{text!r} leaves its root", path=repr(text))
        if name.startswith("@"):
            return _local(relative) if name[1:] == self._host else None
        if relative.startswith("/") or PurePath(relative).anchor:
            raise PathEscapes(f"{text!r} leaves its root", path=repr(text))
        folder = self._folders.get(name)
        return None if folder is None else folder / relative


def _local(relative: str) -> Path:
    path = Path(relative)
    return path if path.drive else Path("/") / relative


def _resolved(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError):
        return folder
