"""Keys that are no paths on this system: each is refused by name, none is ever written."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

_WINDOWS_CHARACTERS = frozenset('<>:"|?*\\')
_WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))]
)
_MAX_NAME_BYTES = 255


class Names:
    """Judges relative keys, given in the order of a listing.

    Args:
        windows: the rules of Windows hold for names.
        folds: the filesystem takes ``A.exr`` and ``a.exr`` for the same file.
    """

    def __init__(self, *, windows: bool = os.name == "nt", folds: bool = False) -> None:
        self._windows = windows
        self._folds = folds
        self._seen: set[str] = set()
        self._open: list[str] = []

    def refusal(self, relative: str) -> str | None:
        """Why ``relative`` cannot be a file here; None when it can."""
        return self._no_path(relative) or self._clash(relative)

    def _no_path(self, relative: str) -> str | None:
        parts = relative.split("/")
        if "\0" in relative:
            return "it holds a NUL character"
        if relative.startswith("/"):
            return "it is an absolute path"
        if ".." in parts:
            return "it leaves its folder"
        if relative.endswith("/"):
            return "it ends in a slash and holds bytes: it can be neither a file nor a folder"
        if "" in parts or "." in parts:
            return "it holds an empty part"
        if any(len(os.fsencode(part)) > _MAX_NAME_BYTES for part in parts if len(part) * 4 > _MAX_NAME_BYTES):
            return f"a name in it is longer than {_MAX_NAME_BYTES} bytes"
        return self._no_windows_path(parts) if self._windows else None

    def _no_windows_path(self, parts: list[str]) -> str | None:
        for part in parts:
            if _WINDOWS_CHARACTERS & set(part) or any(ord(char) < 32 for char in part):
                return "it holds a character that no name may have on Windows"
            if part.endswith((".", " ")):
                return "a name in it ends in a dot or a space, which Windows drops"
            if part.split(".")[0].rstrip().lower() in _WINDOWS_DEVICES:
                return "a name in it is a device's on Windows"
        return None

    def _clash(self, relative: str) -> str | None:
        """Sorted either way, every key that starts with ``a/`` comes while ``a`` is still on the pile."""
        while self._open and not relative.startswith(self._open[-1]):
            self._open.pop()
        for above in self._open:
            if relative[len(above)] == "/":
                return f"{above} is an object too: one name cannot be a file and a folder"
        self._open.append(relative)
        if not self._folds:
            return None
        folded = unicodedata.normalize("NFC", relative).casefold()
        if folded in self._seen:
            return "another object's name differs only in case, which is the same file here"
        self._seen.add(folded)
        return None


def folds_case(folder: Path) -> bool:
    """Whether the filesystem of ``folder`` (or of its nearest parent that is there) takes ``A`` for ``a``."""
    if os.path.normcase("A") == "a":
        return True
    for place in (folder, *folder.parents):
        if not place.exists():
            continue
        other = place.with_name(place.name.swapcase())
        if other.name != place.name:
            return other.exists() and other.samefile(place)
    return False


def inside(root: Path, relative: str) -> Path | None:
    """``root / relative``, unless a link on the way leads out of ``root`` (a real path). None: it does."""
    path = root / relative
    try:
        parent = path.parent.resolve()
    except (OSError, RuntimeError):
        return None
    return path if parent == root or parent.is_relative_to(root) else None
