"""A publish whose frames a farm renders: its job, and what is published once the job has succeeded."""

from __future__ import annotations

from pathlib import Path

from onepiece_core.checksums import hash_file
from onepiece_core.errors import JobConflict, OnePieceError, RenderInvalid
from onepiece_core.frames import format_ranges, parse_ranges
from onepiece_core.paths import Roots
from onepiece_core.publish.request import PublishRequest
from onepiece_core.render.model import Job
from onepiece_core.render.request import RenderRequest
from onepiece_core.render.roots import place
from onepiece_core.render.sheet import rendered_frames
from onepiece_core.sequences import scan
from onepiece_core.shown import shown


def job_of_publish(publish: PublishRequest, asked: RenderRequest) -> RenderRequest:
    """``asked`` (frames, output, farm ...) for the publish's scene, under its name and show.

    Raises RenderInvalid for a publish without a scene.
    """
    if publish.scene is None:
        raise RenderInvalid("There is no scene to render: give --scene.", scene_name=publish.scene_name)
    update = {"scene": str(publish.scene), "name": publish.scene_name, "show_code": publish.show_code}
    return RenderRequest.model_validate({**asked.model_dump(), **update})


def publish_of_job(publish: PublishRequest, job: Job, roots: Roots) -> PublishRequest:
    """The publish with the job's frames. A second call gives an equal request, which is the same operation.

    Raises JobConflict while the job has not succeeded and for a scene that was changed since, and RenderInvalid for
    frames that are not there though the farm says so: a renderer may end well without writing.
    """
    if job.status != "succeeded":
        raise JobConflict(f"The job {job.job_id} is {job.status}: its frames are not published", job_id=job.job_id)
    _check_scene(publish, job)
    if job.output is None:
        raise RenderInvalid(f"The job {job.job_id} has no output", job_id=job.job_id)
    output, _ = place(job.output, roots)
    found = rendered_frames(output, job.frames)
    missing = set(parse_ranges(job.frames) if job.frames else ()) - {frame for frame, _ in found}
    if missing or not found:
        raise RenderInvalid(
            f"The farm says that {job.job_id} succeeded, and frames {format_ranges(missing) or 'of it'} are not there",
            job_id=job.job_id,
            output=shown(output),
        )
    return publish.model_copy(update={"renders": (*publish.renders, _pattern([path for _, path in found]))})


def _check_scene(publish: PublishRequest, job: Job) -> None:
    """The frames must be those of the very scene that is published with them."""
    if publish.scene is None or job.scene_digest is None:
        return
    try:
        digest = hash_file(publish.scene).digests["xxh128"]
    except OnePieceError:
        return  # the publish itself says what is wrong with it
    if digest != job.scene_digest:
        raise JobConflict(
            f"The scene {shown(publish.scene)} was changed after the job {job.job_id} was submitted:"
            " its frames are not published as those of this scene",
            hint="Render the scene as it is now: the same command does.",
            job_id=job.job_id,
            scene=shown(publish.scene),
        )


def _pattern(files: list[Path]) -> Path:
    """``beauty.%04d.exr`` of the frames; of a single one, its own name."""
    found = scan(path.name for path in files)
    return files[0].parent / found.sequences[0].pattern if found.sequences else files[0]
