"""Filters of a sync: what each pattern means."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onepiece_core.errors import UsageError
from onepiece_core.sync.filters import compile_filters

CASES = [
    # pattern, path, matches
    ("*.exr", "a.exr", True),
    ("*.exr", "deep/down/a.exr", True),
    ("*.exr", "a.exr.tmp", False),
    ("*.exr", "shots.exr/notes.txt", True),  # a matched folder means everything below
    ("wip", "sc02/wip/a.exr", True),
    ("wip", "sc02/wipe/a.exr", False),
    ("wip", "wip", True),
    ("sc02/*.exr", "sc02/a.exr", True),
    ("sc02/*.exr", "sc02/deep/a.exr", False),
    ("sc02/*.exr", "ep1/sc02/a.exr", False),
    ("sc02/**", "sc02/deep/a.exr", True),
    ("sc02/**", "sc02", False),
    ("**/a.exr", "a.exr", True),
    ("**/a.exr", "x/y/a.exr", True),
    ("sc02/**/a.exr", "sc02/a.exr", True),
    ("sc02/**/a.exr", "sc02/x/y/a.exr", True),
    ("sc02/**/a.exr", "sc03/a.exr", False),
    ("plates/**", "sc02/a.exr", True),  # the folder's own name in front
    ("plates/*.exr", "a.exr", True),
    ("plates/*.exr", "sc02/a.exr", False),
    ("plates/*.exr", "plates/a.exr", True),  # a folder of that name in the folder
    ("plates/", "anything", True),
    ("/a.exr", "a.exr", True),
    ("/a.exr", "sc02/a.exr", False),
    ("sc02/", "sc02/a.exr", True),
    ("**", "any/thing", True),
    ("a?.exr", "ab.exr", True),
    ("a?b", "a/b", False),
    ("a[0-9].exr", "a7.exr", True),
    ("a[!0-9].exr", "a7.exr", False),
    ("a[!0-9].exr", "ax.exr", True),
    ("a[!x]b/c", "a/b/c", False),
    ("a[", "a[", True),
    ("a[]]b", "a]b", True),
    ("A.exr", "a.exr", False),
    ("new\nline", "new\nline", True),
    ("*.exr", "new\nline/a.exr", True),
    ("a.exr", "aXexr", False),
]


@pytest.mark.parametrize(("pattern", "path", "matches"), CASES)
def test_a_pattern_means_what_the_manual_says(pattern: str, path: str, matches: bool):
    assert compile_filters([pattern], [], folder="plates").takes(path) is matches
    assert compile_filters([], [pattern], folder="plates").takes(path) is not matches


def test_exclude_always_wins():
    filters = compile_filters(["*.exr"], ["wip"])
    assert filters.takes("sc02/a.exr")
    assert not filters.takes("wip/a.exr")


def test_without_include_everything_goes_that_is_not_excluded():
    filters = compile_filters([], ["*.tmp"])
    assert filters.takes("a.mov")
    assert not filters.takes("a.tmp")


def test_an_excluded_folder_is_not_looked_into():
    filters = compile_filters(["*.exr"], ["wip", "sc02/old"])
    assert filters.drops_folder("sc03/wip")
    assert filters.drops_folder("sc02/old")
    assert not filters.drops_folder("sc02")


@pytest.mark.parametrize("pattern", ["", "a//b", "../x", "a/../b", "/", ".", "a/./b"])
def test_what_is_no_pattern_is_a_usage_error(pattern: str):
    with pytest.raises(UsageError):
        compile_filters([pattern], [])


def test_many_stars_do_not_hang():
    # Trying each way to share the name out among the stars would take longer than the universe has.
    assert not compile_filters(["*a" * 60 + "b"], []).takes("a" * 250)


# A second reading of the manual, name by name.
def means(pattern: str, path: str) -> bool:
    parts = path.split("/")
    if "/" not in pattern:
        return any(name_matches(pattern, part) for part in parts)
    shape = pattern.strip("/").split("/")
    return any(anchored(shape, parts[:count], is_whole=count == len(parts)) for count in range(1, len(parts) + 1))


def anchored(shape: list[str], parts: list[str], *, is_whole: bool) -> bool:
    if not shape:
        return not parts
    if shape[0] == "**":
        if len(shape) == 1:
            return bool(parts)
        return any(anchored(shape[1:], parts[skip:], is_whole=is_whole) for skip in range(len(parts) + 1))
    return bool(parts) and name_matches(shape[0], parts[0]) and anchored(shape[1:], parts[1:], is_whole=is_whole)


def name_matches(pattern: str, name: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern)


NAMES = st.text("ab.", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PARTS = st.one_of(st.text("ab.*?", min_size=1, max_size=4), st.sampled_from(["**", "[ab]", "[!a]*"]))
PATTERNS = (
    st.lists(PARTS, min_size=1, max_size=4)
    .filter(lambda parts: not any(part in (".", "..") for part in parts))
    .map("/".join)
)


@given(PATTERNS, PATHS)
def test_patterns_are_read_as_a_plain_reading_of_the_manual_reads_them(pattern: str, path: str):
    assert compile_filters([pattern], []).takes(path) is means(pattern, path)


@given(st.lists(PATTERNS, max_size=3), st.lists(PATTERNS, max_size=3), PATHS)
def test_what_goes_is_included_and_not_excluded(include: list[str], exclude: list[str], path: str):
    expected = (not include or any(means(one, path) for one in include)) and not any(
        means(one, path) for one in exclude
    )
    assert compile_filters(include, exclude).takes(path) is expected


@given(st.lists(PATTERNS, min_size=1, max_size=3), PATHS, NAMES)
def test_below_a_dropped_folder_nothing_is_taken(exclude: list[str], folder: str, name: str):
    filters = compile_filters([], exclude)
    if filters.drops_folder(folder):
        assert not filters.takes(f"{folder}/{name}")
