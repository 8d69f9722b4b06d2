"""Scenes with their known facts: what applications write, kept as files, or made here byte by byte."""

from __future__ import annotations

import re
import struct
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onepiece_core.scenes.dependencies import find_dependencies
from onepiece_core.scenes.facts import SceneFacts
from onepiece_core.scenes.read import read_scene

FOLDER = Path(__file__).parents[1] / "golden" / "scenes"
NTSC_FILM = Fraction(24000, 1001)

GOLDEN = {
    "FG_ep010_sc02_0010_anim_v003.ma": SceneFacts(
        "maya",
        "2026",
        993,
        1032,
        NTSC_FILM,
        ("/shows/FG/assets/desk/tex/wood.<UDIM>.tx", "/shows/FG/assets/hero/rig/hero_rig_v012.ma"),
    ),
    # Of a later Maya than this was made for; references in references, tiles, frames, lists, edits, scripts.
    "FG ep010 0020 アニメ_v012.ma": SceneFacts(
        "maya",
        "2027",
        985,
        1064,
        Fraction(25),
        (
            "$SHOW/cache/crowd_v002.abc",
            "../assets/hero rig/hero_rig_v012.ma",
            "../assets/剣/sword_v003.mb",
            "D:\\tex\\skin new.tif",
            "cache/crowd_a.abc",
            "cache/crowd_b.abc",
            "plates/FG_ep010_0020_plate_v001.1001.exr",
            "sourceimages/sky ü.####.exr",
            "sourceimages/wood/wood.<UDIM>.exr",
        ),
    ),
    "FG_ep010_sc02_0010_comp_v004.nk": SceneFacts(
        "nuke",
        "16.0 v4",
        1001,
        1024,
        NTSC_FILM,
        ("/shows/FG/ep010/sc02/0010/plate/FG_ep010_sc02_0010_plate_v001.%04d.exr",),
    ),
    # A layout in XML before the root, a group, views, a configuration, an expression, a label that looks like a knob.
    "FG ep010 0020 合成_v007.nk": SceneFacts(
        "nuke",
        "17.0 v1",
        1001,
        1048,
        Fraction(25),
        (
            "/studio/luts/見た目.cube",
            "/studio/ocio/config v2.ocio",
            "[getenv SHOW]/geo/set.abc",
            "icons/note.####.png",
            "plates/my plate.%04d.exr",
            "plates/stereo.%V.%04d.exr",
        ),
    ),
    # The texts of the archive, with bytes of other members around them.
    "FG_ep010_0020_fx_v002.hip": SceneFacts(
        "houdini",
        "22.0.310",
        1001,
        1048,
        Fraction(25),
        (
            "$HIP/geo/my sim.$F4.bgeo.sc",
            "$HIP/tex/wood.<UDIM>.rat",
            "/shows/FG/ep010/0020/plates/プレート.$F4.exr",
            "/studio/otls/rig_v004.hda",
        ),
    ),
    # At signs in strings and comments are no assets.
    "FG ep010 0020 レイアウト_v003.usda": SceneFacts(
        "usd",
        "1.0",
        1001,
        1048,
        Fraction(25),
        (
            "../../assets/hero/hero.usd",
            "../../assets/セット/set.usd",
            "./layout v003.usda",
            "caches/crowd@v002.usdc",
            "textures/wood.<UDIM>.exr",
            "vdb/smoke.1001.vdb",
        ),
    ),
}
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_every_kept_scene_has_its_facts_written_down() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_kept_scene_tells_its_facts(name: str) -> None:
    assert read_scene(FOLDER / name) == GOLDEN[name]


@QUICK
@given(st.sampled_from(sorted(GOLDEN)), st.data())
def test_a_kept_scene_that_was_damaged_is_survived(tmp_path: Path, name: str, data: st.DataObject) -> None:
    content = (FOLDER / name).read_bytes()
    at, length = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 60))
    damaged = tmp_path / f"damaged{Path(name).suffix}"
    damaged.write_bytes(content[:at] + data.draw(st.binary(max_size=40)) + content[at + length :])
    find_dependencies(damaged)


