"""Templates: escaped by themselves, strict about what is missing, compiled once for each root path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from onepiece_server.dashboard.pages.addresses import api_maker, url_maker
from onepiece_server.dashboard.pages.words import (
    BUCKET_WORDS,
    STATE_TONES,
    ago,
    breakable,
    clock_time,
    coded,
    grouped,
    iso_time,
    place,
    readable_size,
    segments,
    shortened,
)
from onepiece_server.dashboard.static_files import StaticFiles

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = Path(__file__).parent.parent / "templates"


class Templates:
    """Any thread may call it. The root path is the server's own setting, so there are never many of them."""

    def __init__(self, static: StaticFiles, has_page: Callable[[str], bool]) -> None:
        """``has_page``: whether there is a page at ``/ui/NAME``; links to others are left out."""
        self._static, self._has_page = static, has_page
        self._lock = Lock()
        self._environments: dict[str, Environment] = {}

    def render(self, template: str, root: str, told: Mapping[str, Any]) -> str:
        with self._lock:
            made = self._environments.get(root)
            if made is None:
                made = self._environments[root] = _environment(root, self._static, self._has_page)
        return made.get_template(template).render(told)


def _environment(root: str, static: StaticFiles, has_page: Callable[[str], bool]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.globals.update(
        root=root,
        url=url_maker(root),
        api=api_maker(root),
        static=lambda name: static.address(root, name),
        bucket_words=BUCKET_WORDS,
        has_page=has_page,
        place=place,
        state_tones=STATE_TONES,
    )
    made.filters.update(
        ago=ago,
        breakable=breakable,
        clock=clock_time,
        coded=coded,
        iso=iso_time,
        grouped=grouped,
        size=readable_size,
        segments=segments,
        shortened=shortened,
        in_query=lambda text: quote(str(text), safe=""),
    )
    return made
