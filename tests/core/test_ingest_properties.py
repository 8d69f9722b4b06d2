"""Whatever a drop is called: every entry stands once, nothing outside is touched, no error is untyped."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from onepiece_core.checksums import Stamp
from onepiece_core.context import Context, Convention
from onepiece_core.errors import NameInvalid, PathEscapes
from onepiece_core.ingest.items import sort_items
from onepiece_core.ingest.model import DropFile
from onepiece_core.ingest.names import read_name, view_of
from onepiece_core.ingest.scan import scan_drop
from onepiece_core.naming import portable_problem, portable_reason, split_version
from onepiece_core.paths import contained
from tests.core.drops import plan

# One part of a path as Linux takes it: any bytes but these two.
PARTS = st.one_of(
    st.sampled_from(
        ["a.1001.exr", "a.1002.exr", "a.01002.exr", "A.1001.exr", "a_v001.mov", "x.25.1001.vdb", "..exr", "-1.exr"]
    ),
    st.sampled_from(
        ["con", "a ", "b.", "a\nb.exr", "\x1b[2J", "é", "e\u0301", "\udcff", "notes.txt", "x.zip", ".DS_Store"]
    ),
    st.binary(min_size=1, max_size=40).map(os.fsdecode),
    st.from_regex(r"FG_ep\d{3}_sc\d{2}_\d{4}_comp(_L|_R)?_v\d{3}\.(-?\d{1,5}\.)?(exr|mov)", fullmatch=True),
).filter(lambda name: not set(name) & {"/", "\0"} and name not in (".", "..") and len(os.fsencode(name)) < 200)
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


def make(root: Path, names: set[str]) -> set[str]:
    """Files of these names, as far as they fit beside each other."""
    made = set()
    for name in sorted(names):
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
        made.add(name)
    return made


@settings(max_examples=60, deadline=None)
@given(st.sets(PATHS, max_size=8))
def test_every_file_of_a_drop_stands_once_in_its_plan(names: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), names)
        found = plan(Path(folder))
        told = [file.relative for item in found.items for file in item.files] + list(found.left)
        assert sorted(told) == sorted(made)
        for item in found.items:
            problems = [*item.problems, *(each for some in item.file_problems.values() for each in some)]
            for problem in problems:
                assert problem.message.isprintable()
                problem.model_dump_json()


@settings(max_examples=200, deadline=None)
@given(st.sets(PATHS, max_size=12))
def test_items_take_every_name_once_and_their_patterns_differ(names: set[str]) -> None:
    files = [DropFile(name, "/drop", Stamp(1, 1, 1, 1)) for name in sorted(names)]
    items = list(sort_items(files))
    assert sorted(file.relative for item in items for file in item.files) == sorted(names)
    whole = [item for item in items if item.sequence is not None]
    assert len({item.pattern for item in whole}) == len(whole)
    for item in whole:
        assert item.sequence is not None
        assert list(item.sequence.frames) == sorted(set(item.sequence.frames))
        assert [item.sequence.file_name(frame) for frame in item.sequence.frames] == [f.relative for f in item.files]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_name_or_is_refused_with_a_reason(text: str) -> None:
    report = read_name(text, Convention(), "FG")
    assert report.problems or report.context.show == "FG"
    assert (portable_problem(text) is None) == (portable_reason(text) is None)
    for problem in report.problems:
        assert problem.message.isprintable()
    view = view_of(text)
    if view is not None:
        assert view_of(view[1]) is not None


@settings(max_examples=200, deadline=None)
@given(
    st.from_regex(r"[A-Z][A-Z0-9]{1,7}", fullmatch=True),
    st.integers(0, 999),
    st.integers(0, 999),
    st.integers(0, 9999),
    st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True),
    st.integers(1, 9999),
)
def test_a_name_that_the_convention_writes_is_read_back(
    show: str, episode: int, sequence: int, shot: int, asset: str, version: int
) -> None:
    context = Context(show, f"ep{episode:03}", f"sc{sequence:02}", f"{shot:04}", asset, version=version)
    try:
        name = Convention().scene_name(context)
    except NameInvalid:  # an asset that looks like a version
        assert asset.startswith("v")
        return
    assert read_name(name, Convention(), show).context == context
    assert split_version(name).version == version


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(st.sampled_from(["..", ".", "", "a", "link", "~", "C:", "\\"]), max_size=6).map("/".join),
    )
)
def test_a_path_of_a_manifest_never_leaves_its_drop(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "drop"
        (root / "a").mkdir(parents=True)
        (root / "link").symlink_to(Path(folder))
        try:
            path = contained(root, text)
        except PathEscapes:
            return
        assert os.path.realpath(path).startswith(os.path.realpath(root) + "/")


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(PARTS, st.sampled_from([".", "..", "/etc/passwd", "nowhere", "a", "../drop", "/"])), max_size=5)
)
def test_no_link_leads_a_scan_out_or_into_a_loop(links: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "drop"
        (root / "a").mkdir(parents=True)
        (root / "a" / "one.mov").write_bytes(b"x")
        for name, target in links:
            if not os.path.lexists(root / name):
                (root / name).symlink_to(target)
        scan = scan_drop(root)
        assert [file.relative for file in scan.files] == ["a/one.mov"]
        assert len(scan.left) == len(os.listdir(root)) - 1
