"""Paths of jobs on machines of other systems, there and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.config.models import Settings
from onepiece_core.errors import PathEscapes
from onepiece_core.farm.engines.local.farm import LocalFarm
from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.job_file import job_from_json, job_to_json
from onepiece_core.farm.path_mapping import as_openjd_rules, find_here, map_job, map_path, mapping_rules
from onepiece_core.farm.run_task import TaskEnd, run_task
from onepiece_core.paths import Roots
from onepiece_core.render.prepare import build_ground, prepare
from onepiece_core.render.request import RenderRequest
from onepiece_core.render.roots import place, root_folders
from onepiece_core.render.sheet import rendered_frames

SETTINGS = Settings.model_validate(
    {
        "roots": {
            "projects": {"linux": Path("/mnt/projects"), "windows": Path("P:\\"), "macos": Path("/Volumes/projects")},
            "textures": {"linux": Path("/mnt/projects/lib"), "windows": Path("T:\\lib")},
            "share": {"linux": Path("/mnt/share"), "windows": Path("\\\\nas\\share")},
            "cache": {"linux": Path("/cache"), "windows": Path("C:\\cache"), "macos": Path("/cache/of/mac")},
            "here": {"linux": Path("/here")},
        }
    }
)
ROOTS = root_folders(SETTINGS)


@pytest.mark.parametrize(
    ("source", "text", "target", "mapped"),
    [
        ("windows", "P:\\FG\\a.blend", "linux", "/mnt/projects/FG/a.blend"),
        ("windows", "p:/FG/a.blend", "linux", "/mnt/projects/FG/a.blend"),
        ("windows", "P:FG\\a.blend", "linux", "P:FG\\a.blend"),
        ("windows", "\\\\NAS\\Share\\FG\\a.tx", "linux", "/mnt/share/FG/a.tx"),
        ("windows", "//nas/share/FG/a.tx", "linux", "/mnt/share/FG/a.tx"),
        ("windows", "\\\\nas\\shared\\a.tx", "linux", "\\\\nas\\shared\\a.tx"),
        ("linux", "/mnt/projects/FG/a.exr", "windows", "P:\\FG\\a.exr"),
        ("linux", "/mnt/share/a.exr", "windows", "\\\\nas\\share\\a.exr"),
        ("linux", "/mnt/projects/lib/a.tx", "windows", "T:\\lib\\a.tx"),
        ("windows", "P:\\lib\\a.tx", "linux", "/mnt/projects/lib/a.tx"),
        ("linux", "/mnt/projectsX/a", "windows", "/mnt/projectsX/a"),
        ("linux", "/mnt/Projects/a", "windows", "/mnt/Projects/a"),
        ("linux", "/mnt/projects/../etc", "windows", "/mnt/projects/../etc"),
        ("linux", "/here/a", "windows", "/here/a"),
        ("linux", "/cache/a", "macos", "/cache/of/mac/a"),
        ("macos", "/Volumes/projects/a", "linux", "/mnt/projects/a"),
        ("linux", "/mnt/projects/a", "linux", "/mnt/projects/a"),
        ("windows", "P:\\", "linux", "/mnt/projects"),
    ],
)
def test_a_path_of_one_system_is_found_on_another(source: Any, text: str, target: Any, mapped: str) -> None:
    assert map_path(text, ROOTS, source, target) == mapped


_NAMES = st.text(st.characters(exclude_characters='/\\:*?"<>|\0', exclude_categories=("Cs", "Cc")), min_size=1).filter(
    lambda name: name not in (".", "..")
)


@given(
    st.sampled_from(["/mnt/projects", "/mnt/projects/lib", "/mnt/share", "/cache"]),
    st.lists(_NAMES, min_size=1, max_size=5),
)
def test_a_path_is_the_same_after_the_way_there_and_back(root: str, names: list[str]) -> None:
    path = "/".join([root, *names])
    there = map_path(path, ROOTS, "linux", "windows")
    assert PureWindowsPath(there).is_absolute()
    assert map_path(there, ROOTS, "windows", "linux") == path


def test_the_rules_are_what_openjd_takes() -> None:
    rules = as_openjd_rules(mapping_rules(ROOTS, "windows", "linux"))
    assert {rule.source_path for rule in rules} >= {PureWindowsPath("T:\\lib"), PureWindowsPath("P:\\")}
    drive = next(rule for rule in rules if rule.source_path == PureWindowsPath("P:\\"))
    assert drive.apply(path="P:\\FG\\a.exr") == (True, "/mnt/projects/FG/a.exr")
    deepest = mapping_rules(ROOTS, "linux", "windows")[0]
    assert deepest["source_path"] == "/mnt/projects/lib"


def windows_job(folder: Path, script: str, **more: Any) -> FarmJob:
    """As a Windows machine would have written it."""
    template = {
        "specificationVersion": "jobtemplate-2023-09",
        "name": "n",
        "parameterDefinitions": [
            {"name": "Scene", "type": "PATH"},
            {"name": "Output", "type": "PATH", "dataFlow": "OUT"},
            {"name": "Note", "type": "STRING"},
        ],
        "steps": [
            {
                "name": "Render",
                "script": {
                    "actions": {
                        "onRun": {
                            "command": "sh",
                            "args": ["-c", script, "sh", "{{Param.Scene}}", "{{Param.Output}}", "{{Param.Note}}"],
                        }
                    }
                },
            }
        ],
    }
    values = {"Scene": "p:/Show\\a b.blend", "Output": "\\\\NAS\\out\\beauty", "Note": "P:\\a.blend"}
    return FarmJob(
        "j",
        "j",
        template,
        values,
        ("",),
        Path("C:\\state"),
        environment={"OCIO": "P:\\config.ocio", "MODE": "P:"},
        system="windows",
        roots={
            "projects": {"windows": "P:\\", "linux": str(folder / "projects")},
            "out": {"windows": "\\\\nas\\out", "linux": str(folder / "projects" / "out")},
        },
        **more,
    )


def test_a_job_of_a_windows_machine_finds_its_files_here(tmp_path: Path) -> None:
    projects = tmp_path / "projects"
    (projects / "Show").mkdir(parents=True)
    (projects / "out" / "beauty").mkdir(parents=True)
    (projects / "Show" / "a b.blend").write_text("a scene")
    says = 'printf "note %s ocio %s mode %s" "$3" "$OCIO" "$MODE"'
    job = windows_job(tmp_path, 'cat "$1"; cp "$1" "$2/a.0001.exr"; ' + says)
    log = tmp_path / "task.log"
    end = run_task(
        job_from_json(job_to_json(job)),
        0,
        log=log,
        work_dir=tmp_path / "work",
        on_progress=lambda _percent, _message: None,
        cancelled=lambda: False,
    )
    assert end == TaskEnd("succeeded", 0, "")
    assert f"note P:\\a.blend ocio {projects}/config.ocio mode P:" in log.read_text()
    found = rendered_frames(projects / "out" / "beauty", "")
    assert [path.read_text() for _, path in found] == ["a scene"]
    assert map_path(str(found[0][1]), job.roots, "linux", "windows") == "\\\\nas\\out\\beauty\\a.0001.exr"


def test_only_paths_of_a_job_are_mapped_and_those_of_this_system_never(tmp_path: Path) -> None:
    job = windows_job(tmp_path, "")
    assert map_job(job, "linux").parameters["Note"] == "P:\\a.blend"
    assert map_job(job, "windows") is job
    assert map_job(replace(job, system=""), "linux").parameters == job.parameters


def test_a_request_of_a_windows_machine_is_prepared_here_and_told_by_its_root(tmp_path: Path) -> None:
    (tmp_path / "FG").mkdir()
    (tmp_path / "FG" / "a.blend").touch()
    settings = Settings.model_validate({"roots": {"projects": {"linux": tmp_path, "windows": Path("P:\\")}}})
    asked = RenderRequest(dcc="blender", scene="p:\\FG\\a.blend", output="P:/FG/out", frames="1-2")
    ground = build_ground(settings, tmp_path, None)
    made = prepare(asked, ground, job_id="j", farm="slurm", capabilities=LocalFarm.capabilities)
    assert (made.scene, made.output) == ("projects:FG/a.blend", "projects:FG/out")
    assert made.job.parameters["Scene"] == str(tmp_path / "FG" / "a.blend")
    assert (made.job.system, made.job.roots["projects"]["windows"]) == ("linux", "P:\\")
    assert map_job(made.job, "windows").parameters["Output"] == "P:\\FG\\out"


@pytest.mark.parametrize("text", ["Q:\\FG\\a.blend", "P:\\..\\etc\\passwd", "\\\\nas\\other\\a", "P:FG", "P:\\a\0"])
def test_what_lies_in_no_root_of_any_system_is_refused(text: str, tmp_path: Path) -> None:
    folders = {"projects": {"linux": str(tmp_path), "windows": "P:\\"}}
    with pytest.raises(PathEscapes):
        place(text, Roots({"projects": tmp_path}, "here"), folders)


def test_a_path_that_only_this_system_can_have_is_no_other_systems() -> None:
    assert find_here("/nowhere/a", ROOTS) is None
    assert find_here("P:\\FG", ROOTS) == "/mnt/projects/FG"
