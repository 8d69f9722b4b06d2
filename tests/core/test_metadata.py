"""The metadata of a publish: JSON or key,value CSV, and nothing is guessed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onepiece_core.errors import InputMissing, MetadataInvalid
from onepiece_core.publish.metadata import load_metadata


def write(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def test_json_is_taken_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "m.json", b'\xef\xbb\xbf{"fps": 24, "nested": {"a": [1, null]}}')
    assert load_metadata(path) == {"fps": 24, "nested": {"a": [1, None]}}


@pytest.mark.parametrize(
    "data",
    [
        b"shot,0010\nnote,\"a, b\"\n",
        b"key,value\r\nshot,0010\r\nnote,\"a, b\"\r\n",
        b"\xef\xbb\xbfKey,Value\nshot,0010\n\nnote,\"a, b\"",
        "key,value\nshot,0010\nnote,\"a, b\"\n".encode("utf-16"),
    ],
)  # fmt: skip
def test_csv_keeps_its_texts(tmp_path: Path, data: bytes) -> None:
    assert load_metadata(write(tmp_path, "m.CSV", data)) == {"shot": "0010", "note": "a, b"}


def test_a_quoted_line_break_is_part_of_the_value(tmp_path: Path) -> None:
    assert load_metadata(write(tmp_path, "m.csv", b'note,"two\nlines"\n')) == {"note": "two\nlines"}


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("m.json", b"", "no sound JSON"),
        ("m.json", b"[]", "an array, not an object"),
        ("m.json", b'"x"', "a text, not an object"),
        ("m.json", b"null", "null, not an object"),
        ("m.json", b"5", "a number, not an object"),
        ("m.json", b'{"a": 1, "a": 2}', "'a' is there twice"),
        ("m.json", b'{"a": NaN}', "NaN"),
        ("m.json", b'{"a": Infinity}', "Infinity"),
        ("m.json", b'{"a": 1e999}', "too large"),
        ("m.json", b"{" * 10, "line 1"),
        ("m.json", b'{"a":' * 100_000, "nested too deeply"),
        ("m.json", b'{"a": "\xe9"}', "byte 7 is not UTF-8"),
        ("m.csv", b"", "no key at all"),
        ("m.csv", b"key,value\n", "no key at all"),
        ("m.csv", b"a,1\nb\n", "line 2: 1 cells"),
        ("m.csv", b"a,1,2\n", "line 1: 3 cells"),
        ("m.csv", b"a;1\n", "line 1: 1 cells"),
        ("m.csv", b"a,1\na,2\n", "line 2: the key 'a' is there twice"),
        ("m.csv", b",1\n", "the key is empty"),
        ("m.csv", b'a,"1\nb,2\n', "line 2"),
        ("m.csv", b"a,\xe9\n", "byte 2 is not UTF-8"),
        ("m.csv", b"a,\0\n", "NUL"),
    ],
)
def test_what_is_not_clear_is_refused_and_told(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    with pytest.raises(MetadataInvalid) as caught:
        load_metadata(write(tmp_path, name, data))
    assert told in str(caught.value)


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", Path("a\0b")):
        with pytest.raises(InputMissing):
            load_metadata(path)


def test_a_pipe_or_a_folder_is_no_metadata(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "pipe.json", tmp_path):
        with pytest.raises(MetadataInvalid):
            load_metadata(path)


def test_a_movie_named_by_mistake_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "huge.json", b"")
    os.truncate(path, 1 << 40)
    with pytest.raises(MetadataInvalid, match="larger"):
        load_metadata(path)
