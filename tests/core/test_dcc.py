"""Which DCCs are here, and which one opens a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from onepiece_core.dcc import Machine, find_dcc, find_dcc_for, find_installed, get_dcc
from onepiece_core.errors import DccUnknown


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("file", "dcc"),
    [
        ("lighting_v002.nk", "nuke"),
        ("lighting_v002.NK", "nuke"),
        ("free.nknc", "nuke"),
        ("anim.ma", "maya"),
        ("anim.mb", "maya"),
        ("fx.hip", "houdini"),
        ("fx.hiplc", "houdini"),
        ("fx.hipnc", "houdini"),
        ("model.blend", "blender"),
    ],
)
def test_a_scene_is_opened_by_the_dcc_of_its_extension(file: str, dcc: str):
    found = find_dcc_for(Path(file))
    assert found is not None
    assert found.name == dcc


@pytest.mark.parametrize("file", ["plate.exr", "notes", ".blend", "scene.blend1", "nk"])
def test_other_files_are_opened_by_none(file: str):
    assert find_dcc_for(Path(file)) is None


def test_a_dcc_is_found_by_its_name_in_any_case():
    assert get_dcc("Maya").label == "Maya"


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(DccUnknown) as caught:
        get_dcc("3dsmax")
    assert "maya, nuke, houdini, blender" in str(caught.value.report.hint)
    assert caught.value.report.context["known"] == ["maya", "nuke", "houdini", "blender"]


def test_path_comes_before_variables_and_usual_folders(tmp_path: Path):
    wrapper = program(tmp_path / "studio" / "maya")
    told = program(tmp_path / "told" / "bin" / "maya")
    usual = program(tmp_path / "usr/autodesk/maya2026/bin/maya")
    environ = {"PATH": str(wrapper.parent), "MAYA_LOCATION": str(tmp_path / "told")}

    order = []
    for gone in (wrapper, told, usual):
        found = find_dcc(get_dcc("maya"), Machine(environ, "linux", tmp_path))
        assert found is not None
        order.append((found.executable, found.found_by))
        gone.unlink()

    assert order == [(wrapper, "PATH"), (told, "MAYA_LOCATION"), (usual, "install folder")]
    assert find_dcc(get_dcc("maya"), Machine(environ, "linux", tmp_path)) is None


@pytest.mark.parametrize(
    ("dcc", "platform", "folders", "version"),
    [
        ("maya", "linux", "usr/autodesk/maya{}/bin/maya", ("2025", "2026")),
        ("nuke", "linux", "usr/local/Nuke{}/Nuke16.0", ("9.0v1", "15.1v3", "16.0v4")),
        ("houdini", "linux", "opt/hfs{}/bin/houdini", ("9.5.1", "20.5.445", "21.0.512")),
        ("blender", "linux", "opt/blender-{}/blender", ("3.6.9", "4.2.1")),
        ("maya", "darwin", "Applications/Autodesk/maya{}/Maya.app/Contents/bin/maya", ("2025", "2026")),
        ("nuke", "darwin", "Applications/Nuke{}/Nuke16.0v4.app/Contents/MacOS/Nuke16.0", ("15.1v3", "16.0v4")),
    ],
)
def test_of_several_versions_the_newest_is_taken(
    tmp_path: Path, dcc: str, platform: str, folders: str, version: tuple[str, ...]
):
    for one in version:
        program(tmp_path / folders.format(one))
    found = find_dcc(get_dcc(dcc), Machine({}, platform, tmp_path))
    assert found is not None
    assert found.executable == tmp_path / folders.format(version[-1])


def test_the_version_is_read_from_the_folder(tmp_path: Path):
    program(tmp_path / "opt/hfs21.0.512/bin/houdini")
    program(tmp_path / "usr/autodesk/maya2026/bin/maya")
    found = find_installed(Machine({}, "linux", tmp_path))
    assert [(one.dcc.name, one.version) for one in found] == [("maya", "2026"), ("houdini", "21.0.512")]


def test_windows_programs_are_found_below_program_files(tmp_path: Path):
    nuke = program(tmp_path / "Nuke16.0v4" / "Nuke16.0.exe")
    blender = program(tmp_path / "Blender Foundation" / "Blender 4.2" / "blender.exe")
    maya = program(tmp_path / "told" / "bin" / "maya.exe")
    environ = {"ProgramFiles": str(tmp_path), "MAYA_LOCATION": str(tmp_path / "told")}
    found = find_installed(Machine(environ, "win32"))
    assert [one.executable for one in found] == [maya, nuke, blender]


def test_nuke_is_found_on_path_under_its_versions_name(tmp_path: Path):
    program(tmp_path / "Nuke9.0")
    program(tmp_path / "Nuke16.0")
    (tmp_path / "Nuke17.0.desktop").touch(mode=0o755)
    found = find_dcc(get_dcc("nuke"), Machine({"PATH": str(tmp_path)}, "linux", tmp_path))
    assert found is not None
    assert found.executable == tmp_path / "Nuke16.0"


def test_a_file_that_cannot_be_run_is_no_program(tmp_path: Path):
    program(tmp_path / "bin" / "blender").chmod(0o644)
    folder = tmp_path / "opt/blender-4.2/blender"
    folder.mkdir(parents=True)
    environ = {"PATH": f"{tmp_path / 'bin'}:{tmp_path / 'not there'}"}
    assert find_dcc(get_dcc("blender"), Machine(environ, "linux", tmp_path)) is None
