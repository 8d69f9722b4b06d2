"""Where a row's path leads on this machine, or why it leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from onepiece_core.config.models import RootSettings, System
from onepiece_core.sequences import group_of, split_extension

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\|//[^/]")
_TOKEN = re.compile(r"%0?\d*d|#+|@+|\$F\d*|<UDIM>|<udim>")
_DIGITS = "0123456789"
_SYSTEMS: tuple[System, ...] = ("linux", "macos", "windows")


class Located(NamedTuple):
    """A path of a row.

    Attributes:
        text: as the row has it.
        place: a folder's absolute POSIX path, ``s3://bucket/key``, or "" when nothing here maps it.
        field: of the row.
    """

    text: str
    place: str
    field: str


@dataclass(frozen=True)
class RootMap:
    """Folders of all systems, each with the folder that stands for it here. The longest first."""

    pairs: tuple[tuple[str, str, bool], ...]
    here: tuple[str, ...]

    @classmethod
    def of(cls, roots: Mapping[str, RootSettings], system: System) -> RootMap:
        pairs: set[tuple[str, str, bool]] = set()
        here: list[str] = []
        for root in roots.values():
            mine = getattr(root, system)
            if mine is None:
                continue
            here.append(_posix(str(mine)).rstrip("/"))
            for name in _SYSTEMS:
                other = getattr(root, name)
                if other is not None:
                    pairs.add((_posix(str(other)).rstrip("/"), here[-1], name == "windows"))
        return cls(tuple(sorted(pairs, key=lambda pair: -len(pair[0]))), tuple(here))

    def locate(self, text: str) -> str:
        """The place behind ``text``; "" for another system's path that no root maps."""
        if text[:5].lower() == "s3://":
            return f"s3://{text[5:].rstrip('/')}"
        if text[:7].lower() == "file://":
            told = text[7:].partition("?")[0]
            # `%04d` may stand there as it is: decoded it would be no text.
            text = decoded if (decoded := unquote(told)).isprintable() else told
            text = text if text.startswith("/") else f"/{text.partition('/')[2]}"
            text = text[1:] if _WINDOWS.match(text[1:]) else text
        is_windows = bool(_WINDOWS.match(text))
        posix = _posix(text).rstrip("/")
        for start, mine, folds in self.pairs:
            same = posix.casefold().startswith(f"{start.casefold()}/") if folds else posix.startswith(f"{start}/")
            if same and is_windows == folds:
                return mine + posix[len(start) :]
        return "" if is_windows or not posix.startswith("/") else posix


def _posix(path: str) -> str:
    return path.replace("\\", "/") if _WINDOWS.match(path) else path


def group_key(path: str) -> str:
    """The same for every frame of a sequence and for its pattern: ``comp.1001.exr`` and ``comp.%04d.exr`` agree."""
    folder, slash, name = path.rpartition("/")
    stem, extension = split_extension(name)
    if stem[-1:] not in _DIGITS:
        tokens = list(_TOKEN.finditer(stem))
        if tokens and tokens[-1].end() == len(stem):
            name = f"{stem[: tokens[-1].start()].replace('%%', '%')}1001.{extension}"
    group = group_of(name)
    return path if group is None else f"{folder}{slash}{group[0]}{group[1]}*.{group[2]}"


def is_pattern(path: str) -> bool:
    """Whether ``path`` stands for many files."""
    return _TOKEN.search(path.rpartition("/")[2]) is not None


def path_text(value: Any, system: System) -> str:
    """The path in a PublishedFile's ``path``."""
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    name = {"linux": "local_path_linux", "macos": "local_path_mac", "windows": "local_path_windows"}[system]
    for key in (name, "local_path", "url"):
        told = value.get(key)
        if isinstance(told, str) and told:
            return told
    return ""
