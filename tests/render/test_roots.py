"""Paths of jobs on machines of other systems, there and back."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath
from typing import Any

import pytest

from onepiece_core.config.models import Settings
from onepiece_core.farm.job import FarmJob
from onepiece_core.render.roots import as_openjd_rules, map_job, map_path, mapping_rules

SETTINGS = Settings.model_validate(
    {
        "roots": {
            "projects": {"linux": Path("/mnt/projects"), "windows": Path("P:\\"), "macos": Path("/Volumes/projects")},
            "textures": {"linux": Path("/mnt/projects/lib"), "windows": Path("T:\\lib")},
            "here": {"linux": Path("/here")},
        }
    }
)


@pytest.mark.parametrize(
    ("source", "text", "target", "mapped"),
    [
        ("windows", "P:\\FG\\a.blend", "linux", "/mnt/projects/FG/a.blend"),
        ("windows", "p:/FG/a.blend", "linux", "/mnt/projects/FG/a.blend"),
        ("linux", "/mnt/projects/FG/a.exr", "windows", "P:\\FG\\a.exr"),
        ("linux", "/mnt/projects/lib/a.tx", "windows", "T:\\lib\\a.tx"),
        ("linux", "/mnt/projectsX/a", "windows", "/mnt/projectsX/a"),
        ("linux", "/mnt/projects/../etc", "windows", "/mnt/projects/../etc"),
        ("linux", "/here/a", "windows", "/here/a"),
        ("macos", "/Volumes/projects/a", "linux", "/mnt/projects/a"),
        ("linux", "/mnt/projects/a", "linux", "/mnt/projects/a"),
    ],
)
def test_a_path_of_one_system_is_found_on_another(source: Any, text: str, target: Any, mapped: str) -> None:
    assert map_path(text, SETTINGS, source, target) == mapped


def test_a_frame_is_found_again_after_the_way_there_and_back() -> None:
    there = map_path("/mnt/projects/FG/sc 02/ä.0001.exr", SETTINGS, "linux", "windows")
    assert map_path(there, SETTINGS, "windows", "linux") == "/mnt/projects/FG/sc 02/ä.0001.exr"


def test_the_rules_are_what_openjd_takes() -> None:
    rules = as_openjd_rules(mapping_rules(SETTINGS, "windows", "linux"))
    assert [rule.source_path for rule in rules] == [PureWindowsPath("T:\\lib"), PureWindowsPath("P:\\")]
    assert rules[1].apply(path="P:\\FG\\a.exr") == (True, "/mnt/projects/FG/a.exr")


def test_only_paths_of_a_job_are_mapped() -> None:
    definitions = [{"name": "Scene", "type": "PATH"}, {"name": "Note", "type": "STRING"}]
    values = {"Scene": "P:\\a.blend", "Note": "P:\\a.blend"}
    job = FarmJob("j", "j", {"parameterDefinitions": definitions}, values, ("1-1",), Path("/"))
    assert map_job(job, SETTINGS, "windows", "linux").parameters == {
        "Scene": "/mnt/projects/a.blend",
        "Note": "P:\\a.blend",
    }
