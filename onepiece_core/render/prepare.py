"""From what somebody asks for to the job that a farm gets. Nothing is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from onepiece_core.config.models import Settings
from onepiece_core.errors import NotImplementedByFarm, OnePieceError, RenderInvalid
from onepiece_core.farm.capabilities import Capabilities, Range
from onepiece_core.farm.expand import Expanded, expand
from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.path_mapping import RootFolders
from onepiece_core.farm.template import JobTemplate, Templates
from onepiece_core.paths import Roots
from onepiece_core.publish.build import build_roots
from onepiece_core.render.model import JobCheck
from onepiece_core.render.programs import find_renderer
from onepiece_core.render.request import RenderRequest
from onepiece_core.render.roots import place, root_folders
from onepiece_core.shown import shown
from onepiece_core.system import this_system

_NUMBER = re.compile(r"#+|%0?(\d*)d")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PICTURE = re.compile(r"\.(exr|png|jpe?g|tiff?|dpx|tga|hdr|webp|cin|mov|mp4)", re.IGNORECASE)
_SHOWN_TASKS = 100


@dataclass(frozen=True, slots=True)
class Ground:
    """What jobs are prepared with.

    Attributes:
        roots: as this machine has them.
        templates: OnePiece's own and the studio's.
        directory: what relative paths of templates are relative to; absolute.
        environ: to find renderers on this machine; None: the farm's machines are others.
        folders: the roots on every system, for requests and machines of others.
    """

    roots: Roots
    directory: Path
    templates: Templates = field(default_factory=Templates)
    environ: Mapping[str, str] | None = None
    folders: RootFolders = field(default_factory=dict)


def build_ground(settings: Settings, directory: Path, environ: Mapping[str, str] | None) -> Ground:
    """``environ`` is that of this machine where it is the one that renders."""
    return Ground(
        build_roots(settings), directory, Templates(settings.render.templates_dir), environ, root_folders(settings)
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked job and what is recorded of it; ``scene`` and ``output`` are ``root:relative``."""

    job: FarmJob
    farm: str
    template: str
    frames: str
    chunk_size: int
    scene: str | None
    output: str | None
    warnings: tuple[str, ...] = ()

    def as_check(self) -> JobCheck:
        job = self.job
        return JobCheck(
            farm=self.farm,
            name=job.name,
            template=self.template,
            frames=self.frames,
            tasks=list(job.tasks[:_SHOWN_TASKS]),
            task_count=len(job.tasks),
            priority=job.priority,
            chunk_size=self.chunk_size,
            scene=self.scene,
            output=self.output,
            parameters=dict(job.parameters),
            warnings=list(self.warnings),
        )


def prepare(
    request: RenderRequest,
    ground: Ground,
    *,
    job_id: str,
    farm: str,
    capabilities: Capabilities,
    depends_on: Sequence[str] = (),
) -> Prepared:
    """``depends_on``: the farm's handles of the jobs that the request names.

    Raises RenderInvalid, TemplateUnknown, PathEscapes, and NotImplementedByFarm for what the farm cannot do.
    """
    _check_farm(request, farm, capabilities)
    _check_environment(request.environment)
    template = ground.templates.load(request.template_name)
    scene, scene_told = _scene(request, template, ground)
    output, output_name, output_told = _output(request, template, scene, ground)
    frames, warnings = _frames(request, template, scene)
    chunk_size = _in_range(request.chunk_size, capabilities.chunking, "chunk_size", none=1)
    name = request.name or _name(request, scene)
    expanded = expand(
        template,
        name=name,
        frames=frames,
        chunk_size=chunk_size,
        parameters=_parameters(request, template, ground, {"Scene": scene, "Output": output}, output_name),
        directory=ground.directory,
        timeout_seconds=request.timeout_seconds,
        requirements=request.requirements,
    )
    job = _job(request, job_id, name, expanded, ground, tuple(depends_on), capabilities)
    return Prepared(job, farm, template.name, frames, chunk_size, scene_told, output_told, warnings)


def _job(
    request: RenderRequest,
    job_id: str,
    name: str,
    expanded: Expanded,
    ground: Ground,
    depends_on: tuple[str, ...],
    can: Capabilities,
) -> FarmJob:
    return FarmJob(
        id=job_id,
        name=name,
        template=expanded.template,
        parameters=expanded.parameters,
        tasks=expanded.tasks,
        directory=ground.directory,
        priority=_in_range(request.priority, can.priority, "priority", none=50),
        max_attempts=request.max_attempts,
        timeout_seconds=request.timeout_seconds,
        environment=dict(request.environment),
        depends_on=depends_on,
        is_held=request.hold,
        user=request.user or "",
        show_code=request.show_code or "",
        system=this_system() if ground.folders else "",
        roots=ground.folders,
    )


def _check_farm(request: RenderRequest, farm: str, can: Capabilities) -> None:
    wanted = {
        "dependencies": bool(request.depends_on) and not can.dependencies,
        "hold": request.hold and not can.hold,
        "retry": request.max_attempts > 1 and not can.retry,
        "priority": request.priority is not None and can.priority is None,
        "chunking": (request.chunk_size or 1) > 1 and can.chunking is None,
    }
    for what in (name for name, is_missing in wanted.items() if is_missing):
        raise NotImplementedByFarm(f"The farm {farm} has no {what}", farm=farm, capability=what)


