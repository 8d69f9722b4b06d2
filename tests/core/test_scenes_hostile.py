"""Whatever bytes a scene holds, it is read to its end: quickly, without an error, and never executed."""

from __future__ import annotations

import gzip
import struct
import subprocess
import tracemalloc
import zlib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onepiece_core.scenes.dependencies import find_dependencies
from onepiece_core.scenes.read import read_scene
from onepiece_core.scenes.windows import OVERLAP_BYTES, WINDOW_BYTES
from tests.benchmarks.scenes import write_maya, write_nuke
from tests.core.test_scenes import HOUDINI, MAYA, NUKE, USDA

KINDS = (".ma", ".mb", ".nk", ".hip", ".blend", ".usda")
PIECES = [
    b'\nfile -r "',
    b'\n\t-typ "mayaAscii" ',
    b'";',
    b'-type "string" "',
    b'-type "string" (',
    b'"a/b.exr"',
    b"\\",
    b'\\"',
    b"\nplaybackOptions -min ",
    b" -ast ",
    b"9" * 400,
    b"1e999",
    b"nan",
    b"-.-.",
    b"\nRoot {\n",
    b"\nversion 15.1\xba v2",
    b"\nRead {\n file ",
    b"}\n",
    b"\n fps ",
    b"@",
    b"@@@",
    b"a/b.usd@",
    b'"""',
    b"'",
    b"#",
    b"\nstartTimeCode = ",
    b"\0",
    b"\r\n",
    b"\xff\xfe",
    b"$HIP/",
    b".bgeo.sc",
    b".exr",
    b'"',
    b"\nfrange 1 2",
    b"\nfps 1/0",
    b"FOR4",
    b"FOR8",
    b"Maya",
    b"\xff\xff\xff\xff",
    b"STR ",
    b"BLENDER-v304",
    b"BLENDER17-01v0500",
    b"DNA1",
    b"SDNANAME",
    b"ENDB",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def iff(kind: bytes, *parts: bytes, group: bytes | None = None, wide: bool = False) -> bytes:
    """One chunk, or a group with its type; aligned as Maya does."""
    content = b"".join(parts)
    size = len(content) + (4 if group else 0)
    head = kind + (b"\0" * 4 + struct.pack(">Q", size) if wide else struct.pack(">I", size))
    align = 8 if wide else 4
    return head + (group or b"") + content + b"\0" * (-size % align)


def maya_binary(wide: bool) -> bytes:
    form = b"FOR8" if wide else b"FOR4"

    def text(name: bytes, value: bytes) -> bytes:
        return iff(b"STR ", name + b"\0\x20" + value + b"\0", wide=wide)

    head = iff(form, iff(b"VERS", b"2026", wide=wide), iff(b"TUNI", b"pal", wide=wide), group=b"HEAD", wide=wide)
    reference = iff(form, iff(b"FREF", b"/show/chair.ma\0more", wide=wide), group=b"FREF", wide=wide)
    options = b"playbackOptions -min 1 -max 9 -ast 1001 -aet 1100 "
    node = iff(
        form,
        iff(b"CREA", b"\0file1\0", wide=wide),
        text(b"ftn", b"sourceimages/wood.<UDIM>.exr"),
        iff(b"DBLE", b"t\0\0" + b"\1" * 8, wide=wide),
        text(b"cs", b"ACEScg"),
        text(b"b", options),
        group=b"RTFT",
        wide=wide,
    )
    return iff(form, head, reference, node, group=b"Maya", wide=wide)


@pytest.mark.parametrize("wide", [False, True])
def test_a_maya_binary_scene_tells_its_files_range_and_rate(tmp_path: Path, wide: bool):
    scene = tmp_path / "a.mb"
    scene.write_bytes(maya_binary(wide))
    facts = read_scene(scene)
    assert facts is not None
    assert (facts.version, facts.first, facts.last, facts.fps) == ("2026", 1001, 1100, Fraction(25))
    assert facts.references == ("/show/chair.ma", "sourceimages/wood.<UDIM>.exr")


@pytest.mark.parametrize("compress", [False, True])
def test_a_compressed_blender_file_tells_the_same(tmp_path: Path, compress: bool):
    scene = tmp_path / "a.blend"
    make = (
        "import bpy; s = bpy.context.scene; s.frame_start, s.frame_end = 1001, 1042; "
        f"bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r}, compress={compress})"
    )
    subprocess.run(["blender", "-b", "--factory-startup", "--python-expr", make], check=True, capture_output=True)
    assert (scene.read_bytes()[:4] == b"\x28\xb5\x2f\xfd") is compress
    facts = read_scene(scene)
    assert facts is not None
    assert (facts.first, facts.last) == (1001, 1042)
    if not compress:
        zipped = tmp_path / "old.blend"
        zipped.write_bytes(gzip.compress(scene.read_bytes()))
        assert read_scene(zipped) == facts
        cut = tmp_path / "cut.blend"
        cut.write_bytes(zipped.read_bytes()[:-100])
        assert read_scene(cut) is None


@QUICK
@given(st.sampled_from(KINDS), st.lists(st.sampled_from(PIECES) | st.binary(max_size=40), max_size=60).map(b"".join))
def test_pieces_of_scenes_in_any_order_are_survived(tmp_path: Path, kind: str, data: bytes):
    scene = tmp_path / f"a{kind}"
    scene.write_bytes(data)
    find_dependencies(scene)


def sample(kind: str) -> bytes:
    told = {".ma": MAYA.encode(), ".nk": NUKE.encode(), ".usda": USDA.encode(), ".hip": HOUDINI}
    return told.get(kind) or maya_binary(wide=True)


@QUICK
@given(
    st.sampled_from([".ma", ".nk", ".usda", ".hip", ".mb"]),
    st.integers(0, 2000),
    st.integers(0, 255),
    st.integers(0, 2000),
)
def test_a_scene_that_is_cut_or_flipped_is_survived(tmp_path: Path, kind: str, at: int, value: int, length: int):
    data = bytearray(sample(kind))
    data[at % len(data)] = value
    scene = tmp_path / f"a{kind}"
    scene.write_bytes(bytes(data[: length or len(data)]))
    find_dependencies(scene)


@pytest.fixture(scope="module")
def blend(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    scene = tmp_path_factory.mktemp("blend") / "a.blend"
    make = f"import bpy; bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r})"
    subprocess.run(["blender", "-b", "--factory-startup", "--python-expr", make], check=True, capture_output=True)
    return scene.read_bytes()


@settings(QUICK, max_examples=25)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=20), st.floats(0, 1))
def test_a_blender_file_that_is_cut_or_flipped_is_survived(
    tmp_path: Path, blend: bytes, flips: list[tuple[float, int]], length: float
):
    data = bytearray(blend)
    at_dna = data.rfind(b"DNA1")
    for where, value in flips:
        # Most of the file is data that nobody reads: half of the flips hit what describes it.
        at = int(where * len(data)) if value % 2 else at_dna + int(where * 4000)
        data[min(at, len(data) - 1)] = value
    scene = tmp_path / "a.blend"
    scene.write_bytes(bytes(data if length < 0.5 else data[: int(length * len(data))]))
    find_dependencies(scene)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "piece",
    [
        b'"',
        b"/",
        b"\n",
        b"\nfile -r",
        b'-type "string" (',
        b'-type "string" "',
        b'+""',
        b"@",
        b"@@@a",
        b'"""',
        b"\\",
        b"{",
        b"\nRead {\n",
        b"\nfile a",
        b".exr",
        b"/.exr",
        b"$HIP/a.exr ",
        b"\0",
        b"FOR8",
        b"%04d",
        b"playbackOptions",
    ],
)
def test_a_megabyte_of_the_same_takes_no_time(tmp_path: Path, kind: str, piece: bytes):
    """A pattern whose time grows with the square of a scene's size would sit here until the test's time is over."""
    scene = tmp_path / f"a{kind}"
    scene.write_bytes(piece * (1_000_000 // len(piece)))
    read_scene(scene)


@pytest.mark.parametrize("shift", [-70, -40, -20, -1, 0, 1, 30])
@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        (".ma", b'\nfile -r -ns "a"\n\t-typ "mayaAscii"\n\t\t"/x/a.ma";\n', "/x/a.ma"),
        (".ma", b'\n\tsetAttr ".ftn" -type "string" "/x/b.exr";\n', "/x/b.exr"),
        (".ma", b'\n\tsetAttr ".ftn" -type "string" (\n\t\t"/x/lo"\n\t\t+ "ng.exr");\n', "/x/long.exr"),
        (".nk", b"\nRead {\n inputs 0\n file /x/c.%04d.exr\n}\n", "/x/c.%04d.exr"),
        (".usda", b'\ndef "A" (references = @/x/d.usd@</A>) {}\n', "/x/d.usd"),
        (".hip", b'\nfile\t[ 0\tlocks=0 ]\t(\t"$HIP/my geo/e.$F4.bgeo.sc"\t)\n', "$HIP/my geo/e.$F4.bgeo.sc"),
        (".hip", b"\nfile\t[ 0\tlocks=0 ]\t(\t$HIP/geo/f.bgeo\t)\n", "$HIP/geo/f.bgeo"),
    ],
)
def test_what_lies_across_the_edge_of_a_window_is_found(
    tmp_path: Path, shift: int, kind: str, text: bytes, wanted: str
):
    edge = WINDOW_BYTES + shift
    scene = tmp_path / f"a{kind}"
    scene.write_bytes(b" " * edge + text + b" " * (WINDOW_BYTES + OVERLAP_BYTES + shift) + b"\n")
    facts = read_scene(scene)
    assert facts is not None
    assert facts.references == (wanted,)


