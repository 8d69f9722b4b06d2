"""Large scenes for measurements, made of what their applications write."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

_HEAD = b"""//Maya ASCII 2026 scene
file -rdi 1 -ns "c" -rfn "cRN" -op "v=0;" -typ "mayaAscii" "/show/assets/c.ma";
file -r -ns "c" -dr 1 -rfn "cRN" -op "v=0;" -typ "mayaAscii"
\t\t "/show/assets/c.ma";
requires maya "2026";
currentUnit -l centimeter -a degree -t film;
"""
_MESH = """createNode transform -n "grp%d";
\trename -uid "9C6F6F1B-4E6C-4E0F-9A9E-%012d";
\tsetAttr ".t" -type "double3" 1.5 2 3 ;
createNode mesh -n "shape%d" -p "grp%d";
\tsetAttr -k off ".v";
\tsetAttr ".uvst[0].uvsn" -type "string" "map1";
\tsetAttr -s 5000 ".vt[0:4999]"
"""
_TEXTURE = """createNode file -n "file%d";
\tsetAttr ".ftn" -type "string" "/show/tex/wood_%d.<UDIM>.exr";
\tsetAttr ".cs" -type "string" "ACEScg";
"""
_TAIL = b"""createNode script -n "sceneConfigurationScriptNode";
\tsetAttr ".b" -type "string" "playbackOptions -min 1001 -max 1050 -ast 993 -aet 1058 ";
// End of big.ma
"""


def write_maya(path: Path, size_bytes: int, *, lines_of_numbers: int = 1000) -> Path:
    """A scene of meshes and their textures; with few lines of numbers its texts stand close together."""
    chance = random.Random(3)
    points = [_line(chance).encode() for _ in range(5000)]
    with path.open("wb") as file:
        file.write(_HEAD)
        for number in _counted():
            if file.tell() >= size_bytes:
                break
            file.write((_MESH % ((number,) * 4)).encode())
            at = chance.randrange(4000)
            file.writelines(points[at : at + lines_of_numbers])
            file.write(b";\n" + (_TEXTURE % (number, number % 500)).encode())
        file.write(_TAIL)
    return path


def write_nuke(path: Path, size_bytes: int) -> Path:
    """A script of many reads, blurs and writes."""
    with path.open("w") as file:
        file.write("version 15.1 v2\nRoot {\n inputs 0\n first_frame 1001\n last_frame 1100\n fps 24\n}\n")
        for number in _counted():
            if file.tell() >= size_bytes:
                break
            file.write(
                f"Read {{\n inputs 0\n file /show/plates/bg_{number % 900}.%04d.exr\n first 1001\n last 1100\n"
                f" origfirst 1001\n name Read{number}\n xpos {number}\n ypos -12\n}}\n"
                f"Blur {{\n size {{{{curve x1001 0 x1100 {number}}}}}\n name Blur{number}\n xpos 1\n ypos 2\n}}\n"
                f"Write {{\n file /show/out/{number}.%04d.exr\n file_type exr\n name Write{number}\n}}\n"
            )
    return path


def _line(chance: random.Random) -> str:
    return "\t\t" + " ".join(f"{chance.uniform(-50, 50):.8g}" for _ in range(12)) + "\n"


def _counted() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number
