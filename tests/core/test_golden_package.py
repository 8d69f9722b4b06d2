"""A package of the first release is read, verified and written for ever."""

from __future__ import annotations

from pathlib import Path

from onepiece_core.manifest.mhl import package_mhl
from onepiece_core.manifest.package import dump_manifest, load_manifest
from onepiece_core.verify import verify_folder

GOLDEN = Path(__file__).parents[1] / "golden/package-1/FG_ep010_sc02_0010_comp_v004"


def test_it_verifies() -> None:
    assert verify_folder(GOLDEN).findings == ()


def test_it_is_written_again_byte_for_byte() -> None:
    data = (GOLDEN / "manifest.json").read_bytes()
    manifest = load_manifest(data, where="golden")
    assert dump_manifest(manifest) == data
    for path, text in package_mhl(manifest, data).items():
        assert (GOLDEN / path).read_bytes() == text


def test_its_facts_are_understood() -> None:
    manifest = load_manifest((GOLDEN / "manifest.json").read_bytes(), where="golden")
    sequence = manifest.items[1]
    assert (sequence.first, sequence.last, sequence.frames, sequence.missing) == (1001, 1004, "1001-1002,1004", "1003")
    assert manifest.metadata == {"fps": 24, "notes": ["é", None]}
    assert manifest.version == 4
