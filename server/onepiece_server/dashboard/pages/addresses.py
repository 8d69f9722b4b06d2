"""Addresses of pages: built in one place, so that a root path and hostile names are right everywhere."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import quote, urlencode


class UrlMaker(Protocol):
    def __call__(self, *parts: str | int, **query: Any) -> str: ...


def url_maker(root: str) -> UrlMaker:
    """Makes ``ROOT/ui/projects/FG`` of ("projects", "FG"), and of none the overview.

    A query's empty values are left out. A name that ends in ``_`` is one that Python keeps for itself: ``from_``.
    """

    def url(*parts: str | int, **query: Any) -> str:
        return _joined(f"{root}/ui/", parts, query)

    return url


def api_maker(root: str) -> UrlMaker:
    """The same for the JSON API: ``ROOT/dashboard/v1/projects``."""

    def api(*parts: str | int, **query: Any) -> str:
        return _joined(f"{root}/dashboard/v1/", parts, query)

    return api


def safe_next(wanted: str) -> str:
    """Where a browser may be sent after it has signed in: an address of this server, else the overview."""
    is_ours = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if is_ours and len(wanted) < 4000 else "/ui/"


def _joined(base: str, parts: tuple[str | int, ...], query: dict[str, Any]) -> str:
    path = "/".join(quote(str(part), safe="", errors="replace") for part in parts)
    kept = {name.removesuffix("_"): str(value) for name, value in query.items() if value not in (None, "")}
    return base + path + (f"?{urlencode(kept, errors='replace')}" if kept else "")
