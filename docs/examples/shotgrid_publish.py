"""Publish a file the way Toolkit does, with nothing but shotgun_api3.

    eval "$(onepiece sandbox env)"
    python docs/examples/shotgrid_publish.py /projects/FG/sc01_comp_v003.nk \\
        --project FG --entity ep010_sc01_0010 --task comp \\
        --uses /projects/FG/sc01_lighting_v002.%04d.exr --movie sc01_comp_v003.mov --thumbnail sc01_comp_v003.jpg

Makes a PublishedFile with its type, its path below a LocalStorage, its version number, its dependencies and a
thumbnail; with --movie also a Version with the movie for review. Prints one JSON object with the ids.

This is how the field does it, and it shows why OnePiece does not: between any two of these calls the script may die,
and when an answer gets lost the client sends its create a second time. `onepiece dcc publish` looks each row up before
it repeats anything.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shotgrid_connection import Failure, connect, run
from shotgun_api3 import Shotgun

Link = dict[str, Any]

TYPES = {
    ".nk": "Nuke Script",
    ".ma": "Maya Scene",
    ".mb": "Maya Scene",
    ".hip": "Houdini Scene",
    ".blend": "Blender Scene",
    ".exr": "Rendered Image",
    ".dpx": "Rendered Image",
    ".abc": "Alembic Cache",
    ".usd": "USD",
}
# sc01_comp_v003.nk, sc01_comp.v003.%04d.exr
VERSION = re.compile(r"[._-]?v(\d+)(?![0-9A-Za-z])", re.IGNORECASE)
FRAMES = re.compile(r"%0\dd")


def main() -> None:
    asked = arguments()
    path = asked.file.expanduser().absolute()
    name, number = name_and_number(path.name)
    for file in filter(None, (asked.movie, asked.thumbnail)):
        if not file.is_file():
            raise Failure(f"{file} is not there")
    frames = frame_range(path)
    site = connect()
    context = find_context(site, asked.project, asked.entity, asked.task)
    refuse_twice(site, context, name, number)
    file = register_file(site, context, path, name=name, number=number, comment=asked.comment)
    register_dependencies(site, context, file, asked.uses)
    if asked.thumbnail:
        site.upload_thumbnail("PublishedFile", file["id"], str(asked.thumbnail))
    version = None
    if asked.movie:
        version = register_version(site, context, file, path, frames, asked.movie, asked.comment)
    print(
        json.dumps({"published_file": file["id"], "version": version and version["id"], "name": name, "number": number})
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the published file; a sequence as name.%%04d.exr")
    parser.add_argument("--project", required=True, help="the project's name or code")
    parser.add_argument("--entity", required=True, help="code of the Shot or Asset")
    parser.add_argument("--task", required=True, help="the Task's name")
    parser.add_argument(
        "--uses", action="append", default=[], metavar="FILE", help="a published file that this one uses"
    )
    parser.add_argument("--movie", type=Path, help="a movie for review")
    parser.add_argument("--thumbnail", type=Path, help="a JPEG or PNG")
    parser.add_argument("--comment", default="")
    return parser.parse_args()


def name_and_number(filename: str) -> tuple[str, int]:
    """``sc01_comp_v003.nk`` is version 3 of ``sc01_comp.nk``: that name stays the same from version to version."""
    found = VERSION.findall(filename)
    if not found:
        raise Failure(f"{filename} has no version: name it like comp_v001{Path(filename).suffix}")
    return VERSION.sub("", filename), int(found[-1])


def frame_range(path: Path) -> tuple[int, int, int] | None:
    """First and last frame on disk and how many there are; None for a single file."""
    if not FRAMES.search(path.name):
        if not path.is_file():
            raise Failure(f"{path} is not there")
        return None
    pattern = re.compile(FRAMES.sub(lambda _: r"(\d+)", re.escape(path.name)))
    names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    frames = sorted(int(found[1]) for found in map(pattern.fullmatch, names) if found)
    if not frames:
        raise Failure(f"{path} has no frames")
    return frames[0], frames[-1], len(frames)


def find_context(site: Shotgun, project: str, entity: str, task: str) -> dict[str, Link]:
    """Where the file belongs, as the fields that every row of it gets."""
    either = {"filter_operator": "any", "filters": [["name", "is", project], ["code", "is", project]]}
    projects = site.find("Project", [either])
    if len(projects) != 1:
        raise Failure(f"{len(projects)} projects are called {project!r}")
    inside = ["project", "is", projects[0]]
    found = [each for kind in ("Shot", "Asset") for each in site.find(kind, [inside, ["code", "is", entity]])]
    if len(found) != 1:
        raise Failure(f"{len(found)} shots and assets of {project} have the code {entity!r}")
    tasks = site.find("Task", [inside, ["entity", "is", found[0]], ["content", "is", task]])
    if len(tasks) != 1:
        raise Failure(f"{entity} has {len(tasks)} tasks {task!r}")
    return {"project": projects[0], "entity": found[0], "task": tasks[0]}


def refuse_twice(site: Shotgun, context: dict[str, Link], name: str, number: int) -> None:
    """A version is published once: what others have loaded must not change behind their backs."""
    filters = [[field, "is", link] for field, link in context.items()]
    found = site.find_one("PublishedFile", [*filters, ["name", "is", name], ["version_number", "is", number]])
    if found:
        raise Failure(f"version {number} of {name} is published already: PublishedFile {found['id']}")


def register_file(site: Shotgun, context: dict[str, Link], path: Path, *, name: str, number: int, comment: str) -> Link:
    made: Link = site.create(
        "PublishedFile",
        {
            **context,
            "code": path.name,
            "name": name,
            "version_number": number,
            "description": comment or None,
            "published_file_type": find_or_make_type(site, TYPES.get(path.suffix.lower(), "File")),
            **location(site, path),
        },
    )
    return {"type": "PublishedFile", "id": made["id"]}


def find_or_make_type(site: Shotgun, code: str) -> Link:
    found = site.find_one("PublishedFileType", [["code", "is", code]])
    return found or site.create("PublishedFileType", {"code": code})


def location(site: Shotgun, path: Path) -> dict[str, Any]:
    """``path`` and ``path_cache``: below the deepest LocalStorage that holds the file, else by a URL."""
    fields = ["linux_path", "mac_path", "windows_path"]
    roots = [
        (Path(storage[field]), storage)
        for storage in site.find("LocalStorage", [], fields)
        for field in fields
        if storage[field]
    ]
    fitting = [(root, storage) for root, storage in roots if path.is_relative_to(root)]
    if not fitting:
        url = f"file://{quote(path.as_posix(), safe='/:')}"
        return {"path": {"url": url, "name": path.name}, "path_cache": path.as_posix()}
    root, storage = max(fitting, key=lambda pair: len(pair[0].parts))
    relative = path.relative_to(root).as_posix()
    link = {"type": "LocalStorage", "id": storage["id"]}
    return {"path": {"relative_path": relative, "local_storage": link}, "path_cache": relative}


def register_dependencies(site: Shotgun, context: dict[str, Link], file: Link, uses: list[str]) -> None:
    """One batch, so that all of them are there or none."""
    if not uses:
        return
    caches = {location(site, Path(each).expanduser().absolute())["path_cache"]: each for each in uses}
    filters = [["project", "is", context["project"]], ["path_cache", "in", list(caches)]]
    found = {each["path_cache"]: each for each in site.find("PublishedFile", filters, ["path_cache"])}
    unknown = [given for cache, given in caches.items() if cache not in found]
    if unknown:
        raise Failure(f"PublishedFile {file['id']} is made, but nobody has published {', '.join(unknown)}")
    site.batch(
        [
            {
                "request_type": "create",
                "entity_type": "PublishedFileDependency",
                "data": {"published_file": file, "dependent_published_file": other},
            }
            for other in found.values()
        ]
    )


def register_version(
    site: Shotgun,
    context: dict[str, Link],
    file: Link,
    path: Path,
    frames: tuple[int, int, int] | None,
    movie: Path,
    comment: str,
) -> Link:
    data: dict[str, Any] = {
        "project": context["project"],
        "entity": context["entity"],
        "sg_task": context["task"],
        "code": path.name.split(".")[0],
        "description": comment or None,
        "sg_path_to_movie": str(movie.absolute()),
        "published_files": [file],
    }
    if frames:
        first, last, count = frames
        data |= {"sg_path_to_frames": str(path), "sg_first_frame": first, "sg_last_frame": last}
        data |= {"frame_count": count, "frame_range": f"{first}-{last}"}
    version: Link = site.create("Version", data)
    # The row first: whoever sees the movie sees what it belongs to.
    site.upload("Version", version["id"], str(movie), "sg_uploaded_movie")
    return version


if __name__ == "__main__":
    run(main)
