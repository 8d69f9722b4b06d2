"""Farms and render jobs. The codes ``adapter.*`` and ``render.*`` are a contract of the render service."""

from __future__ import annotations

from onepiece_core.errors.base import OnePieceError


class FarmError(OnePieceError):
    """A farm did not do what it was asked for."""

    code = "adapter.failed"


class FarmConfigurationError(FarmError):
    code = "adapter.configuration_error"


class JobRejected(FarmError):
    """The farm answered that it will not have this job."""

    code = "adapter.job_rejected"


class FarmUnavailable(FarmError):
    code = "adapter.unavailable"
    hint = "Check that the farm runs and try again; a job that was accepted is sent once the farm is back."


class FarmUnauthorized(FarmError):
    code = "adapter.unauthorized"


class FarmTimeout(FarmError):
    code = "adapter.timeout"


class NotImplementedByFarm(FarmError):
    code = "adapter.not_implemented"
    hint = "`onepiece render farms` shows what each farm can do."


class CancellationUnsupported(FarmError):
    code = "adapter.cancellation_unsupported"


class FarmProtocolError(FarmError):
    """The farm's answer makes no sense."""

    code = "adapter.protocol_error"


class JobUnknownToFarm(FarmError):
    """The farm has no job of this handle, or has forgotten it."""

    code = "adapter.job_unknown"


class RenderError(OnePieceError):
    code = "render.failed"


class RenderInvalid(RenderError):
    """A job that cannot be rendered as it is asked for: frames, chunks, paths, parameters."""

    code = "render.invalid"


class TemplateUnknown(RenderError):
    code = "render.template_not_found"
    hint = "`onepiece render templates` names those that exist."


class FarmUnknown(RenderError):
    code = "render.farm_not_found"
    hint = "`onepiece render farms` names those that exist."


class JobMissing(RenderError):
    code = "render.job_not_found"


class TaskUnknown(RenderError):
    code = "render.task_not_found"


class JobConflict(RenderError):
    """The job's state does not allow this, or an idempotency key came again with another job."""

    code = "render.conflict"


class RenderStoreFailed(RenderError):
    """The record of the jobs cannot be written or read."""

    code = "render.store_unavailable"
    hint = "Check the disk and the database; jobs are taken again as soon as they can be recorded."


class RenderStoreBroken(RenderStoreFailed):
    """The record of the jobs was damaged, or is something else. Nothing was changed in it."""

    code = "render.store_broken"
    hint = "Keep it as it is, put a copy of it from before in its place, or start with another render.jobs_path."
