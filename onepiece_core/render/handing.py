"""A recorded job and its farm: handed over once, whatever dies in between."""

from __future__ import annotations

import json
import time
from contextlib import suppress

from onepiece_core.errors import JobConflict, JobRejected, OnePieceError, RenderError
from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.job_file import job_from_json
from onepiece_core.farm.protocol import Farm
from onepiece_core.farm.registry import Farms
from onepiece_core.farm.states import is_terminal
from onepiece_core.render.model import Job
from onepiece_core.render.store import JobStore


def hand_over(store: JobStore, farm: Farm, job: Job, farm_job: FarmJob) -> Job:
    """Submit the job and record its handle.

    Raises JobRejected (the job is kept as failed), and what the farm raises otherwise: the job stays pending.
    """
    try:
        handle = farm.submit(farm_job)
    except JobRejected as error:
        now = time.time()
        ended = {"status": "failed", "raw_state": "rejected", "error": error.report, "ended_at": now}
        store.save([job.model_copy(update={**ended, "updated_at": now, "message": error.report.message})])
        raise
    return record_handle(store, farm, job, handle)


def hand_over_again(store: JobStore, farm: Farm, job: Job) -> Job:
    """A job that stayed pending: the farm may have it already, or nobody wants it any more.

    Raises what :func:`hand_over` raises.
    """
    handle = farm.find(job.job_id)
    job = store.find(job.job_id) or job  # it may have been cancelled meanwhile
    if handle is not None:
        return record_handle(store, farm, job, handle)
    if is_terminal(job.status):
        return _ended(store, job)
    return hand_over(store, farm, job, job_from_json(json.loads(store.document(job.job_id))))


def record_handle(store: JobStore, farm: Farm, job: Job, handle: str) -> Job:
    """A job that was cancelled while its farm got it is cancelled there too."""
    known = store.find(job.job_id) or job
    if known.status == "cancelled":
        with suppress(JobConflict):  # it has ended there
            farm.cancel(handle)
        sent = known.model_copy(update={"handle": handle, "updated_at": time.time()})
    else:
        sent = job.model_copy(
            update={"handle": handle, "raw_state": "submitted", "message": "", "updated_at": time.time()}
        )
    store.save([sent])
    return sent


def cancel_unsent(store: JobStore, farms: Farms, job: Job) -> Job:
    """Cancel what no farm has as far as we know; it is sent to none from now on.

    Where the farm cannot be asked whether it got the job unseen, that is asked, and the job cancelled there, later:
    until then it has no ``ended_at``.
    """
    now = time.time()
    told = {"status": "cancelled", "raw_state": "cancelled", "message": "", "updated_at": now}
    cancelled = job.model_copy(update=told)
    store.save([cancelled])
    try:
        farm = farms.get(job.farm)
        handle = farm.find(job.job_id)
        if handle is None:
            return _ended(store, cancelled)
        return record_handle(store, farm, cancelled, handle)
    except RenderError:
        raise
    except OnePieceError:
        return cancelled


def note_waiting(store: JobStore, job: Job, why: str) -> Job:
    """Say why the job waits, unless it does not wait any more."""
    known = store.find(job.job_id) or job
    if known.handle is not None or is_terminal(known.status) or known.message == why:
        return known
    waiting = known.model_copy(update={"message": why})
    store.save([waiting])
    return waiting


def _ended(store: JobStore, job: Job) -> Job:
    ended = job.model_copy(update={"ended_at": job.updated_at})
    store.save([ended])
    return ended
