"""From a request to a farm's job: what is right becomes tasks, what is wrong is refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import NotImplementedByFarm, PathEscapes, RenderInvalid, TemplateUnknown
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.template import Templates
from onepiece_core.paths import Roots
from onepiece_core.render.prepare import Ground, Prepared, prepare
from onepiece_core.render.request import RenderRequest


@pytest.fixture
def show(tmp_path: Path) -> Path:
    folder = tmp_path / "show"
    folder.mkdir()
    (folder / "comp v001.blend").write_bytes(b"BLENDER")
    return folder


@pytest.fixture
def ground(show: Path, tmp_path: Path) -> Ground:
    return Ground(Roots({"projects": show}, "here"), tmp_path)


def asked(ground: Ground, can: Capabilities | None = None, **fields: Any) -> Prepared:
    values = {"dcc": "blender", "scene": "projects:comp v001.blend", "frames": "1-10", "output": "projects:out"}
    request = RenderRequest(**{key: value for key, value in (values | fields).items() if value is not None})
    return prepare(request, ground, job_id="j1", farm="local", capabilities=can or Capabilities())


def test_a_request_becomes_the_job_of_a_farm(ground: Ground, show: Path) -> None:
    made = asked(
        ground,
        chunk_size=5,
        priority=80,
        user="jo",
        show_code="FG",
        environment={"OCIO": "x"},
        max_attempts=3,
        timeout_seconds=60,
        hold=True,
    )
    job = made.job
    assert (job.id, job.name, job.tasks, job.priority) == ("j1", "comp v001", ("1-5", "6-10"), 80)
    assert (job.user, job.show_code, job.environment, job.max_attempts) == ("jo", "FG", {"OCIO": "x"}, 3)
    assert (job.timeout_seconds, job.is_held) == (60, True)
    assert job.parameters["Scene"] == str(show / "comp v001.blend")
    assert job.parameters["Output"] == str(show / "out")
    assert (made.scene, made.output) == ("projects:comp v001.blend", "projects:out")
    assert not (show / "out").exists()
    check = made.as_check()
    assert (check.tasks, check.task_count, check.chunk_size) == (["1-5", "6-10"], 2, 5)


@pytest.mark.parametrize(
    ("output", "folder", "name"),
    [
        ("projects:out", "out", "comp v001.####"),
        ("projects:out/beauty.####.exr", "out", "beauty.####.exr"),
        ("projects:out/beauty.%04d.exr", "out", "beauty.####.exr"),
        ("projects:out/beauty.%d.exr", "out", "beauty.#.exr"),
        ("projects:out/beauty.exr", "out", "beauty.####.exr"),
        ("projects:v1.2", "v1.2", "comp v001.####"),
    ],
)
def test_an_output_is_a_folder_or_a_pattern(ground: Ground, show: Path, output: str, folder: str, name: str) -> None:
    job = asked(ground, output=output).job
    assert (job.parameters["Output"], job.parameters["OutputName"]) == (str(show / folder), name)


@pytest.mark.parametrize(
    "fields",
    [
        {"scene": "projects:not-there.blend"},
        {"scene": "projects:."},
        {"scene": None},
        {"output": None},
        {"output": "projects:comp v001.blend"},
        {"frames": "1-"},
        {"frames": "10-1x0"},
        {"frames": "1-10000000"},
        {"frames": None},
        {"chunk_size": 0},
        {"chunk_size": 10_001},
        {"priority": -1},
        {"priority": 101},
        {"parameters": {"Nope": 1}},
        {"parameters": {"Scene": "/etc/passwd"}},
        {"environment": {"A=B": "x"}},
        {"environment": {"A": "x\0y"}},
        {"requirements": {"horses": 2}},
    ],
)
def test_what_cannot_be_rendered_is_refused(ground: Ground, fields: dict[str, Any]) -> None:
    with pytest.raises(RenderInvalid):
        asked(ground, **fields)


@pytest.mark.parametrize("field", ["scene", "output"])
@pytest.mark.parametrize(
    "path", ["/etc/passwd", "projects:../x", "projects:a/../../x", "other:x", "projects:/etc", "C:\\x", "link/x", "~/x"]
)
def test_what_lies_outside_the_roots_is_refused(ground: Ground, show: Path, field: str, path: str) -> None:
    (show / "link").symlink_to("/etc")
    with pytest.raises(PathEscapes):
        asked(ground, **{field: path.replace("link", f"{show}/link")})


def test_a_further_path_lies_in_a_root_too(ground: Ground, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "specificationVersion: jobtemplate-2023-09\nname: x\n"
        "parameterDefinitions: [{name: Lut, type: PATH}]\n"
        "steps: [{name: R, script: {actions: {onRun: {command: x, args: ['{{Param.Lut}}']}}}}]\n"
    )
    ground = replace(ground, templates=Templates(tmp_path))
    fields: dict[str, Any] = {"dcc": None, "template": "mine", "scene": None, "output": None, "frames": None}
    made = asked(ground, **fields, parameters={"Lut": "projects:a.cube"})
    assert made.job.parameters["Lut"].endswith("show/a.cube")
    assert made.job.tasks == ("",)
    with pytest.raises(PathEscapes):
        asked(ground, **fields, parameters={"Lut": "/etc/a.cube"})


def test_what_a_farm_has_not_is_refused(ground: Ground) -> None:
    nothing = Capabilities(priority=None, chunking=None, hold=False, dependencies=False, retry=False)
    assert asked(ground, nothing).job.tasks[0] == "1-1"
    for fields in ({"priority": 1}, {"chunk_size": 2}, {"hold": True}, {"depends_on": ["a"]}, {"max_attempts": 2}):
        with pytest.raises(NotImplementedByFarm):
            asked(ground, nothing, **fields)


def test_an_unknown_template_is_refused(ground: Ground) -> None:
    with pytest.raises(TemplateUnknown):
        asked(ground, dcc="softimage")


def test_frames_that_are_left_out_are_the_scenes(ground: Ground, show: Path) -> None:
    (show / "comp.nk").write_text("Root {\n first_frame 1001\n last_frame 1004\n}\n")
    made = asked(ground, dcc="nuke", scene="projects:comp.nk", frames=None)
    assert (made.frames, len(made.job.tasks)) == ("1001-1004", 4)
    assert made.warnings


def test_the_program_is_found_where_this_machine_renders(ground: Ground, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "blender"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    here = replace(ground, environ={"PATH": str(program.parent)})
    assert asked(here).job.parameters["Renderer"] == str(program)
    assert "Renderer" not in asked(ground).job.parameters
    assert asked(here, parameters={"Renderer": "other"}).job.parameters["Renderer"] == "other"
