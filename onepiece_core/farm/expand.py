"""A template and what is asked for, made into what a farm runs: the filled template, its parameters, its tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onepiece_core.errors import RenderInvalid, SequenceError
from onepiece_core.farm.shape import Shape, chunks, shape_of
from onepiece_core.farm.template import JobTemplate, decode, told
from onepiece_core.frames import format_ranges, parse_ranges

MAX_TASKS = 100_000
MAX_FRAMES = 1_000_000
_FRAME = "{{Task.Param.Frame}}"
_AMOUNTS = {"cpus": "amount.worker.vcpu", "memory_mib": "amount.worker.memory", "gpus": "amount.worker.gpu"}


@dataclass(frozen=True, slots=True)
class Expanded:
    """What FarmJob holds of it; ``tasks`` are the chunks that openjd's own iterator gives."""

    template: dict[str, Any]
    parameters: dict[str, str]
    tasks: tuple[str, ...]


def check_frames(text: str) -> tuple[int, ...]:
    """The frames of ``1001-1010,1015`` or ``1-9x2``. Raises RenderInvalid."""
    try:
        frames = parse_ranges(text)
    except SequenceError as cause:
        raise RenderInvalid(cause.report.message, hint=cause.report.hint, frames=text) from cause
    if len(frames) > MAX_FRAMES:
        raise RenderInvalid(f"{len(frames)} frames are more than a job may have: {MAX_FRAMES}", frames=text)
    return frames


def as_openjd(text: str) -> str:
    """Frames as OpenJD writes them: ``1-9x2`` is ``1-9:2``; frames that are named twice once. Raises RenderInvalid."""
    frames = check_frames(text)
    parts = [part.strip() for part in text.split(",")]
    if sum(len(parse_ranges(part)) for part in parts) == len(frames):
        return ",".join(part.replace("x", ":") for part in parts)
    return format_ranges(frames)


def expand(
    template: JobTemplate,
    *,
    name: str,
    frames: str,
    chunk_size: int,
    parameters: Mapping[str, str | int | float | bool],
    directory: Path,
    timeout_seconds: int | None = None,
    requirements: Mapping[str, int] | None = None,
) -> Expanded:
    """``frames`` as people write them, empty for a job without. Raises RenderInvalid."""
    document = _own(template.document)
    document["name"] = _name(name)
    values = {key: _text(value) for key, value in parameters.items()}
    if frames and not template.has_frames:
        raise RenderInvalid(f"The template {template.name} has no frames", template=template.name)
    if template.has_frames and (frames or template.needs_frames):
        if not frames:
            raise RenderInvalid("Which frames?", hint="Write them as 1001-1010.", template=template.name)
        values |= {"Frames": as_openjd(frames), "ChunkSize": str(_chunk_size(chunk_size))}
        if "ChunkSize" not in template.parameters:
            del values["ChunkSize"]
    elif template.has_frames:
        _drop_frames(document)
    (step,) = document["steps"]
    if timeout_seconds is not None:
        step["script"]["actions"]["onRun"]["timeout"] = timeout_seconds
    _require(step, requirements or {})
    shape = template.shapes.get(bool(frames)) if not requirements and directory.is_absolute() else None
    if shape is not None and shape.accepts(document["name"], values, timeout_seconds):
        return Expanded(document, values, _quickly(shape, frames, chunk_size))
    tasks = _tasks(template.name, document, values, directory)
    if bool(frames) not in template.shapes:
        template.shapes[bool(frames)] = shape_of(document)
    return Expanded(document, values, tasks)


def _quickly(shape: Shape, frames: str, chunk_size: int) -> tuple[str, ...]:
    tasks = tuple(chunks(check_frames(frames), chunk_size)) if shape.has_tasks else ("",)
    _check_number(len(tasks))
    return tasks


def _check_number(tasks: int) -> None:
    if tasks > MAX_TASKS:
        raise RenderInvalid(f"{tasks} tasks are more than a job may have: {MAX_TASKS}", hint="Make the chunks larger.")


def _own(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as deep as something is written into it; the rest is the template's, and nobody changes it."""
    (step,) = document["steps"]
    script = step["script"]
    actions = {**script["actions"], "onRun": {**script["actions"]["onRun"]}}
    return {**document, "steps": [{**step, "script": {**script, "actions": actions}}]}


def _name(name: str) -> str:
    """OpenJD takes 128 characters, and would fill what stands in doubled braces."""
    return name.replace("{{", "{").replace("}}", "}")[:128]


def _chunk_size(size: int) -> int:
    if size < 1:
        raise RenderInvalid(f"A chunk has one frame or more, not {size}", chunk_size=size)
    return size


def _drop_frames(document: dict[str, Any]) -> None:
    """One task, which gets an empty text for its frames."""
    (step,) = document["steps"]
    step.pop("parameterSpace", None)
    step["script"] = _replaced(step["script"])
    document["parameterDefinitions"] = [
        each for each in document["parameterDefinitions"] if each["name"] not in ("Frames", "ChunkSize")
    ]


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_FRAME, "")
    if isinstance(value, list):
        return [_replaced(each) for each in value]
    if isinstance(value, dict):
        return {key: _replaced(each) for key, each in value.items()}
    return value


def _require(step: dict[str, Any], requirements: Mapping[str, int]) -> None:
    if not requirements:
        return
    unknown = sorted(requirements.keys() - _AMOUNTS)
    if unknown or min(requirements.values()) < 0:
        raise RenderInvalid(f"A host can be asked for {', '.join(_AMOUNTS)}, each 0 or more", requirements=unknown)
    hosts = step["hostRequirements"] = {**step.get("hostRequirements", {})}
    asked = {_AMOUNTS[key]: value for key, value in requirements.items()}
    kept = [each for each in hosts.get("amounts", []) if each["name"] not in asked]
    hosts["amounts"] = kept + [{"name": amount, "min": value} for amount, value in asked.items()]


def _tasks(name: str, document: dict[str, Any], values: Mapping[str, str], directory: Path) -> tuple[str, ...]:
    from openjd.model import (
        DecodeValidationError,
        ModelValidationError,
        StepParameterSpaceIterator,
        create_job,
        preprocess_job_parameters,
    )

    decoded = decode(document, name)
    try:
        checked = preprocess_job_parameters(
            job_template=decoded,
            job_parameter_values=dict(values),
            job_template_dir=directory,
            current_working_dir=directory,
        )
        job = create_job(job_template=decoded, job_parameter_values=checked)
        space = job.steps[0].parameterSpace
        if space is None:
            return ("",)
        iterator = StepParameterSpaceIterator(space=space)
        _check_number(len(iterator))
        return tuple(_chunks(iterator))
    except (DecodeValidationError, ModelValidationError, ValueError, RuntimeError) as error:
        raise RenderInvalid(f"The template {name} cannot be filled: {told(error)}", template=name) from error


def _chunks(iterator: Any) -> Iterator[str]:
    for task in iterator:
        (value,) = task.values()
        yield str(value.value)


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
