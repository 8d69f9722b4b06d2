"""``onepiece dcc publish --render``: the scene is rendered first, and its frames are published with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.render.opening import open_jobs
from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.paths import Roots
    from onepiece_core.progress import Reporter
    from onepiece_core.publish.request import PublishRequest
    from onepiece_core.render.jobs import Jobs
    from onepiece_core.render.model import Job
    from onepiece_core.render.request import RenderRequest

Render = Annotated[bool, typer.Option("--render", help="Render the scene first, wait, and publish its frames with it.")]
Frames = Annotated[str | None, typer.Option("--render-frames", help="Which frames; left out, what the scene says.")]
Output = Annotated[
    str | None, typer.Option("--render-output", metavar="PLACE", help="Folder or pattern (a.####.exr) of the frames.")
]
Farm = Annotated[str | None, typer.Option("--render-farm", help="Which farm; else the settings' render.farm.")]
Preset = Annotated[
    str | None, typer.Option("--render-preset", metavar="NAME", help="Options of the job that the settings keep.")
]

# A job whose frames are gone is rendered anew; more often than this nobody took them away by hand.
_MOST_JOBS = 5


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How the scene is rendered."""

    frames: str | None
    output: str | None
    farm: str | None
    preset: str | None
    server: str | None


def refuse_without_render(options: RenderOptions) -> None:
    """Raises UsageError: somebody forgot --render."""
    from onepiece_core.errors import UsageError

    if options != RenderOptions(None, None, None, None, None):
        raise UsageError("--render-frames, --render-output, --render-farm, --render-preset and --server need --render.")


def check_render(publish: PublishRequest, options: RenderOptions, session: Session, settings: Settings) -> None:
    """The dry run: say what would be rendered. Raises what a submit would."""
    from onepiece_core.publish.build import build_roots

    asked = _asked(publish, options, session, settings, build_roots(settings))
    with open_jobs(session, settings, options.server) as jobs:
        check = jobs.check(asked)
    session.say(printable(f"Would render {check.frames or check.name} on {check.farm}: {check.task_count} tasks"))


def render_first(
    publish: PublishRequest, options: RenderOptions, session: Session, settings: Settings, reporter: Reporter
) -> PublishRequest:
    """The publish with the frames of its scene. The same command again takes the same job.

    Raises RenderError and FarmError, after the log of what failed was shown, and OperationCancelled: the job goes on.
    """
    from onepiece_cli.render.after import failures_of, show_failures
    from onepiece_cli.render.watch import Watch
    from onepiece_core.errors import OperationCancelled
    from onepiece_core.publish.build import build_roots
    from onepiece_core.render.publish_frames import publish_of_job

    roots = build_roots(settings)
    asked = _asked(publish, options, session, settings, roots)
    with open_jobs(session, settings, options.server) as jobs:
        job = _job(jobs, asked, publish, roots, session.cwd)
        session.say(printable(f"{job.job_id}  {job.tasks} tasks on {job.farm}"))
        try:
            job = Watch(jobs, reporter, lambda text: session.say(printable(text))).wait(job.job_id).job
        except OperationCancelled as error:
            raise OperationCancelled(
                "Not waited for any more; the job goes on and nothing is published.",
                hint="The same command waits for the same job again.",
                job_id=job.job_id,
            ) from error
        if not session.as_json:
            show_failures(failures_of(jobs, job))
    return publish_of_job(publish, job, roots)


def _asked(
    publish: PublishRequest, options: RenderOptions, session: Session, settings: Settings, roots: Roots
) -> RenderRequest:
    from onepiece_cli.render.asked import build_request, place_of, preset
    from onepiece_core.render.publish_frames import job_of_publish

    given = {
        "dcc": publish.dcc,
        "frames": options.frames,
        "output": place_of(options.output, roots, session.cwd),
        "farm": options.farm,
    }
    kept = preset(settings, options.preset)
    if "template" in kept:  # a studio's template for this DCC
        del given["dcc"]
    made = job_of_publish(publish, build_request([kept, given]))
    return made.model_copy(update={"scene": place_of(publish.scene, roots, session.cwd)})


def _job(jobs: Jobs, asked: RenderRequest, publish: PublishRequest, roots: Roots, cwd: Path) -> Job:
    """The job of this very scene: the one there is, queued again where it failed, or a new one."""
    from onepiece_core.errors import RenderInvalid
    from onepiece_core.farm.states import is_terminal
    from onepiece_core.render.publish_frames import publish_of_job

    key = _key(asked, cwd / publish.scene if publish.scene else None)
    for _ in range(_MOST_JOBS):
        job = jobs.submit(asked, idempotency_key=key)
        if not is_terminal(job.status):
            return job
        if job.status != "succeeded":
            # One that its farm refused cannot be queued again.
            return jobs.retry(job.job_id) if job.handle is not None else job
        try:
            publish_of_job(publish, job, roots)
            return job
        except RenderInvalid:  # its frames are not there any more
            key = hashlib.sha256(f"{key} {job.job_id}".encode()).hexdigest()[:40]
    return job


def _key(asked: RenderRequest, scene: Path | None) -> str:
    """Equal for the same job of a scene that was not saved meanwhile."""
    try:
        state = scene.stat() if scene else None
        told = f"{state.st_mtime_ns} {state.st_size}" if state else ""
    except OSError:  # whoever prepares the job says that it is not there
        told = ""
    return hashlib.sha256(f"{asked.model_dump_json()} {told}".encode()).hexdigest()[:40]
