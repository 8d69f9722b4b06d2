"""A farm's job as JSON: what a queue keeps and what a task on another machine is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from onepiece_core.farm.job import FarmJob


def job_to_json(job: FarmJob) -> dict[str, Any]:
    values = {field.name: getattr(job, field.name) for field in fields(job)}
    return {
        **values,
        "parameters": dict(job.parameters),
        "environment": dict(job.environment),
        "template": dict(job.template),
        "tasks": list(job.tasks),
        "depends_on": list(job.depends_on),
        "directory": str(job.directory),
        "roots": {name: dict(folders) for name, folders in job.roots.items()},
    }


def job_from_json(document: Mapping[str, Any]) -> FarmJob:
    """Raises TypeError or KeyError for what ``job_to_json`` did not write."""
    return FarmJob(
        **{
            **document,
            "tasks": tuple(document["tasks"]),
            "depends_on": tuple(document["depends_on"]),
            "directory": Path(document["directory"]),
        }
    )
