"""Job templates: found, filled, and cut into the tasks that openjd's own iterator gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import RenderInvalid, TemplateUnknown
from onepiece_core.farm.expand import Expanded, as_openjd, expand
from onepiece_core.farm.template import list_templates, load_template

OWN = ["blender", "command", "houdini", "maya", "nuke"]


def filled(template: str = "command", **more: Any) -> Expanded:
    values: dict[str, Any] = {
        "name": "job",
        "frames": "1-10",
        "chunk_size": 5,
        "parameters": {"Command": "true"},
        "directory": Path("/"),
        **more,
    }
    return expand(load_template(template), **values)


def test_every_dcc_has_a_template_and_so_has_any_command() -> None:
    assert list_templates() == OWN
    for name in OWN:
        template = load_template(name)
        assert template.description
        assert {"Frames", "ChunkSize", "Scene", "Output"} <= template.parameters.keys()


@pytest.mark.parametrize(
    "name", ["", "../blender", "Blender", "a/b", "no-such", "x" * 300, "blender.yaml", "\N{SNOWMAN}"]
)
def test_a_template_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(TemplateUnknown):
        load_template(name)


def test_a_studios_template_stands_for_ours_of_the_same_name(tmp_path: Path) -> None:
    steps = "[{name: R, script: {actions: {onRun: {command: x}}}}]"
    text = f"specificationVersion: jobtemplate-2023-09\nname: x\nsteps: {steps}\n"
    (tmp_path / "blender.yaml").write_text(text)
    (tmp_path / "denoise.yaml").write_text(text)
    assert list_templates(tmp_path) == sorted([*OWN, "denoise"])
    assert load_template("blender", tmp_path).is_studios
    assert not load_template("nuke", tmp_path).is_studios


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("specificationVersion: jobtemplate-2099-01\nname: x\nsteps: []\n", "2099"),
        ("name: x\n", "specificationVersion"),
        ("specificationVersion: jobtemplate-2023-09\nname: x\nsteps: [{name: R}]\n", "script"),
        ("- 1\n", "no job template"),
        ("a: [", "cannot be read"),
        ("\x00", "cannot be read"),
        ("#" * 2_000_000, "no job template"),
        ("[" * 5000, "cannot be read"),
    ],
)
def test_a_template_that_is_wrong_says_where(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(RenderInvalid, match=said) as raised:
        load_template("mine", tmp_path)
    assert "mine.yaml" in raised.value.report.message
    assert "\n" not in raised.value.report.message


def test_a_template_of_two_steps_is_refused(tmp_path: Path) -> None:
    step = "{name: %s, script: {actions: {onRun: {command: x}}}}"
    steps = f"[{step % 'A'}, {step % 'B'}]"
    (tmp_path / "mine.yaml").write_text(f"specificationVersion: jobtemplate-2023-09\nname: x\nsteps: {steps}\n")
    with pytest.raises(RenderInvalid, match="one step"):
        load_template("mine", tmp_path)


@pytest.mark.parametrize(
    ("frames", "chunk_size", "tasks"),
    [
        ("1-10", 5, ("1-5", "6-10")),
        ("7", 5, ("7-7",)),
        ("1-9x4", 2, ("1-1", "5-5", "9-9")),
        ("-3-0", 2, ("-3--2", "-1-0")),
        ("1-4,20-21", 4, ("1-4", "20-21")),
        ("1-5,3-8", 4, ("1-4", "5-8")),
    ],
)
def test_frames_become_tasks(frames: str, chunk_size: int, tasks: tuple[str, ...]) -> None:
    assert filled(frames=frames, chunk_size=chunk_size).tasks == tasks


@pytest.mark.parametrize(
    "frames", ["1-", "10-1x0", "10-1", "a", "1-2-3", "1;2", "1-1000001", "1,,2", "1e3", "\N{ARABIC-INDIC DIGIT ONE}"]
)
def test_frames_that_are_none_are_refused(frames: str) -> None:
    with pytest.raises(RenderInvalid):
        filled(frames=frames)


def test_more_tasks_than_a_farm_can_bear_are_refused() -> None:
    with pytest.raises(RenderInvalid, match="100000"):
        filled(frames="1-100001", chunk_size=1)
    assert len(filled(frames="1-1000000", chunk_size=10).tasks) == 100_000


@pytest.mark.parametrize("chunk_size", [0, -1])
def test_a_chunk_has_a_frame(chunk_size: int) -> None:
    with pytest.raises(RenderInvalid):
        filled(chunk_size=chunk_size)


def test_steps_are_written_as_openjd_writes_them() -> None:
    assert as_openjd("1-9x2, 20") == "1-9:2,20"
    assert as_openjd("1-5,3-8") == "1-8"


def test_a_command_without_frames_is_one_task() -> None:
    made = filled(frames="", parameters={"Command": "true"})
    assert made.tasks == ("",)
    assert "Frames" not in made.parameters
    assert "Task.Param" not in str(made.template)


def test_a_renderer_without_frames_is_refused() -> None:
    with pytest.raises(RenderInvalid, match="Which frames"):
        filled("blender", frames="", parameters={"Scene": "/a.blend", "Output": "/o"})


@pytest.mark.parametrize("parameters", [{}, {"Command": "x", "Nope": 1}])
def test_parameters_are_the_templates(parameters: dict[str, Any]) -> None:
    with pytest.raises(RenderInvalid):
        filled(parameters=parameters)


def test_name_timeout_and_requirements_are_in_the_template() -> None:
    made = filled(name="a{{Param.Command}}" * 20, timeout_seconds=90, requirements={"cpus": 4, "memory_mib": 512})
    (step,) = made.template["steps"]
    assert step["script"]["actions"]["onRun"]["timeout"] == 90
    assert {"name": "amount.worker.vcpu", "min": 4} in step["hostRequirements"]["amounts"]
    assert len(made.template["name"]) <= 128
    assert "{{" not in made.template["name"]
    assert "timeout" not in str(load_template("command").document)


@pytest.mark.parametrize("requirements", [{"horses": 1}, {"cpus": -1}])
def test_requirements_that_nobody_knows_are_refused(requirements: dict[str, int]) -> None:
    with pytest.raises(RenderInvalid):
        filled(requirements=requirements)
