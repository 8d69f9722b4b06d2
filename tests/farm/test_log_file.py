from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.farm.log_file import read_log_file


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "task.log"


@given(text=st.text(max_size=60), limit=st.integers(1, 9))
def test_parts_of_any_size_join_to_the_whole_log(log: Path, text: str, limit: int) -> None:
    log.write_bytes(text.encode(errors="replace"))
    told, offset, is_complete = "", 0, False
    while not is_complete:
        part = read_log_file(log, offset=offset, limit=limit, is_complete=True)
        assert part.offset == offset
        assert part.next_offset > offset or part.is_complete
        told, offset, is_complete = told + part.text, part.next_offset, part.is_complete
    assert told.encode() == log.read_bytes()


@given(text=st.text(max_size=60), cut=st.integers(0, 200))
def test_a_growing_log_is_never_cut_within_a_character(log: Path, text: str, cut: int) -> None:
    whole = text.encode(errors="replace")
    log.write_bytes(whole[:cut])
    first = read_log_file(log, offset=0, limit=1000, is_complete=False)
    log.write_bytes(whole)
    rest = read_log_file(log, offset=first.next_offset, limit=1000, is_complete=True)
    assert (first.text + rest.text).encode() == whole
    assert not first.is_complete


@given(text=st.text(max_size=60), back=st.integers(1, 80))
def test_a_negative_offset_gives_the_end(log: Path, text: str, back: int) -> None:
    whole = text.encode(errors="replace")
    log.write_bytes(whole)
    tail = read_log_file(log, offset=-back, limit=1000, is_complete=True)
    assert whole.endswith(tail.text.encode())
    assert len(whole) - tail.offset <= back
    assert len(whole) - tail.offset >= min(back, len(whole)) - 3
    assert tail.next_offset == len(whole)


def test_bytes_that_are_no_text_are_shown_and_passed(log: Path) -> None:
    log.write_bytes(b"Fra:1 \xff\xfe done\n")
    part = read_log_file(log, offset=0, limit=1000, is_complete=True)
    assert (part.text, part.next_offset) == ("Fra:1 \ufffd\ufffd done\n", 14)


def test_a_log_that_is_not_there_is_empty(log: Path) -> None:
    part = read_log_file(log.with_name("other.log"), offset=0, limit=10, is_complete=False)
    assert (part.text, part.next_offset, part.is_complete) == ("", 0, False)


def test_an_offset_beyond_the_end_gives_nothing(log: Path) -> None:
    log.write_bytes(b"abc")
    part = read_log_file(log, offset=100, limit=10, is_complete=True)
    assert (part.text, part.offset, part.next_offset, part.is_complete) == ("", 3, 3, True)