# Blender, byte by byte: a file of 5.0 cannot be made by the Blender of this machine.

STRUCTURES: list[tuple[str, list[tuple[str, str]]]] = [
    ("ID", [("char", "name[66]")]),
    ("Library", [("ID", "id"), ("char", "filepath[1024]")]),
    ("Image", [("ID", "id"), ("char", "filepath[1024]"), ("PackedFile", "*packedfile")]),
    ("RenderData", [("int", "sfra"), ("int", "efra"), ("short", "frs_sec"), ("float", "frs_sec_base")]),
    ("Scene", [("ID", "id"), ("RenderData", "r")]),
]
SIZES = {"char": 1, "int": 4, "short": 2, "float": 4, "PackedFile": 0}


def blend(version: str, *, is_large: bool = False, order: str = "<", pointer_bytes: int = 8) -> bytes:
    """A file with a library, two images of which one is packed, and a scene."""
    size_of = dict(SIZES)
    for name, fields in STRUCTURES:
        size_of[name] = sum(field_bytes(kind, field, size_of, pointer_bytes) for kind, field in fields)
    scene = bytes(66) + struct.pack(f"{order}iihf", 1001, 1048, 24, 1.001)
    blocks = [(b"LI\0\0", 1, bytes(66) + text("//../assets/hero rig/剣.blend"))]
    for path, is_packed in (("//tex/wood.<UDIM>.exr", False), ("//tex/packed.png", True)):
        pointer = (b"\1" if is_packed else b"\0") * pointer_bytes
        blocks.append((b"IM\0\0", 2, bytes(66) + text(path) + pointer))
    blocks += [(b"DATA", 0, b"//not/used.png\0"), (b"SC\0\0", 4, scene), (b"DNA1", 0, dna(order, size_of))]
    mark = f"BLENDER17-01v{version}" if is_large else f"BLENDER{'-_'[pointer_bytes == 4]}{'vV'[order == '>']}{version}"
    layout = f"{order}4siQqq" if is_large else f"{order}4si{'Q' if pointer_bytes == 8 else 'I'}ii"

    def head(code: bytes, structure: int, size: int) -> bytes:
        return struct.pack(layout, code, *((structure, 1, size, 1) if is_large else (size, 1, structure, 1)))

    body = b"".join(head(code, structure, len(data)) + data for code, structure, data in blocks)
    return mark.encode() + body + head(b"ENDB", 0, 0)


def text(path: str) -> bytes:
    return path.encode().ljust(1024, b"\0")


def field_bytes(kind: str, name: str, size_of: dict[str, int], pointer_bytes: int) -> int:
    each = pointer_bytes if name.startswith("*") else size_of[kind]
    return each * (int(found[1]) if (found := re.search(r"\[(\d+)\]", name)) else 1)


def dna(order: str, size_of: dict[str, int]) -> bytes:
    names = sorted({name for _, fields in STRUCTURES for _, name in fields})
    kinds = list(size_of)

    def padded(data: bytes) -> bytes:
        return data + b"\0" * (-len(data) % 4)

    def texts(mark: bytes, told: list[str]) -> bytes:
        listed = b"".join(one.encode() + b"\0" for one in told)
        return padded(mark + struct.pack(f"{order}i", len(told)) + listed)

    made = padded(b"SDNA" + texts(b"NAME", names)) + texts(b"TYPE", kinds)
    made = padded(made + b"TLEN" + struct.pack(f"{order}{len(kinds)}h", *size_of.values()))
    made += b"STRC" + struct.pack(f"{order}i", len(STRUCTURES))
    for kind, fields in STRUCTURES:
        made += struct.pack(f"{order}hh", kinds.index(kind), len(fields))
        for inner, name in fields:
            made += struct.pack(f"{order}hh", kinds.index(inner), names.index(name))
    return made


