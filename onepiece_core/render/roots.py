"""Paths of render jobs: where they lie on this machine, and on a farm's machines of another system."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from onepiece_core.errors import PathEscapes
from onepiece_core.farm.job import FarmJob
from onepiece_core.paths import Roots
from onepiece_core.shown import shown

if TYPE_CHECKING:
    from onepiece_core.config.models import RootSettings, Settings, System

_OUTSIDE = "Paths of a job lie in a folder of the settings' [roots], so that every machine finds them."


def place(text: str, roots: Roots) -> tuple[Path, str]:
    """The path on this machine and as ``root:relative``. ``text`` is either; links on the way are followed.

    Raises PathEscapes for what lies in no root.
    """
    path = Path(text) if Path(text).is_absolute() else roots.resolve(text)
    if path is None:
        raise PathEscapes(f"{shown(text)} lies in no root of this machine", hint=_OUTSIDE, path=shown(text))
    told = roots.persist(path)
    try:
        real = roots.persist(path.resolve())
    except (OSError, RuntimeError, ValueError) as cause:  # a loop of links; a name that is too long
        raise PathEscapes(f"{shown(text)} cannot be followed", path=shown(text)) from cause
    if told.startswith("@") or real.startswith("@"):
        raise PathEscapes(f"{shown(text)} lies outside the roots", hint=_OUTSIDE, path=shown(text))
    return path, told


def mapping_rules(settings: Settings, source: System, target: System) -> list[dict[str, str]]:
    """How paths of ``source`` become paths of ``target``: openjd's path mapping rules as JSON, the longest first."""
    style = "WINDOWS" if source == "windows" else "POSIX"
    found = []
    for root in settings.roots.values():
        there, here = _folder(root, source), _folder(root, target)
        if there is not None and here is not None and there != here:
            found.append({"source_path_format": style, "source_path": str(there), "destination_path": str(here)})
    return sorted(found, key=lambda rule: -len(rule["source_path"]))


def as_openjd_rules(rules: list[dict[str, str]]) -> list[Any]:
    """For an OpenJD session."""
    from openjd.sessions import PathMappingRule

    return [PathMappingRule.from_dict(rule) for rule in rules]


def map_path(text: str, settings: Settings, source: System, target: System) -> str:
    """A path that a machine of ``source`` told, as a machine of ``target`` has it; else as it is."""
    pure = PureWindowsPath if source == "windows" else PurePosixPath
    for rule in mapping_rules(settings, source, target):
        path, start = pure(text), pure(rule["source_path"])
        if path.is_relative_to(start) and ".." not in path.parts:
            made = PureWindowsPath if target == "windows" else PurePosixPath
            return str(made(rule["destination_path"], *path.relative_to(start).parts))
    return text


def _folder(root: RootSettings, system: System) -> PurePath | None:
    folder: Path | None = getattr(root, system)
    if folder is None:
        return None
    # A Windows folder is read on Linux, too.
    return PureWindowsPath(str(folder)) if system == "windows" else PurePosixPath(folder.as_posix())


def map_job(job: FarmJob, settings: Settings, source: System, target: System) -> FarmJob:
    """The job with its paths as machines of ``target`` have them; for what runs it there."""
    kinds = {each["name"]: each["type"] for each in job.template.get("parameterDefinitions", [])}
    parameters = {
        name: map_path(value, settings, source, target) if kinds.get(name) == "PATH" else value
        for name, value in job.parameters.items()
    }
    return replace(job, parameters=parameters)
