"""A recorded job and its farm: handed over once, whatever dies in between."""

from __future__ import annotations

import json
import time

from onepiece_core.errors import JobRejected
from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.job_file import job_from_json
from onepiece_core.farm.protocol import Farm
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
    return record_handle(store, job, handle)


def hand_over_again(store: JobStore, farm: Farm, job: Job) -> Job:
    """A job that stayed pending: the farm may have it already. Raises what :func:`hand_over` raises."""
    handle = farm.find(job.job_id)
    if handle is not None:
        return record_handle(store, job, handle)
    return hand_over(store, farm, job, job_from_json(json.loads(store.document(job.job_id))))


def record_handle(store: JobStore, job: Job, handle: str) -> Job:
    sent = job.model_copy(update={"handle": handle, "raw_state": "submitted", "message": "", "updated_at": time.time()})
    store.save([sent])
    return sent