@pytest.mark.parametrize(
    ("data", "version"),
    [
        pytest.param(blend("304"), "3.4", id="3.4"),
        pytest.param(blend("279", order=">", pointer_bytes=4), "2.79", id="2.79, big-endian, 32 bits"),
        pytest.param(blend("0500", is_large=True), "5.0", id="5.0"),
        pytest.param(blend("0702", is_large=True), "7.2", id="a version that is to come"),
    ],
)
def test_a_blender_file_of_any_version_tells_its_facts(tmp_path: Path, data: bytes, version: str) -> None:
    (tmp_path / "a.blend").write_bytes(data)
    used = ("//../assets/hero rig/剣.blend", "//tex/wood.<UDIM>.exr")
    assert read_scene(tmp_path / "a.blend") == SceneFacts("blender", version, 1001, 1048, NTSC_FILM, used)


@QUICK
@given(st.booleans(), st.integers(0, 9000), st.integers(0, 60), st.binary(max_size=40))
def test_a_blender_file_that_was_damaged_anywhere_is_survived(
    tmp_path: Path, is_large: bool, at: int, length: int, data: bytes
) -> None:
    content = blend("0500" if is_large else "304", is_large=is_large)
    (tmp_path / "a.blend").write_bytes(content[:at] + data + content[at + length :])
    find_dependencies(tmp_path / "a.blend")


# Maya's and Nuke's own way to write any text.

PATHS = st.builds(
    "{}/{}.{}".format,
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters='\0\n\r\t"'), max_size=20),
    st.text(st.sampled_from("ab %<>UDIM#é剣'()[]{};$"), min_size=1, max_size=12),
    st.sampled_from(["exr", "abc", "tx", "7z"]),
)
TEXTS = st.lists(
    st.sampled_from(['"', "\\", "/", "\n", "a.b", " ", "playbackOptions", '-type "string" "', "(", ";"])
    | st.text(max_size=8),
    max_size=12,
).map("".join)


def escaped(value: str) -> str:
    return (
        value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )


def is_path(value: str) -> bool:
    return "\n" not in value and re.search(r"[/\\][^/\\]*\.[A-Za-z0-9]{1,8}\Z", value) is not None


@QUICK
@given(st.lists(PATHS | TEXTS, max_size=25))
def test_the_texts_of_a_maya_scene_are_told_apart_whatever_is_in_them(tmp_path: Path, values: list[str]) -> None:
    values = [value.replace("\0", "") for value in values]
    lines = ['requires maya "2026";', 'createNode file -n "a";']
    lines += [f'\tsetAttr ".a{n}" -type "string" "{escaped(value)}";' for n, value in enumerate(values)]
    lines.append('\tsetAttr ".b" -type "string" "playbackOptions -min 1 -max 9 -ast 1 -aet 9 ";\n')
    (tmp_path / "a.ma").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    facts = read_scene(tmp_path / "a.ma")
    assert facts is not None
    wanted = {value for value in values if is_path(value)}
    assert {one.encode("utf-8", "surrogateescape") for one in facts.references} == {
        one.encode("utf-8", "surrogatepass") for one in wanted
    }
    assert (facts.first, facts.last) == (1, 9)


def in_tcl(value: str) -> str:
    return re.sub(r'(["\\\[\]$])', r"\\\1", value)


@QUICK
@given(st.lists(PATHS, max_size=25))
def test_the_files_of_a_nuke_script_are_told_whatever_is_in_their_names(tmp_path: Path, values: list[str]) -> None:
    nodes = "".join(f'Read {{\n inputs 0\n file "{in_tcl(value)}"\n}}\n' for value in values)
    (tmp_path / "a.nk").write_bytes(f"version 16.0 v4\n{nodes}".encode())
    facts = read_scene(tmp_path / "a.nk")
    assert facts is not None
    assert set(facts.references) == set(values)
