"""Whether this machine is what a job asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import psutil

from onepiece_core.errors import JobRejected
from onepiece_core.farm.job import FarmJob
from onepiece_core.system import this_system

_MIB = 1024 * 1024

# OpenJD's name of an amount -> how people call it, and how much of it is here. What is not named here, a GPU for
# one, nobody can count everywhere: such a job is taken, and its renderer says what it lacks.
_AMOUNTS: Mapping[str, tuple[str, Callable[[], float]]] = {
    "amount.worker.vcpu": ("CPUs", lambda: os.cpu_count() or 1),
    "amount.worker.memory": ("MiB of memory", lambda: psutil.virtual_memory().total / _MIB),
}


def refuse_other_host(job: FarmJob) -> None:
    """Raises JobRejected when a step needs more than this machine has, or another system."""
    for step in job.template.get("steps", []):
        needs = step.get("hostRequirements") or {}
        for amount in needs.get("amounts", []):
            _refuse_amount(job, amount)
        for attribute in needs.get("attributes", []):
            _refuse_attribute(job, attribute)


def _refuse_amount(job: FarmJob, amount: Mapping[str, Any]) -> None:
    name, needed = str(amount.get("name", "")).lower(), amount.get("min")
    if name not in _AMOUNTS or not isinstance(needed, int | float):
        return
    label, count = _AMOUNTS[name]
    if (here := count()) < needed:
        raise JobRejected(
            f"The job needs {needed:g} {label} and this machine has {here:.0f}", job=job.id, requirement=name
        )


def _refuse_attribute(job: FarmJob, attribute: Mapping[str, Any]) -> None:
    wanted = attribute.get("anyOf") or attribute.get("allOf")
    if str(attribute.get("name", "")).lower() == "attr.worker.os.family" and wanted and this_system() not in wanted:
        raise JobRejected(
            f"The job needs {' or '.join(map(str, wanted))} and this machine runs {this_system()}",
            job=job.id,
            requirement="attr.worker.os.family",
        )