def _check_environment(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        if not _VARIABLE.fullmatch(name) or "\0" in value:
            raise RenderInvalid(f"{name!r} cannot be a variable of a task's environment", variable=repr(name))


def _in_range(value: int | None, allowed: Range | None, field: str, *, none: int) -> int:
    if value is None:
        return none if allowed is None else allowed.default
    if allowed is not None and not allowed.minimum <= value <= allowed.maximum:
        raise RenderInvalid(
            f"{field} is {allowed.minimum} to {allowed.maximum} on this farm, not {value}",
            field=field,
            minimum=allowed.minimum,
            maximum=allowed.maximum,
        )
    if allowed is None and value < 1 and field == "chunk_size":
        raise RenderInvalid(f"chunk_size is 1 or more, not {value}", field=field)
    return value


def _scene(request: RenderRequest, template: JobTemplate, ground: Ground) -> tuple[Path | None, str | None]:
    definition = template.parameters.get("Scene")
    if request.scene is None:
        if definition is not None and "default" not in definition:
            raise RenderInvalid("Which scene?", template=template.name)
        return None, None
    if definition is None:
        raise RenderInvalid(f"The template {template.name} takes no scene", template=template.name)
    path, told = place(request.scene, ground.roots, ground.folders)
    try:
        is_there = path.is_file()
    except (OSError, ValueError) as cause:
        raise RenderInvalid(f"The scene {shown(path)} cannot be read: {cause}", scene=shown(path)) from cause
    if not is_there:
        raise RenderInvalid(f"The scene {shown(path)} is not there", scene=shown(path))
    return path, told


def _output(
    request: RenderRequest, template: JobTemplate, scene: Path | None, ground: Ground
) -> tuple[Path | None, str, str | None]:
    """The folder, the name of a frame in it (empty: the renderer's), and the whole as it is recorded."""
    definition = template.parameters.get("Output")
    if request.output is None:
        if definition is not None and "default" not in definition:
            raise RenderInvalid("Where shall the frames go? Give output.", template=template.name)
        return None, "", None
    if definition is None:
        raise RenderInvalid(f"The template {template.name} takes no output", template=template.name)
    path, told = place(request.output, ground.roots, ground.folders)
    if not _NUMBER.search(path.name) and not _PICTURE.fullmatch(path.suffix):
        if path.is_file():
            raise RenderInvalid(f"The output {shown(path)} is a file, not a folder", output=shown(path))
        return path, f"{scene.stem}.####" if scene else "", told
    return path.parent, _frame_name(path.name), told


def _frame_name(name: str) -> str:
    """``beauty.%04d.exr`` and ``beauty.exr`` as ``beauty.####.exr``."""
    if _NUMBER.search(name) is None:
        pure = PurePath(name)
        return f"{pure.stem}.####{pure.suffix}"
    return _NUMBER.sub(lambda found: found[0] if found[0][0] == "#" else "#" * int(found[1] or 1), name)


def _frames(request: RenderRequest, template: JobTemplate, scene: Path | None) -> tuple[str, tuple[str, ...]]:
    if request.frames is not None:
        return request.frames.replace(" ", ""), ()
    if not template.needs_frames or scene is None:
        return "", ()
    from onepiece_core.scenes.read import read_scene

    try:
        facts = read_scene(scene)
    except OnePieceError as error:
        raise RenderInvalid(error.report.message, hint=error.report.hint) from error
    if facts is None or facts.first is None or facts.last is None:
        raise RenderInvalid("The scene does not tell its frames", hint="Name them: 1001-1010.", scene=shown(scene))
    told = f"{facts.first}-{facts.last}"
    return told, (f"Frames {told}, as the scene says",)


def _parameters(
    request: RenderRequest, template: JobTemplate, ground: Ground, paths: Mapping[str, Path | None], output_name: str
) -> dict[str, Any]:
    values: dict[str, Any] = dict(request.parameters)
    for name in ("Scene", "Output", "Frames", "ChunkSize"):
        if name in values:
            raise RenderInvalid(f"{name} is a field of the request, not one of its parameters", parameter=name)
    values = _placed(values, template, ground)
    values |= {name: str(path) for name, path in paths.items() if path is not None}
    if output_name and "OutputName" in template.parameters:
        values.setdefault("OutputName", output_name)
    if ground.environ is not None and "Renderer" in template.parameters and "Renderer" not in values:
        values |= find_renderer(template.name, ground.environ)
    return values


def _placed(values: Mapping[str, Any], template: JobTemplate, ground: Ground) -> dict[str, Any]:
    """Paths among the further parameters lie in a root, too."""
    paths = {name for name, each in template.parameters.items() if each.get("type") == "PATH"}
    placed = {
        name: str(place(value, ground.roots, ground.folders)[0])
        for name, value in values.items()
        if name in paths and isinstance(value, str) and value
    }
    return {**values, **placed}


def _name(request: RenderRequest, scene: Path | None) -> str:
    return shown(scene.stem)[:128] if scene is not None else request.template_name