@pytest.mark.parametrize(("write", "name"), [(write_maya, "a.ma"), (write_nuke, "a.nk")])
def test_memory_does_not_grow_with_the_scene(tmp_path: Path, write: object, name: str):
    peaks = []
    for size in (2 << 20, 12 << 20):
        scene = write(tmp_path / name, size)  # type: ignore[operator]
        tracemalloc.start()
        facts = read_scene(scene)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert facts is not None
        assert len(facts.references) > 10
    assert peaks[1] < peaks[0] + (1 << 20)


def test_one_line_of_many_megabytes_is_no_trouble(tmp_path: Path):
    scene = tmp_path / "a.ma"
    numbers = b"0.5 " * (4 << 20)
    scene.write_bytes(
        b'requires maya "2026";\n\tsetAttr ".vt" ' + numbers + b';\n\tsetAttr ".f" -type "string" "/x/a.exr";\n'
    )
    facts = read_scene(scene)
    assert facts is not None
    assert (facts.version, facts.references) == ("2026", ("/x/a.exr",))


def test_a_bomb_is_not_unpacked_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import onepiece_core.scenes.unpacked as unpacked

    monkeypatch.setattr(unpacked, "_MOST_BYTES", 8 << 20)
    scene = tmp_path / "a.blend"
    packer = zlib.compressobj(wbits=31)
    scene.write_bytes(b"".join(packer.compress(bytes(1 << 20)) for _ in range(16)) + packer.flush())
    assert read_scene(scene) is None


def test_a_reference_with_many_numbers_is_not_looked_for(tmp_path: Path):
    (tmp_path / ("1" * 200)).touch()
    scene = tmp_path / "a.nk"
    scene.write_text("\nRead {\n file ./" + "%d" * 60 + "x\n}\n")
    found = find_dependencies(scene)
    assert found is not None
    assert [one.is_there for one in found] == [None]
