"""Scenes are read without their applications: what they use, and what of it is missing."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from onepiece_core.errors import InputMissing
from onepiece_core.scenes.dependencies import find_dependencies
from onepiece_core.scenes.read import read_scene
from tests.support.media import write_exr, write_png

MAYA = """//Maya ASCII 2026 scene
//Name: lighting_v002.ma
file -rdi 1 -ns "chair" -rfn "chairRN" -op "v=0;" -typ "mayaAscii" "C:/show/chair.ma";
file -r -ns "chair" -dr 1 -rfn "chairRN" -op "v=0;" -typ "mayaAscii"
\t\t "assets/chair \\"old\\".ma";
requires maya "2026";
requires "mtoa" "5.4.0";
currentUnit -l centimeter -a degree -t ntscf;
fileInfo "application" "maya";
createNode file -n "wood";
\tsetAttr ".ftn" -type "string" "sourceimages/wood.<UDIM>.exr";
\tsetAttr ".cs" -type "string" "ACEScg";
\tsetAttr ".b" -type "string" "playbackOptions -min 1001 -max 1050 -ast 993 -aet 1058 ";
createNode AlembicNode -n "sim";
\tsetAttr ".fn" -type "string" "$SHOW/cache/sim.abc";
"""

NUKE = """#! /opt/Nuke15.1v2/libnuke-15.1.2.so -nx
version 15.1 v2
Root {
 inputs 0
 name comp_v004.nk
 first_frame 1001
 last_frame 1100
 fps 23.976
}
Read {
 inputs 0
 file plates/bg.%04d.exr
 proxy ""
 first 1001
}
Read {
 file "[getenv SHOW]/fg.%04d.exr"
}
ReadGeo2 {
 file "geo/my model.abc"
}
Write {
 file renders/out.%04d.exr
}
"""

USDA = """#usda 1.0
(
    endTimeCode = 1100
    startTimeCode = 1001
    timeCodesPerSecond = 24
    subLayers = [
        @./anim.usda@,
        @@@./odd@name.usda@@@
    ]
)
# @comment.usda@
def "World" (references = @../assets/chair.usd@</chair>) {
    asset inputs:file = @textures/wood.<UDIM>.exr@
}
"""

HOUDINI = (
    b"0707070000\0\0.start\0fplayback -i on\nfps 25\nfrange 1001 1100\nset -g _HIP_SAVEVERSION = '20.5.278'\n"
    b'parm {\nfile [ 0 locks=0 ]\t( "$HIP/geo/sim.$F4.bgeo.sc" )\n}\nmap ( /show/tex/wood.rat ) /opt/hfs20.5/x.hda\0'
)


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def told(scene: Path) -> dict[str, bool | None]:
    found = find_dependencies(scene)
    assert found is not None
    return {each.path: each.is_there for each in found}


def test_a_maya_scene_tells_its_files_range_and_rate(tmp_path: Path) -> None:
    scene = write(tmp_path / "scenes/lighting_v002.ma", MAYA)
    write(tmp_path / "sourceimages/wood.1001.exr", "x")
    facts = read_scene(scene)
    assert facts is not None
    assert (facts.version, facts.first, facts.last, facts.fps) == ("2026", 993, 1058, Fraction(60))
    assert told(scene) == {
        "C:/show/chair.ma": None,
        'assets/chair "old".ma': False,
        "sourceimages/wood.<UDIM>.exr": True,
        "$SHOW/cache/sim.abc": None,
    }


def test_a_nuke_script_tells_what_it_reads_and_not_what_it_writes(tmp_path: Path) -> None:
    scene = write(tmp_path / "comp_v004.nk", NUKE)
    write_exr(write(tmp_path / "plates/bg.1001.exr", "x"))
    facts = read_scene(scene)
    assert facts is not None
    assert (facts.version, facts.first, facts.last, facts.fps) == ("15.1 v2", 1001, 1100, Fraction(24000, 1001))
    assert told(scene) == {
        "plates/bg.%04d.exr": True,
        "[getenv SHOW]/fg.%04d.exr": None,
        "geo/my model.abc": False,
    }


def test_a_usd_layer_tells_its_layers_and_assets(tmp_path: Path) -> None:
    scene = write(tmp_path / "shot/shot.usda", USDA)
    write(tmp_path / "shot/anim.usda", "#usda 1.0")
    facts = read_scene(scene)
    assert facts is not None
    assert (facts.version, facts.first, facts.last, facts.fps) == ("1.0", 1001, 1100, Fraction(24))
    assert told(scene) == {
        "./anim.usda": True,
        "./odd@name.usda": False,
        "../assets/chair.usd": False,
        "textures/wood.<UDIM>.exr": False,
    }


def test_a_houdini_scene_tells_what_looks_like_a_file(tmp_path: Path) -> None:
    scene = write(tmp_path / "fx_v001.hip", HOUDINI)
    write(tmp_path / "geo/sim.1001.bgeo.sc", "x")
    facts = read_scene(scene)
    assert facts is not None
    assert (facts.version, facts.first, facts.last, facts.fps) == ("20.5.278", 1001, 1100, Fraction(25))
    assert told(scene) == {"$HIP/geo/sim.$F4.bgeo.sc": True, "/show/tex/wood.rat": False}


def test_a_real_blender_file_tells_its_libraries_images_and_range(tmp_path: Path) -> None:
    write_png(tmp_path / "there.png")
    write_png(tmp_path / "gone.png")
    write_png(tmp_path / "packed.png")
    make = f"""
