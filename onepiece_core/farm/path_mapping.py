"""Paths of jobs on machines of different systems: each root's folder per system tells how one becomes the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from onepiece_core.system import this_system

if TYPE_CHECKING:
    from onepiece_core.farm.job import FarmJob

# Name of a root -> system -> its folder there.
RootFolders = Mapping[str, Mapping[str, str]]


def mapping_rules(roots: RootFolders, source: str, target: str) -> list[dict[str, str]]:
    """How paths of ``source`` become paths of ``target``: openjd's path mapping rules as JSON, the deepest first."""
    style = "WINDOWS" if source == "windows" else "POSIX"
    found = []
    for folders in roots.values():
        there, here = folders.get(source), folders.get(target)
        if there is not None and here is not None:
            found.append({"source_path_format": style, "source_path": there, "destination_path": here})
    # A folder that two roots have is the first one's, as names go.
    return sorted(found, key=lambda rule: -len(_pure(source)(rule["source_path"]).parts))


def as_openjd_rules(rules: list[dict[str, str]]) -> list[Any]:
    """For an OpenJD session."""
    from openjd.sessions import PathMappingRule

    return [PathMappingRule.from_dict(rule) for rule in rules]


def find_path(text: str, roots: RootFolders, source: str, target: str) -> str | None:
    """A path that a machine of ``source`` told, as one of ``target`` has it; None where it lies in no root of both."""
    pure = _pure(source)
    path = pure(text)
    if ".." in path.parts:
        return None
    # The deepest root rules, also one that lies on both systems at the same place.
    inside = [folders for folders in roots.values() if source in folders and path.is_relative_to(pure(folders[source]))]
    for folders in sorted(inside, key=lambda folders: -len(pure(folders[source]).parts)):
        if target in folders:
            return str(_pure(target)(folders[target], *path.relative_to(pure(folders[source])).parts))
    return None


def map_path(text: str, roots: RootFolders, source: str, target: str) -> str:
    """As :func:`find_path`; what lies in no root stays as it is."""
    if source == target:
        return text
    found = find_path(text, roots, source, target)
    return text if found is None else found


def find_here(text: str, roots: RootFolders) -> str | None:
    """The path on this machine that a machine of another system names ``text``; None where no root tells."""
    here = this_system()
    others = dict.fromkeys(system for folders in roots.values() for system in folders if system != here)
    return next((found for system in others if (found := find_path(text, roots, system, here)) is not None), None)


def map_job(job: FarmJob, target: str) -> FarmJob:
    """The job with its paths as a machine of ``target`` has them: PATH parameters, variables that are a path."""
    if job.system in ("", target):
        return job
    kinds = path_parameters(job)
    return replace(
        job,
        parameters={
            name: map_path(value, job.roots, job.system, target) if name in kinds else value
            for name, value in job.parameters.items()
        },
        environment={name: map_path(value, job.roots, job.system, target) for name, value in job.environment.items()},
        directory=_directory(job, target),
    )


def path_parameters(job: FarmJob) -> set[str]:
    return {each["name"] for each in job.template.get("parameterDefinitions", []) if each["type"] == "PATH"}


def session_rules(job: FarmJob, target: str) -> list[dict[str, str]]:
    """For the session of a job that came from a machine of another system; else none."""
    return [] if job.system in ("", target) else mapping_rules(job.roots, job.system, target)


def _directory(job: FarmJob, target: str) -> Path:
    """Of a job of another system: any absolute folder will do where it lies in no root; its paths are absolute."""
    found = find_path(str(job.directory), job.roots, job.system, target)
    return Path.cwd() if found is None else Path(found)


def _pure(system: str) -> type[PurePath]:
    return PureWindowsPath if system == "windows" else PurePosixPath
