"""Values of fields as people read them. All text is the site's, so hostile: the templates escape it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from onepiece_server.sandbox.shotgrid.model import Field

# So many links are shown of one field.
MOST_LINKS = 30
_MOST_TEXT = 20_000

_STATUS_TONES = {
    "done": ("apr", "fin", "cmpt", "dlvr", "act", "recd", "clsd"),
    "busy": ("ip", "rev", "vwd", "opn"),
    "waits": ("wtg", "rdy", "hld"),
}


@dataclass(frozen=True)
class Shown:
    """One value.

    Attributes:
        kind: which of the templates' forms it takes.
        tone: the colour of a status.
        more: how many of ``items`` are not shown.
    """

    kind: str
    text: str = ""
    href: str | None = None
    title: str = ""
    tone: str = ""
    items: tuple[Shown, ...] = ()
    more: int = 0


EMPTY = Shown("empty")


def row_path(entity_type: str, row_id: int) -> str:
    return f"/look/row/{quote(entity_type, safe='')}/{row_id}"


def plain(text: str) -> str:
    """The site keeps ``<`` escaped; its client turns it back, and so do we."""
    return text.replace("&lt;", "<")[:_MOST_TEXT]


def shown_link(link: dict[str, Any]) -> Shown:
    name = link.get("name")
    text = plain(str(name)) if name else f"{link['type']} {link['id']}"
    return Shown("link", text, row_path(link["type"], link["id"]), f"{link['type']} {link['id']}")


def shown_moment(text: str) -> Shown:
    """``2026-11-22T18:05:11Z`` in the words of people."""
    return Shown("moment", text.replace("T", " ").removesuffix("Z"), title="UTC")


def shown_value(field: Field, value: Any) -> Shown:
    """A value of the wire."""
    if value is None or value in ("", []):
        return EMPTY
    if isinstance(value, bool):
        return Shown("text", "yes") if value else Shown("dim", "no")
    if isinstance(value, dict) and field.data_type == "url":
        return _file(value)
    if isinstance(value, dict) and field.data_type == "entity":
        return shown_link(value)
    if isinstance(value, list) and field.data_type == "multi_entity":
        links = tuple(shown_link(link) for link in value[:MOST_LINKS])
        return Shown("links", items=links, more=max(0, len(value) - MOST_LINKS))
    if isinstance(value, dict | list):
        return Shown("json", json.dumps(value, indent=2, ensure_ascii=False)[:_MOST_TEXT])
    return _scalar(field, value)


def _scalar(field: Field, value: Any) -> Shown:
    text = plain(str(value))
    if field.data_type == "status_list":
        label = field.display_values.get(text, text)
        tone = next((tone for tone, codes in _STATUS_TONES.items() if text in codes), "")
        return Shown("status", label, title=text, tone=tone)
    if field.data_type == "date_time":
        return shown_moment(text)
    if field.data_type == "duration":
        return Shown("text", f"{text} min")
    if field.data_type in ("number", "float", "currency", "percent", "timecode"):
        return Shown("number", text)
    return Shown("text", text)


def _file(value: dict[str, Any]) -> Shown:
    name = plain(str(value.get("name") or "file"))
    if value.get("link_type") == "upload":
        return Shown("file", name, f"/look/media/{value['id']}", value.get("content_type") or "")
    url = str(value.get("url") or "")
    if value.get("link_type") == "web" and url.startswith(("http://", "https://")):
        return Shown("web", name, url, url)
    return Shown("path", str(value.get("local_path_linux") or value.get("relative_path") or url), title=name)
