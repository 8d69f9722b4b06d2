"""Jobs of templates of the usual shape are cut as openjd's own iterator cuts them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from onepiece_core.errors import RenderInvalid
from onepiece_core.farm.expand import Expanded, expand
from onepiece_core.farm.shape import shape_of
from onepiece_core.farm.template import JobTemplate, load_template

FRAME = some.integers(-60, 300)
SPAN = some.one_of(
    FRAME.map(str),
    some.tuples(FRAME, some.integers(0, 60)).map(lambda two: f"{two[0]}-{two[0] + two[1]}"),
    some.tuples(FRAME, some.integers(0, 60), some.integers(1, 9)).map(lambda of: f"{of[0]}-{of[0] + of[1]}x{of[2]}"),
)
FRAMES = some.lists(SPAN, max_size=5).map(",".join)
TEXT = some.text(max_size=12)
VALUES = some.dictionaries(
    some.sampled_from(["Command", "Scene", "Output", "Size", "Kind", "Other"]),
    some.one_of(TEXT, some.sampled_from(["/a", "a", "1", "5", "11", "-0", "x", "01", "1.0"])),
)


def template() -> JobTemplate:
    """Of every kind of parameter that a shape knows."""
    document = copy.deepcopy(load_template("command").document)
    document["parameterDefinitions"] += [
        {"name": "Size", "type": "INT", "minValue": 1, "maxValue": 10, "default": 2},
        {"name": "Kind", "type": "STRING", "allowedValues": ["x", "yy"], "default": "x"},
    ]
    document["parameterDefinitions"][0] |= {"minLength": 1, "maxLength": 8}
    return JobTemplate("command", document)


def outcome(of: JobTemplate, asked: dict[str, Any]) -> Expanded | str:
    try:
        return expand(of, directory=Path("/"), **asked)
    except RenderInvalid as error:
        return error.report.message


@settings(max_examples=120, deadline=None)
@given(
    name=some.one_of(some.just("job"), TEXT, some.sampled_from(["{{", "a}}", "{{{x", "n" * 200])),
    frames=FRAMES,
    chunk_size=some.integers(-1, 20),
    parameters=some.one_of(some.just({"Command": "true"}), VALUES),
    timeout_seconds=some.sampled_from([None, 1, 60, 0, -1]),
)
def test_a_job_is_what_openjd_makes_of_it_whether_openjd_is_asked_or_not(**asked: Any) -> None:
    learned = template()
    for frames in ("1", ""):
        expand(learned, name="n", frames=frames, chunk_size=1, parameters={"Command": "x"}, directory=Path("/"))
    assert None not in (learned.shapes[True], learned.shapes[False])
    asks = JobTemplate("command", learned.document, shapes={True: None, False: None})
    assert outcome(learned, asked) == outcome(asks, asked)


@pytest.mark.parametrize("name", ["blender", "command", "houdini", "maya", "nuke"])
def test_our_own_templates_are_of_the_usual_shape(name: str) -> None:
    assert shape_of(load_template(name).document) is not None


@pytest.mark.parametrize(
    "odd",
    [
        {"extensions": ["TASK_CHUNKING", "FEATURE_BUNDLE_1"]},
        {"parameterDefinitions": [{"name": "Size", "type": "FLOAT"}]},
        {"jobEnvironments": [{"name": "e", "variables": {"A": "{{Param.Command}}"}}]},
    ],
)
def test_what_only_openjd_knows_is_left_to_it(odd: dict[str, Any]) -> None:
    assert shape_of({**load_template("command").document, **odd}) is None


def test_limits_that_are_filled_from_parameters_are_left_to_openjd() -> None:
    document = copy.deepcopy(load_template("command").document)
    document["steps"][0]["script"]["actions"]["onRun"]["timeout"] = "{{Param.ChunkSize}}"
    assert shape_of(document) is None


def test_what_one_job_asks_for_is_not_written_into_the_template_of_the_next() -> None:
    shared = load_template("blender")
    before = copy.deepcopy(shared.document)
    asked: dict[str, Any] = {
        "frames": "1",
        "chunk_size": 1,
        "parameters": {"Scene": "/s", "Output": "/o"},
        "directory": Path("/"),
    }
    wanted: list[dict[str, Any]] = [{"requirements": {"cpus": 4}}, {"timeout_seconds": 9}]
    for more in wanted:
        filled = expand(shared, name="other", **asked, **more)
        assert filled.template != before
        assert shared.document == before