import bpy
bpy.ops.wm.save_as_mainfile(filepath={str(tmp_path / "library.blend")!r})
bpy.ops.wm.read_factory_settings()
bpy.ops.wm.save_as_mainfile(filepath={str(tmp_path / "scene.blend")!r}, compress=False)
with bpy.data.libraries.load({str(tmp_path / "library.blend")!r}, link=True, relative=True) as (there, here):
    here.objects = ["Cube"]
for name in ("there", "gone", "packed"):
    image = bpy.data.images.load("{tmp_path}/" + name + ".png")
    image.use_fake_user = True
    image.filepath = "//" + name + ".png"
    if name == "packed":
        image.pack()
scene = bpy.context.scene
scene.frame_start, scene.frame_end, scene.render.fps, scene.render.fps_base = 1001, 1048, 24, 1.001
for linked in here.objects:
    scene.collection.objects.link(linked)
bpy.ops.wm.save_mainfile(compress=False)
"""
    subprocess.run(
        ["blender", "--background", "--factory-startup", "--python-expr", make],
        check=True,
        capture_output=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": str(tmp_path / "config")},
    )
    (tmp_path / "gone.png").unlink()
    (tmp_path / "packed.png").unlink()
    facts = read_scene(tmp_path / "scene.blend")
    assert facts is not None
    assert (facts.application, facts.first, facts.last, facts.fps) == ("blender", 1001, 1048, Fraction(24000, 1001))
    assert told(tmp_path / "scene.blend") == {"//library.blend": True, "//there.png": True, "//gone.png": False}
    damaged = (tmp_path / "scene.blend").read_bytes()[:-1000]
    assert read_scene(write(tmp_path / "cut.blend", damaged)) is None


@pytest.mark.parametrize("name", ["a.mb", "a.max", "a.blend", "a.usdc"])
def test_a_scene_that_only_its_application_reads_is_not_guessed(tmp_path: Path, name: str) -> None:
    assert find_dependencies(write(tmp_path / name, b"\x28\xb5\x2f\xfd and noise")) is None


@pytest.mark.parametrize("name", ["a.ma", "a.nk", "a.usda", "a.hip"])
def test_noise_has_no_dependencies(tmp_path: Path, name: str) -> None:
    assert find_dependencies(write(tmp_path / name, bytes(range(256)) * 40)) in ((), None)


def test_a_scene_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        read_scene(tmp_path / "a.ma")
