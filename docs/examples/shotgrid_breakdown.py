"""Tell which of the files that a scene uses are out of date, with nothing but shotgun_api3.

    eval "$(onepiece sandbox env)"
    python docs/examples/shotgrid_breakdown.py --scene 12           # what PublishedFile 12 was published with
    python docs/examples/shotgrid_breakdown.py a_v001.abc b_v004.nk # what a scene references, by path

A file is out of date when a newer version with the same project, entity, task and name is published. Whatever the
scene uses, this takes two calls (and one more for each hundred things in use). Prints a table, or with --json a list.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shotgrid_connection import Failure, connect, run
from shotgun_api3 import Shotgun

Row = dict[str, Any]
# What all versions of one thing have in common.
GROUP = ("project", "entity", "task", "name")
FIELDS = [*GROUP, "code", "version_number", "path_cache"]
AT_ONCE = 100


def main() -> None:
    asked = arguments()
    site = connect()
    used = used_by_scene(site, asked.scene) if asked.scene is not None else used_by_paths(site, asked.files)
    newest = newest_of(site, used)
    report = [line(row, newest[group_of(row)]) for row in used]
    if asked.json:
        print(json.dumps(report))
        return
    width = max((len(each["code"]) for each in report), default=0)
    for each in report:
        state = "up to date" if each["newest"] == each["used"] else f"out of date: v{each['newest']:03d} is there"
        print(f"{each['code']:{width}}  v{each['used']:03d}  {state}")
    print(f"{sum(each['newest'] != each['used'] for each in report)} of {len(report)} out of date")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="paths of published files")
    parser.add_argument("--scene", type=int, metavar="ID", help="a PublishedFile: look at what it depends on")
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    asked = parser.parse_args()
    if bool(asked.files) == (asked.scene is not None):
        parser.error("name files, or a scene with --scene")
    return asked


def used_by_scene(site: Shotgun, scene: int) -> list[Row]:
    """What the scene was published with: the other ends of its dependencies, in one call."""
    ends = [f"dependent_published_file.PublishedFile.{field}" for field in FIELDS]
    filters = [["published_file", "is", {"type": "PublishedFile", "id": scene}]]
    links = site.find("PublishedFileDependency", filters, ["dependent_published_file", *ends])
    if not links and not site.find_one("PublishedFile", [["id", "is", scene]]):
        raise Failure(f"there is no PublishedFile {scene}")
    return [
        {**link["dependent_published_file"], **{field: link[end] for field, end in zip(FIELDS, ends, strict=True)}}
        for link in links
        if link["dependent_published_file"]  # it may have been retired since
    ]


def used_by_paths(site: Shotgun, files: Sequence[str]) -> list[Row]:
    """The PublishedFiles with these paths. The site keeps what follows the root of a storage: ends are compared."""
    paths = [Path(file).as_posix() for file in files]
    found: list[Row] = []
    for some in pieces(sorted({Path(path).name for path in paths})):
        found += site.find("PublishedFile", [["code", "in", some]], FIELDS)
    rows = []
    for path in paths:
        fitting = [
            row for row in found if row["path_cache"] and f"/{path}".endswith(f"/{row['path_cache'].lstrip('/')}")
        ]
        # A path without its folder is enough where only one file has that name.
        fitting = fitting or [row for row in found if row["code"] == path]
        if len(fitting) != 1:
            raise Failure(f"{len(fitting)} published files are {path}")
        rows += fitting
    return rows


def newest_of(site: Shotgun, used: Sequence[Row]) -> dict[tuple[Any, ...], int]:
    """The highest version number of each group, many groups a call."""
    groups = {group_of(row): row for row in used}
    newest: dict[tuple[Any, ...], int] = {}
    for some in pieces(list(groups.values())):
        same = [{"filter_operator": "all", "filters": [[field, "is", row[field]] for field in GROUP]} for row in some]
        for row in site.find("PublishedFile", [{"filter_operator": "any", "filters": same}], FIELDS):
            key = group_of(row)
            newest[key] = max(newest.get(key, 0), row["version_number"] or 0)
    return newest


def group_of(row: Row) -> tuple[Any, ...]:
    """The site compares names without regard to case."""
    links = tuple(row[field] and (row[field]["type"], row[field]["id"]) for field in GROUP[:-1])
    return (*links, (row["name"] or "").casefold())


def line(row: Row, newest: int) -> dict[str, Any]:
    return {"id": row["id"], "code": row["code"], "used": row["version_number"] or 0, "newest": newest}


def pieces(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


if __name__ == "__main__":
    run(main)
