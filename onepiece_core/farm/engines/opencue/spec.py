"""A job as an OpenCue job spec (its XML form 1.13): one layer, one frame for each task."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from onepiece_core.farm.job import FarmJob

LAYER = "render"
_DOCTYPE = '<?xml version="1.0"?>\n<!DOCTYPE spec PUBLIC "SPI Cue Specification Language" '
_DTD = '"http://localhost:8080/spcue/dtd/cjsl-1.13.dtd">\n'
# OpenCue's names are short and plain.
_PLAIN = re.compile(r"[^A-Za-z0-9_]+")
_NAME_LENGTH = 100


def job_name(job: FarmJob) -> str:
    """The name without what OpenCue puts before it; our id ends it, so the job is found again by it."""
    return f"{plain(job.name)[:_NAME_LENGTH]}_{mark_of(job.id)}".lower()


def mark_of(job_id: str) -> str:
    """Our id as the last part of a name there."""
    return plain(job_id).replace("_", "").lower()


def plain(text: str) -> str:
    """``text`` as a part of an OpenCue name."""
    return _PLAIN.sub("_", text).strip("_") or "job"


def spec_of(job: FarmJob, command: str, *, show: str, facility: str, uid: int | None, after: Sequence[str] = ()) -> str:
    """The spec. ``command`` holds ``#IFRAME#`` for the task's number; ``after``: names of jobs that come first."""
    root = Element("spec")
    _texts(root, facility=facility, show=show, shot=plain(job.show_code or "none"), user=plain(job.user or "onepiece"))
    if uid is not None:
        _texts(root, uid=str(uid))
    made = SubElement(root, "job", name=job_name(job))
    # Held until it is known to be complete, also where it waits for others.
    _texts(made, paused=str(job.is_held), priority=str(job.priority), maxretries=str(job.max_attempts - 1))
    layer = SubElement(SubElement(made, "layers"), "layer", name=LAYER, type="Render")
    _texts(layer, cmd=command, range=f"0-{len(job.tasks) - 1}", chunk="1")
    if job.timeout_seconds is not None:
        # Whole minutes are what OpenCue counts.
        _texts(layer, timeout=str(-(-job.timeout_seconds // 60)))
    _texts(SubElement(layer, "services"), service="shell")
    if after:
        depends = SubElement(root, "depends")
        for name in after:
            depend = SubElement(depends, "depend", type="JOB_ON_JOB", anyframe="False")
            _texts(depend, depjob=job_name(job), onjob=name)
    return _DOCTYPE + _DTD + tostring(root, encoding="unicode")


def _texts(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = text
