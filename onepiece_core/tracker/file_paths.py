"""How a PublishedFile names its file: below a LocalStorage of the site, or by a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from onepiece_core.tracker.tracker import Entity, Tracker


@dataclass(frozen=True, slots=True)
class LocalRoot:
    """A LocalStorage's folder on one platform, with forward slashes and none at the end."""

    path: str
    storage: Entity


def list_roots(tracker: Tracker) -> list[LocalRoot]:
    """The folders of every LocalStorage, longest first: the deepest one is the best match."""
    fields = ("linux_path", "mac_path", "windows_path")
    roots = [
        LocalRoot(_posix(each[field]).rstrip("/"), {"type": "LocalStorage", "id": each["id"]})
        for each in tracker.find("LocalStorage", [], fields)
        for field in fields
        if each.get(field)
    ]
    return sorted(roots, key=lambda root: len(root.path), reverse=True)


def file_link(path: str, roots: list[LocalRoot]) -> dict[str, Any]:
    """``path`` and ``path_cache`` of a PublishedFile for an absolute path or a URI."""
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", path):
        return {"path": {"url": path, "name": path.rsplit("/", 1)[-1]}, "path_cache": path}
    posix = _posix(path)
    for root in roots:
        # The site refuses a local path outside of its storages, so only a sure match is sent as one.
        if _folded(posix).startswith(f"{_folded(root.path)}/"):
            relative = posix[len(root.path) + 1 :]
            return {"path": {"relative_path": relative, "local_storage": root.storage}, "path_cache": relative}
    url = f"file://{'' if posix.startswith('/') else '/'}{quote(posix, safe='/:')}"
    return {"path": {"url": url, "name": posix.rsplit("/", 1)[-1]}, "path_cache": posix}


def _posix(path: str) -> str:
    is_windows = bool(re.match(r"[A-Za-z]:[\\/]|\\\\", path))
    return path.replace("\\", "/") if is_windows else path


def _folded(posix: str) -> str:
    """Windows does not tell cases apart; a path with a drive or a server is one of its own."""
    return posix.casefold() if re.match(r"[A-Za-z]:/|//", posix) else posix
