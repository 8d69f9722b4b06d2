"""Vendors' manifests: what is sound is read, what is damaged is refused with its line, nothing escapes untyped."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onepiece_core.errors import ConfigError, ManifestError, OnePieceError
from onepiece_core.ingest.model import Expected
from onepiece_core.manifest.drop_cells import COLUMNS
from onepiece_core.manifest.drop_manifest import DropManifest, load_manifest, read_manifest
from onepiece_core.manifest.drop_mapping import Mapping, load_mapping
from onepiece_core.paths import check_relative

HEAD = ",".join(COLUMNS)
CSV_ROW = "FG,ep010,sc02,0010,comp,4,/srv/vendor/shot.mov,FG_ep010_sc02_0010_comp_v004.mov,"
ENTRY: dict[str, Any] = {
    "show": "FG",
    "episode": "ep010",
    "scene": "sc02",
    "shot": "0010",
    "asset": "comp",
    "version": 4,
    "source_path": "/srv/vendor/shot.mov",
    "delivery_path": "FG_ep010_sc02_0010_comp_v004.mov",
}


def as_csv(text: str, mapping: Mapping | None = None) -> DropManifest:
    return read_manifest(text.encode(), is_json=False, where="list.csv", mapping=mapping)


def as_json(text: str, mapping: Mapping | None = None) -> DropManifest:
    return read_manifest(text.encode(), is_json=True, where="list.json", mapping=mapping)


def one(manifest: DropManifest) -> Expected:
    (entry,) = manifest.entries
    assert entry.expected is not None, entry.problems
    return entry.expected


def codes(manifest: DropManifest) -> list[set[str]]:
    return [{problem.code for problem in entry.problems} for entry in manifest.entries]


def test_the_missions_own_row_is_read() -> None:
    manifest = as_csv(f"{HEAD}\n{CSV_ROW}md5:deadbeef\n")
    expected = one(manifest)
    assert (expected.show, expected.sequence, expected.shot, expected.version) == ("FG", "sc02", "0010", 4)
    assert (expected.delivery_path, expected.line) == ("FG_ep010_sc02_0010_comp_v004.mov", 2)
    assert expected.checksum is None
    assert codes(manifest) == [{"checksum.length"}]
    assert not manifest.entries[0].is_refused


@pytest.mark.parametrize("name", ["files", "deliveries"])
def test_both_forms_of_json_are_read_with_their_lines(name: str) -> None:
    text = json.dumps({"generated": "today", name: [ENTRY, {**ENTRY, "delivery_path": "b.mov"}]}, indent=1)
    manifest = as_json(text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "{" and number > 1]
    assert [entry.line for entry in manifest.entries] == lines
    assert [entry.problems for entry in manifest.entries] == [[], []]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_marks_at_the_start_tell_the_encoding(encoding: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    data = (mark + f"{HEAD}\n{CSV_ROW}\n").encode(encoding)
    assert one(read_manifest(data, is_json=False, where="x")).show == "FG"
    data = (mark + json.dumps({"files": [ENTRY]})).encode(encoding)
    assert one(read_manifest(data, is_json=True, where="x")).show == "FG"


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_ends_of_lines_are_found_out(delimiter: str, end: str) -> None:
    text = end.join((HEAD, CSV_ROW, "", ",,,,,,,,", CSV_ROW.replace(".mov,", ".exr,"))).replace(",", delimiter)
    assert [entry.line for entry in as_csv(text).entries] == [2, 5]


def test_cp1252_is_refused_with_the_offset_of_its_byte() -> None:
    data = f"{HEAD}\n{CSV_ROW}".encode() + "é".encode("cp1252")
    with pytest.raises(ManifestError) as caught:
        read_manifest(data, is_json=False, where="x.csv")
    assert caught.value.report.context["offset"] == len(data) - 1
    assert caught.value.report.context["line"] == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        (f"{HEAD}\n", "0 entries"),
        ("a,b\n1,2\n", "the header lacks show, version, delivery_path"),
        (f"{HEAD},Show\n{CSV_ROW}x\n", "'show' is there twice"),
        (f'{HEAD}\n"FG,ep010\n{CSV_ROW}\n', "line 2: a quote that never ends"),
        (f'{HEAD}\n{CSV_ROW}\n"a"b,c\n', "line 3"),
        (f"{HEAD}\n{'x' * 200_000}\n", "line 2"),
    ],
)
def test_a_damaged_csv_refuses_itself(text: str, told: str) -> None:
    with pytest.raises(ManifestError, match=told):
        as_csv(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the root is no object"),
        ("[]", "the root is no object"),
        ("null", "the root is no object"),
        ("{}", "neither `files` nor `deliveries`"),
        ('{"files": []}', "0 entries"),
        ('{"files": {}}', "'files' is no list"),
        ('{"files": [], "deliveries": []}', "both"),
        ('{"files": [], "files": []}', "the key 'files' is there twice"),
        ('{"total": NaN, "files": [{}]}', "NaN is no number"),
        ('{"total": 1e999, "files": [{}]}', "1e999 is no number"),
        ('{"files": [{}', "line 1, column 14"),
        ('{"files": [{},]}', "Expecting value"),
        ('{"files": [{}]} x', "text behind the root"),
        ('{1: 2}', "a key is no text"),
        ('{"a" 2}', "':' is missing"),
        ("[" * 100_000, "the root is no object"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"files": [' + "[" * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_a_damaged_json_refuses_itself(text: str, told: str) -> None:
    with pytest.raises(ManifestError, match=told):
        as_json(text)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("FG,ep010", "row.short"),
        (CSV_ROW + ",more", "row.long"),
        (CSV_ROW.replace(",4,", ",,"), "row.value"),
        (CSV_ROW.replace(",4,", ",4.5,"), "row.version"),
        (CSV_ROW.replace(",4,", ",0,"), "row.version"),
        (CSV_ROW.replace(",4,", ",12345,"), "row.version"),
        (CSV_ROW.replace("0010,comp", "1.23E+10,comp"), "row.excel_damaged"),
        (CSV_ROW.replace("ep010,", "10-Mar,"), "row.excel_damaged"),
        (CSV_ROW.replace("ep010,", "Oct-03,"), "row.excel_damaged"),
        (CSV_ROW.replace("FG_ep010_sc02_0010_comp_v004.mov", '"a\nb.mov"'), "row.path"),
        (CSV_ROW.replace("FG_ep010", "../FG_ep010"), "row.path"),
        (CSV_ROW + "sha1:zz", "checksum.invalid"),
        (CSV_ROW + "md5:" + "0" * 31, "checksum.length"),
        (CSV_ROW + "crc33:00", "checksum.unknown"),
        (CSV_ROW + "0" * 32, "checksum.ambiguous"),
        (CSV_ROW.replace("comp", "=comp", 1), "row.formula"),
    ],
)  # fmt: skip
def test_a_damaged_row_refuses_itself_alone(row: str, code: str) -> None:
    manifest = as_csv(f"{HEAD}\n{row}\n{CSV_ROW.replace('v004.mov', 'v005.mov')}\n")
    assert codes(manifest) == [{code}, set()]
    assert manifest.entries[0].line == 2


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("[]", "row.value"),
        ("7", "row.value"),
        ('{"show": "FG", "show": "FX"}', "row.duplicate_key"),
        ('{"show": NaN}', "row.number"),
        ('{"version": 1e999}', "row.number"),
        ('{"version": ' + "9" * 5000 + "}", "row.number"),
        ('{"show": "\\ud800"}', "row.text"),
        (json.dumps({**ENTRY, "version": True}), "row.value"),
        (json.dumps({**ENTRY, "version": 4.0}), "row.value"),
        (json.dumps({**ENTRY, "version": "4_0"}), "row.version"),
        (json.dumps({**ENTRY, "shot": 10}), "row.value"),
        (json.dumps({**ENTRY, "delivery_path": None}), "row.path"),
        (json.dumps({**ENTRY, "colour": "red"}), "row.unknown_field"),
    ],
)
def test_a_damaged_entry_refuses_itself_alone(entry: str, code: str) -> None:
    manifest = as_json(f'{{"files": [\n{entry},\n{json.dumps({**ENTRY, "delivery_path": "b.mov"})}]}}')
    assert codes(manifest) == [{code}, set()]
    assert [each.line for each in manifest.entries] == [2, 3]


@pytest.mark.parametrize("version", ["4", "004", "v004", " 4 "])
def test_a_version_may_be_written_as_people_write_it(version: str) -> None:
    assert one(as_csv(f"{HEAD}\n{CSV_ROW.replace(',4,', f',{version},')}\n")).version == 4


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("MD5:" + "AB" * 16, ("md5", "ab" * 16)),
        ("xxh64:" + "0" * 16, ("xxh64", "0" * 16)),
        ("sha-256=" + "0" * 64, ("sha256", "0" * 64)),
        ("0" * 40, ("sha1", "0" * 40)),
        ("0" * 64, ("sha256", "0" * 64)),
    ],
)
def test_checksums_are_read_in_the_ways_that_people_write_them(text: str, read: tuple[str, str]) -> None:
    assert one(as_csv(f"{HEAD}\n{CSV_ROW}{text}\n")).checksum == read


def test_an_unknown_column_is_told_and_kept() -> None:
    manifest = as_csv(f"{HEAD},Mood\n{CSV_ROW},good\n")
    assert [problem.code for problem in manifest.problems] == ["manifest.column"]
    assert one(manifest).more["Mood"] == "good"


def test_a_mapping_reads_other_columns(tmp_path: Path) -> None:
    preset = tmp_path / "vendor.toml"
    preset.write_text(
        '[columns]\ndelivery_path = ["Folder", "File"]\nversion = "V"\nchecksum = "Sum"\n[values]\nshow = "FG"\n'
        '[options]\nchecksum_algorithm = "md5"\nunknown = "keep"\n',
        encoding="utf-8",
    )
    mapping = load_mapping(str(preset))
    expected = one(as_csv(f"Folder;File;V;Sum;Mood\n/out/;a.mov;v7;{'0' * 32};good\n", mapping))
    assert (expected.delivery_path, expected.version, expected.show) == ("out/a.mov", 7, "FG")
    assert expected.checksum == ("md5", "0" * 32)
    assert expected.more == {"Mood": "good"}


def test_the_netflix_sheet_is_read() -> None:
    text = "Filename,Relative Path,Link,Task,Submitting For,Description\nA_%04d.exr,plates,L,comp,WIP,first\n"
    expected = one(as_csv(text, load_mapping("netflix")))
    assert (expected.delivery_path, expected.more["description"]) == ("plates/A_%04d.exr", "first")


@pytest.mark.parametrize("text", ["[columns]\ncolour = 'x'", "x", "[options]\nchecksum_algorithm = 'crc33'", "[more]"])
def test_an_unsound_mapping_is_named(text: str, tmp_path: Path) -> None:
    preset = tmp_path / "vendor.toml"
    preset.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="vendor"):
        load_mapping(str(preset))
    with pytest.raises(ConfigError, match="nobody") as caught:
        load_mapping("nobody")
    assert "netflix" in str(caught.value.report.hint)


def read_or_refuse(data: bytes, *, is_json: bool) -> DropManifest | None:
    """What every input must lead to: entries whose paths are safe, or an error of ours."""
    try:
        manifest = read_manifest(data, is_json=is_json, where="x")
    except OnePieceError as error:
        error.report.model_dump_json()
        return None
    for entry in manifest.entries:
        assert entry.expected is not None or entry.is_refused
        assert entry.line >= 1
        for problem in entry.problems:
            problem.model_dump_json()
            assert problem.message.isprintable()
        if entry.expected is not None:
            assert check_relative(entry.expected.delivery_path)
            assert 0 <= entry.expected.version <= 9999
            assert entry.expected.version or entry.is_refused
    return manifest


CELLS = st.one_of(
    st.sampled_from(
        ["", "FG", "Fg", "ep010", "0010", "10", "1E5", "3-Oct", "4", "004", "v4", "-1", "=1+1", "../x", "a\nb"]
    ),
    st.sampled_from(
        ["C:\\x", "//x", "~/x", "$HOME", "\0", "\ud800", "\ufeff", '"', "md5:00", "é", "e\u0301", "x" * 300]
    ),
    st.text(max_size=20),
)
VALUES = st.recursive(
    st.one_of(CELLS, st.none(), st.booleans(), st.integers(), st.floats()),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(CELLS, below, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_bring_an_untyped_error(data: bytes, is_json: bool) -> None:
    read_or_refuse(data, is_json=is_json)
    read_or_refuse(f"{HEAD}\n".encode() + data, is_json=False)
    read_or_refuse(b'{"files": [' + data + b"]}", is_json=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=11), max_size=4))
def test_no_cells_bring_an_untyped_error(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([list(COLUMNS), *rows])
    read_or_refuse(stream.getvalue().encode("utf-8", "surrogatepass"), is_json=False)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.dictionaries(st.sampled_from([*COLUMNS, "frames", "x"]), VALUES), VALUES), max_size=4))
def test_no_values_bring_an_untyped_error(entries: list[Any]) -> None:
    read_or_refuse(json.dumps({"files": entries}).encode(), is_json=True)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from(COLUMNS[1:5]), st.from_regex(r"[a-z][a-z]{0,8}", fullmatch=True)),
    st.integers(1, 9999),
)
def test_what_is_written_in_csv_and_json_is_read_alike(codes: dict[str, str], version: int) -> None:
    entry = {**ENTRY, **codes, "version": str(version)}
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    writer.writerow(entry)
    from_csv, from_json = one(as_csv(stream.getvalue())), one(as_json(json.dumps({"files": [entry]})))
    assert (from_csv.episode, from_csv.shot, from_csv.version) == (entry["episode"], entry["shot"], version)
    assert from_csv.delivery_path == from_json.delivery_path
    assert (from_csv.asset, from_csv.sequence) == (from_json.asset, from_json.sequence)


def generated(number: int) -> tuple[str, bytes]:
    """A manifest of up to six rows in which up to three things were damaged, by its number."""
    chance = random.Random(number)
    entries = [
        {**ENTRY, "delivery_path": f"shot_{row}_v004.mov", "checksum": ""} for row in range(chance.randint(0, 6))
    ]
    for _ in range(chance.randint(0, 3)):
        if entries:
            bad = chance.choice(
                ["", "1E5", "../x", "a\nb", '"', "\0", "=1", "4.0", "é", "x" * 300, "C:\\x", "md5:zz", None, 7]
            )
            chance.choice(entries)[chance.choice(COLUMNS)] = bad
    if number % 2:
        data = json.dumps({chance.choice(["files", "deliveries"]): entries}, ensure_ascii=chance.random() < 0.5)
    else:
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, COLUMNS, delimiter=chance.choice(",;\t"))
        writer.writeheader()
        writer.writerows(entries)
        data = stream.getvalue()
    raw = bytearray(data.encode(chance.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]), "replace"))
    for _ in range(chance.choice([0, 0, 1, 3])):
        if raw:
            place = chance.randrange(len(raw))
            raw[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
    return ("json" if number % 2 else "csv"), bytes(raw)


def test_two_thousand_generated_manifests_bring_no_untyped_error(tmp_path: Path) -> None:
    read = 0
    for number in range(2000):
        kind, data = generated(number)
        path = tmp_path / f"list.{kind}"
        path.write_bytes(data)
        read += read_or_refuse(data, is_json=kind == "json") is not None
        if number % 50 == 0:
            try:
                load_manifest(path)
            except OnePieceError as error:
                assert error.report.code.startswith("manifest.")  # noqa: PT017 - both ways are right
    assert 500 < read < 1900, "the generator makes both kinds"
