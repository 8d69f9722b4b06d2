"""What a file of tools may say. Both ``load_tools`` and ``onepiece shelves validate`` ask here."""

from __future__ import annotations

import difflib
import keyword
import os
import re
import reprlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from onepiece_shelves.model import ERROR, HOSTS, SCHEMA, WARNING, Finding
from onepiece_shelves.pictures import find_picture
from onepiece_shelves.read import Unreadable, read_json

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_COMMAND = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
_KEYS = ("schema", "tools", "hide", "order")
_LONGEST_NAME = 80
_LONGEST_TOOLTIP = 300
MOST_FINDINGS = 100


@dataclass
class Checked:
    """What can be used of one file, and what is wrong with the rest."""

    file: str
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)
    hide: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    errors: int = 0

    def report(self, path: str, message: str, severity: str = ERROR) -> None:
        self.errors += severity == ERROR
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(self.file, path, severity, message))
        elif len(self.findings) == MOST_FINDINGS:
            self.findings.append(Finding(self.file, "", severity, "there is more wrong; this is the beginning"))

    @property
    def is_full(self) -> bool:
        return len(self.findings) > MOST_FINDINGS


def check_file(file: str, known: Collection[str] = ()) -> Checked:
    """Read and check one file; ``known`` are the ids that stronger files may change. Never raises."""
    checked = Checked(file)
    try:
        data = read_json(file)
    except Unreadable as error:
        checked.report("", str(error))
        return checked
    check_data(data, checked, known)
    return checked


def check_data(data: Any, checked: Checked, known: Collection[str]) -> None:
    """Fill ``checked`` from what a file holds."""
    if not isinstance(data, dict):
        checked.report("", f"must be an object, and is {_kind(data)}")
        return
    if data.get("schema") != SCHEMA:
        checked.report("schema", f"must be {SCHEMA!r}")
        return
    _check_keys(data, _KEYS, "", checked)
    for index, entry in enumerate(_listed(data, "tools", checked)):
        _check_entry(entry, f"tools[{index}]", checked, known)
    ids = {*known, *checked.tools}
    checked.hide = _ids(data, "hide", ids, checked)
    checked.order = _ids(data, "order", ids, checked)


def _check_entry(entry: Any, path: str, checked: Checked, known: Collection[str]) -> None:
    """One tool: it is used when nothing of it is wrong."""
    before = checked.errors
    if not isinstance(entry, dict):
        checked.report(path, f"must be an object, and is {_kind(entry)}")
        return
    for name, value in entry.items():
        if name in _FIELDS and (wrong := _FIELDS[name](value)):
            checked.report(f"{path}.{name}", wrong)
    tool = entry.get("id")
    if tool is None:
        checked.report(f"{path}.id", "is missing")
    elif isinstance(tool, str) and tool in checked.tools:
        checked.report(f"{path}.id", f"{reprlib.repr(tool)} stands twice in this file")
    elif isinstance(tool, str) and tool not in known:
        for name in ("label", "command"):
            if name not in entry:
                checked.report(
                    f"{path}.{name}", f"is missing, and no file before this one has a tool {reprlib.repr(tool)}"
                )
    is_sound = checked.errors == before
    _check_keys(entry, tuple(_FIELDS), path, checked)
    icon = entry.get("icon")
    if is_sound and icon and find_picture(icon, os.path.dirname(checked.file)) is None:
        checked.report(f"{path}.icon", f"there is no picture {reprlib.repr(icon)}", WARNING)
    if is_sound:
        checked.tools[entry["id"]] = {name: value for name, value in entry.items() if name in _FIELDS}


def _listed(data: dict[str, Any], name: str, checked: Checked) -> list[Any]:
    value = data.get(name, [])
    if isinstance(value, list):
        return value
    checked.report(name, f"must be a list, and is {_kind(value)}")
    return []


def _ids(data: dict[str, Any], name: str, ids: Collection[str], checked: Checked) -> list[str]:
    """The known ones of a list of ids."""
    found: list[str] = []
    for index, value in enumerate(_listed(data, name, checked)):
        if not isinstance(value, str):
            checked.report(f"{name}[{index}]", f"must be a tool's id, and is {_kind(value)}")
        elif checked.is_full:
            break
        elif value not in ids:
            checked.report(f"{name}[{index}]", f"there is no tool {reprlib.repr(value)}{_meant(value, ids)}", WARNING)
        elif value in found:
            checked.report(f"{name}[{index}]", f"{reprlib.repr(value)} stands twice", WARNING)
        else:
            found.append(value)
    return found


def _check_keys(data: dict[str, Any], known: tuple[str, ...], path: str, checked: Checked) -> None:
    for name in data:
        if name not in known and not checked.is_full:
            where = f"{path}.{name}" if path else name
            checked.report(where, f"nobody reads this key{_meant(name, known)}", WARNING)


def _meant(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name[:64], list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    kinds = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number", type(None): "null"}
    return kinds[type(value)]


def _id(value: Any) -> str | None:
    if isinstance(value, str) and _ID.fullmatch(value):
        return None
    return "must start with a lower-case letter; letters, digits and _ may follow, 64 in all"


def _text(longest: int, *, is_empty_fine: bool = False, is_null_fine: bool = False) -> Callable[[Any], str | None]:
    def wrong(value: Any) -> str | None:
        if value is None and is_null_fine:
            return None
        if not isinstance(value, str):
            return f"must be text, and is {_kind(value)}"
        if len(value) > longest:
            return f"has {len(value)} characters; {longest} fit"
        if not value.isprintable():  # a line break, a lone surrogate, a mark that turns the writing round
            return "has a character that cannot be shown"
        return None if value.strip() or is_empty_fine else "is empty"

    return wrong


def _hosts(value: Any) -> str | None:
    if not isinstance(value, list):
        return f"must be a list, and is {_kind(value)}"
    unknown = [name for name in value if name not in HOSTS]
    return f"{reprlib.repr(unknown[0])} is no host; known are {', '.join(HOSTS)}" if unknown else None


def _command(value: Any) -> str | None:
    if not isinstance(value, str) or not _COMMAND.fullmatch(value) or len(value) > _LONGEST_TOOLTIP:
        return "must be written module:function, with ASCII names"
    names = re.split(r"[.:]", value)
    return next((f"{reprlib.repr(name)} is a word of Python's own" for name in names if keyword.iskeyword(name)), None)


def _bool(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, and is {_kind(value)}"


# Field -> what is wrong with a value, or None.
_FIELDS: dict[str, Callable[[Any], str | None]] = {
    "id": _id,
    "label": _text(_LONGEST_NAME),
    "tooltip": _text(_LONGEST_TOOLTIP, is_empty_fine=True),
    "icon": _text(1000, is_null_fine=True),
    "hosts": _hosts,
    "menu": _text(_LONGEST_NAME, is_null_fine=True),
    "shelf": _text(_LONGEST_NAME, is_null_fine=True),
    "command": _command,
    "starts_group": _bool,
}
