"""The tools of a session: ours, with a studio's and a show's files merged over them.

A file names tools under ``tools`` (an id that is known changes the fields given, a new one adds a tool), ``hide`` takes
tools away, ``order`` puts the tools it names first. What is wrong is left out and reported; the rest is used.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from onepiece_shelves.model import Finding, Shelves, Tool
from onepiece_shelves.pictures import find_picture
from onepiece_shelves.read import Unreadable, read_json
from onepiece_shelves.validate import Checked, check_file

OURS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools.json")
# Where ``onepiece dcc install`` has put a copy of this package.
INSTALLATION = os.path.join(os.path.dirname(OURS), "..", "..", "install.json")
# A list of files as PATH is one; ``onepiece dcc`` sets it for the hosts that it starts.
VARIABLE = "ONEPIECE_SHELVES"


def load_tools(files: Sequence[str] = ()) -> Shelves:
    """Our tools with ``files`` merged over them in their order, the strongest last. Never raises."""
    tools: dict[str, Tool] = {}
    hidden: set[str] = set()
    findings: list[Finding] = []
    for file in (OURS, *files):
        checked = check_file(file, tools)
        findings += checked.findings
        hidden -= set(checked.tools)  # a file that names a tool wants it
        hidden |= set(checked.hide)
        tools = _merged(tools, checked)
    return Shelves(tuple(tool for name, tool in tools.items() if name not in hidden), tuple(findings))


def files_of_session(environ: Mapping[str, str]) -> list[str]:
    """The studio's and the show's files: of this environment, else those that the installation names."""
    if VARIABLE in environ:
        return [file for file in environ[VARIABLE].split(os.pathsep) if file]
    try:
        told = read_json(INSTALLATION)
    except Unreadable:
        return []
    files = told.get("shelves") if isinstance(told, dict) else None
    return [file for file in files if isinstance(file, str)] if isinstance(files, list) else []


def _merged(tools: Mapping[str, Tool], checked: Checked) -> dict[str, Tool]:
    merged = dict(tools)
    for entry in checked.tools.values():
        fields = _fields(entry, checked.file)
        known = merged.get(fields["id"])
        merged[fields["id"]] = replace(known, **fields) if known else Tool(**fields)
    return {name: merged[name] for name in dict.fromkeys([*checked.order, *merged])}


def _fields(entry: Mapping[str, Any], file: str) -> dict[str, Any]:
    fields = {**entry, "file": file}
    if "hosts" in fields:
        fields["hosts"] = tuple(dict.fromkeys(fields["hosts"]))
    icon = fields.get("icon")
    if icon and icon.lower().endswith((".png", ".svg")):
        fields["icon"] = find_picture(icon, os.path.dirname(file))
    return fields
