"""Render: the farms, the jobs, and one job with its tasks, its log while it grows, and what it has rendered."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from starlette.responses import Response

from onepiece_core.errors import OnePieceError, RenderInvalid, RequestInvalid, RoleMissing, RouteMissing
from onepiece_core.farm.states import JobState, is_terminal
from onepiece_core.render.model import Job, JobFilter, Task

if TYPE_CHECKING:
    from starlette.routing import Route

    from onepiece_server.auth.keys import Role
    from onepiece_server.dashboard.pages.site import Asked, Site

_JOBS = 50
_TASKS = 500
_TAIL_BYTES = 32_768
_MOST_TEXT = 200


def routes(site: Site) -> list[Route]:
    reads: tuple[Role, ...] = ("render:read",)
    job = "/ui/render/jobs/{job}"
    changes: tuple[Role, ...] = ("render:manage", "render:submit")
    return [
        site.route("/ui/render", lambda asked: _jobs(site, asked), roles=reads),
        site.route(job, lambda asked: _job(site, asked), roles=reads),
        site.route(f"{job}/sheet", lambda asked: _sheet(site, asked), roles=reads),
        site.route(f"{job}/{{action}}", lambda asked: _change(site, asked), roles=changes, methods=("POST",)),
    ]


def _jobs(site: Site, asked: Asked) -> Response:
    told = {name: asked.query.get(name, "").strip()[:_MOST_TEXT] for name in ("status", "farm", "user", "show")}
    if told["status"] and told["status"] not in get_args(JobState):
        raise RequestInvalid("There is no such status", status=told["status"])
    jobs = site.parts.jobs
    wanted = JobFilter.model_validate(
        {"status": told["status"] or None, "farm": told["farm"] or None}
        | {"user": told["user"] or None, "show_code": told["show"] or None}
    )
    cursor = asked.query.get("cursor") or None
    return site.page(
        asked,
        "render.html",
        farms=site.farms(),
        metrics=jobs.metrics(),
        page=jobs.list_jobs(wanted, limit=_JOBS, cursor=cursor),
        told=told,
        states=get_args(JobState),
        cursor=cursor or "",
    )


def _job(site: Site, asked: Asked) -> Response:
    job = site.parts.jobs.get(asked.path("job"))
    tasks = site.parts.jobs.list_tasks(job.job_id, limit=_TASKS, cursor=asked.query.get("cursor") or None)
    chosen = _chosen(asked, tasks.items)
    log, log_error = _tail(site, job, chosen)
    farm = next((each for each in site.farms() if each.name == job.farm), None)
    return site.page(
        asked,
        "render_job.html",
        job=job,
        page=tasks,
        chosen=chosen,
        log=log,
        log_error=log_error,
        is_over=is_terminal(job.status),
        may_change=_may_change(asked, job),
        may_order=asked.may("render:manage"),
        can=farm.capabilities if farm else None,
        has_sheet=job.output is not None and bool(job.frames),
        said=asked.query.get("said", "")[:_MOST_TEXT],
    )


def _chosen(asked: Asked, tasks: list[Task]) -> Task | None:
    """The task whose log is shown: the one that was asked for, else the first that failed, else the newest one."""
    wanted = asked.query.get("task", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        return next((task for task in tasks if task.index == int(wanted)), None)
    begun = [task for task in tasks if task.attempt]
    failed = [task for task in begun if task.status in ("failed", "lost")]
    running = [task for task in begun if task.status == "running"]
    return next(iter([*failed, *running]), begun[-1] if begun else None)


def _tail(site: Site, job: Job, task: Task | None) -> tuple[str, str]:
    """The end of the log, and why there is none."""
    if task is None:
        return "", ""
    try:
        return site.parts.jobs.read_log(job.job_id, task.index, offset=-_TAIL_BYTES, limit=_TAIL_BYTES).text, ""
    except OnePieceError as error:
        return "", error.report.message


def _may_change(asked: Asked, job: Job) -> bool:
    """As the API has it: whoever manages, and a submitter what is its own."""
    is_own = asked.caller is not None and asked.may("render:submit") and job.user == asked.caller.name
    return asked.may("render:manage") or is_own


def _change(site: Site, asked: Asked) -> Response:
    jobs, job = site.parts.jobs, site.parts.jobs.get(asked.path("job"))
    action = asked.path("action")
    simple: dict[str, Callable[[str], Job]] = {
        "cancel": jobs.cancel,
        "retry": jobs.retry,
        "hold": jobs.hold,
        "release": jobs.release,
    }
    if action not in (*simple, "priority"):
        raise RouteMissing("There is nothing at this address")
    is_ordering = action not in ("cancel", "retry")
    if not (asked.may("render:manage") if is_ordering else _may_change(asked, job)):
        raise RoleMissing("This needs the role render:manage, or a job of one's own", role="render:manage")
    if action == "priority":
        jobs.set_priority(job.job_id, _priority(asked.form.get("priority", "")))
    else:
        simple[action](job.job_id)
    return site.redirect(asked, "render", "jobs", job.job_id, said=action)


def _priority(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= 100):
        raise RequestInvalid("The priority is 0 to 100", priority=text[:20])
    return int(text)


def _sheet(site: Site, asked: Asked) -> Response:
    """The newest contact sheet, as a JPEG; only of frames below the roots."""
    from onepiece_core.publish.build import build_roots
    from onepiece_core.render.roots import place as place_path
    from onepiece_core.render.sheet import write_sheet

    job = site.parts.jobs.get(asked.path("job"))
    if job.output is None:
        raise RenderInvalid("This job has no frames", job_id=job.job_id)
    output, _ = place_path(job.output, build_roots(site.parts.settings))
    with tempfile.TemporaryDirectory(prefix="onepiece-sheet-") as folder:
        target = Path(folder) / "sheet.jpg"
        write_sheet(output, job.frames, target, title="", most=12)
        data = target.read_bytes()
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=2"})
