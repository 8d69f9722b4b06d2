"""Names: of scenes, of shows, of files that every system can hold; versions in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from onepiece_core.errors import NameInvalid

MAX_NAME_BYTES = 200
MAX_COMPONENT_BYTES = 255
MAX_VERSION = 9999

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_SHOW_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
_VERSION = re.compile(r"[._-](?P<letter>[vV])(?P<digits>\d{1,4})(?=[._-]|$)", re.ASCII)
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in "123456789¹²³"]
)
_FORBIDDEN = frozenset('\\/:*?"<>|')


def escaped(text: str) -> str:
    """``text`` fit for a terminal or a table: nothing in it moves the cursor or forges a line."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _refuse(what: str, name: str, reason: str, hint: str | None = None) -> NameInvalid:
    return NameInvalid(f"{what} {escaped(name)!r} {reason}", hint=hint, name=escaped(name))


def portable_name(name: str) -> str:
    """``name`` when Linux, macOS, Windows and S3 can all hold it as one part of a path. Raises NameInvalid."""
    reason = portable_reason(name)
    if reason:
        raise _refuse("the name", name, reason, "Rename the file.")
    return name


def portable_reason(name: str) -> str | None:
    """Why ``name`` cannot be one part of a path on every system, or None."""
    problem = portable_problem(name)
    return None if problem is None else problem[1]


def portable_problem(name: str) -> tuple[str, str] | None:
    """What :func:`portable_reason` says, with a stable word for it before: ``reserved``, ``is a device on Windows``."""
    if name in ("", ".", ".."):
        return "empty", "is empty or points elsewhere"
    if not name.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in name):
        return "not_utf8", "is not valid UTF-8"
    if len(name.encode()) > MAX_COMPONENT_BYTES:
        return "too_long", f"is longer than {MAX_COMPONENT_BYTES} bytes"
    if not name.isprintable() and any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in name):
        return "control", "holds control characters"
    if not _FORBIDDEN.isdisjoint(name):
        return "forbidden", f"holds {' '.join(sorted(_FORBIDDEN & set(name)))}"
    if name[-1] in ". ":
        return "trailing", "ends with a dot or a space"
    if name.partition(".")[0].rstrip(" ").lower() in _DEVICES:
        return "reserved", "is a device on Windows"
    return None


def check_scene_name(name: str) -> str:
    """``name`` when a publish may be called so: a portable identifier, never a path. Raises NameInvalid."""
    hint = "Use letters, digits, dot, dash and underscore, for instance FG_ep010_sc02_0010_comp_v004."
    if "/" in name or "\\" in name:
        raise _refuse("the scene name", name, "is a path", hint)
    if not _IDENTIFIER.fullmatch(name):
        raise _refuse("the scene name", name, "is no portable identifier", hint)
    if len(name) > MAX_NAME_BYTES:
        raise _refuse("the scene name", name, f"is longer than {MAX_NAME_BYTES} bytes", hint)
    reason = portable_reason(name)
    if reason:
        raise _refuse("the scene name", name, reason, hint)
    split_version(name)
    return name


def check_show_code(code: str) -> str:
    """``code`` when a show may have it. Raises NameInvalid."""
    if not _SHOW_CODE.fullmatch(code) or portable_reason(code):
        raise _refuse(
            "the show code", code, "is no code", "Use a letter, then letters, digits, dash and underscore: FG."
        )
    return code


class Versioned(NamedTuple):
    """A name taken apart. ``base`` is the same for every version; ``padding`` counts digits."""

    base: str
    version: int | None
    padding: int


def _version_token(name: str) -> re.Match[str] | None:
    found = list(_VERSION.finditer(name))
    if len(found) > 1:
        tokens = ", ".join(match[0][1:] for match in found)
        raise _refuse("the name", name, f"holds two versions: {tokens}", "Keep one version token, such as _v002.")
    if found and int(found[0]["digits"]) < 1:
        raise _refuse("the name", name, "has version 0", "Versions start at 1.")
    return found[0] if found else None


def split_version(name: str) -> Versioned:
    """``x_v002`` is base ``x``, version 2, padding 3; a name without a token has version None.

    The token may stand inside the name: the base of ``x_v002_left`` is ``x_left``. Raises NameInvalid for
    two version tokens, or for version 0.
    """
    token = _version_token(name)
    if token is None:
        return Versioned(name, None, 3)
    return Versioned(name[: token.start()] + name[token.end() :], int(token["digits"]), len(token["digits"]))


def with_version(name: str, version: int) -> str:
    """``name`` with its version replaced, or added at the end: ``x`` at 3 is ``x_v003``. Raises NameInvalid."""
    if not 1 <= version <= MAX_VERSION:
        raise NameInvalid(
            f"version {version} of {escaped(name)} is not between 1 and {MAX_VERSION}", name=escaped(name)
        )
    token = _version_token(name)
    if token is None:
        return f"{name}_v{version:03d}"
    start, end = token.span("digits")
    return f"{name[:start]}{version:0{end - start}d}{name[end:]}"


def parse_version(text: str | int) -> int:
    """``4``, ``"004"`` and ``"v004"`` are 4; nothing else of another shape is a number. Raises NameInvalid."""
    match = re.fullmatch(r"v?(\d{1,4})", str(text), re.ASCII) if not isinstance(text, bool) else None
    if match is None or int(match[1]) < 1:
        raise NameInvalid(f"{text!r} is no version", hint=f"Versions are whole numbers from 1 to {MAX_VERSION}.")
    return int(match[1])


def fold(path: str) -> str:
    """What a filesystem that ignores case and Unicode forms sees: canonical caseless matching (Unicode, D145)."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def find_collisions(paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of relative POSIX paths, or of folders in them, that macOS or Windows take for one. Sorted."""
    seen: dict[str, str] = {}
    found: set[tuple[str, str]] = set()
    folders: set[str] = set()
    for path in paths:
        _note(path, seen, found)
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            _note(folder, seen, found)
            folder = folder.rpartition("/")[0]
    return tuple(sorted(found))


def _note(path: str, seen: dict[str, str], found: set[tuple[str, str]]) -> None:
    other = seen.setdefault(fold(path), path)
    if other != path:
        found.add((min(other, path), max(other, path)))
