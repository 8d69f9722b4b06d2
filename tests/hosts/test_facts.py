"""What hosts write as facts is what the core reads: field for field."""

from __future__ import annotations

from dataclasses import fields

import pytest
from pydantic import BaseModel

from onepiece_core.rules import host_facts
from onepiece_hosts import facts, host


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (host.FrameRange, host_facts.FrameRangeFact),
        (host.Colour, host_facts.ColourFact),
        (host.Resolution, host_facts.ResolutionFact),
        (host.Camera, host_facts.CameraFact),
        (host.UsedFile, host_facts.FileFact),
        (host.Output, host_facts.OutputFact),
        (host.Problem, host_facts.ProblemFact),
    ],
)
def test_every_field_is_read(written: type, read: type[BaseModel]) -> None:
    assert {field.name for field in fields(written)} == set(read.model_fields)


def test_the_schema_is_the_one_that_is_read() -> None:
    assert host_facts.parse_facts({"schema": facts.SCHEMA, "host": "blender"}).scene is None


def test_no_more_files_are_written_than_are_read() -> None:
    told = {"schema": facts.SCHEMA, "host": "blender", "files": [{"path": "/a"}] * facts.MAX_FILES}
    assert len(host_facts.parse_facts(told).files) == facts.MAX_FILES
