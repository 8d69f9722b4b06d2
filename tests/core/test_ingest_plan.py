"""What an ingest would do with a drop: each bad thing is named and stops nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from onepiece_core.errors import ConfigError, InputMissing, InputRefused
from onepiece_core.ingest.plan import PlanOptions, plan_ingest
from onepiece_core.manifest.mhl import Creator, MhlFile, build_mhl
from onepiece_core.progress import Progress, Reporter
from onepiece_core.testing.memory_tracker import MemoryTracker
from tests.core.drops import NAME, Asked, codes, only, plan, told, write_frames, write_manifest
from tests.support.media import write_exr, write_png
from tests.support.permissions import run_as_nobody

OTHER = "FG_ep010_sc02_0020_comp_v001"


def test_a_sound_drop_has_nothing_to_say(tmp_path: Path) -> None:
    write_frames(tmp_path / "renders")
    found = only(plan(tmp_path))
    assert (found.name, found.pattern) == (NAME, f"renders/{NAME}.%04d.exr")
    assert (found.context.shot, found.context.version, len(found.media)) == ("0010", 4, 3)
    assert codes(found) == set()


def _truncated(drop: Path) -> None:
    path = drop / f"{NAME}.1002.exr"
    path.write_bytes(path.read_bytes()[:-1])


def _empty(drop: Path) -> None:
    (drop / f"{NAME}.1002.exr").write_bytes(b"")


def _header_cut(drop: Path) -> None:
    path = drop / f"{NAME}.1002.exr"
    path.write_bytes(path.read_bytes()[:40])


def _jpeg(drop: Path) -> None:
    (drop / f"{NAME}.1002.exr").write_bytes(b"\xff\xd8\xff\xe0" + bytes(200))


def _doubled(drop: Path) -> None:
    write_exr(drop / f"{NAME}.01002.exr")


def _other_size(drop: Path) -> None:
    write_exr(drop / f"{NAME}.1002.exr", width=16)


def _gap(drop: Path) -> None:
    write_frames(drop, 1006, 1007)


@pytest.mark.parametrize(
    ("spoil", "code", "message", "is_refused"),
    [
        (_truncated, "media.truncated", "frames 1002 are truncated", True),
        (_empty, "media.empty", "frames 1002 hold no bytes", True),
        (_header_cut, "media.truncated", "frames 1002 are truncated", True),
        (_jpeg, "media.invalid", "frames 1002 are not what their name says", True),
        (_doubled, "sequence.doubled", "frame 1002 is there twice", True),
        (_other_size, "media.mixed_resolution", "16x16 at 1002", False),
        (_gap, "sequence.gaps", "missing 1004-1005 of 1001-1007", True),
    ],
)
def test_a_bad_sequence_is_named_and_the_other_one_is_ready(
    spoil: Callable[[Path], None], code: str, message: str, is_refused: bool, tmp_path: Path
) -> None:
    write_frames(tmp_path)
    write_frames(tmp_path, name=OTHER)
    spoil(tmp_path)
    made = plan(tmp_path)
    bad = next(item for item in made.items if item.name == NAME)
    assert message in next(problem.message for problem in bad.problems if problem.code == code)
    assert bad.is_refused is is_refused
    assert OTHER in [item.name for item in made.ready()]
    every = [file.relative for item in made.items for file in item.files] + list(made.left)
    assert sorted(every) == sorted(path.name for path in tmp_path.iterdir())


def test_missing_frames_may_be_allowed(tmp_path: Path) -> None:
    write_frames(tmp_path)
    _gap(tmp_path)
    found = only(plan(tmp_path, allow_missing=True))
    assert codes(found) == {"sequence.gaps"}
    assert not found.is_refused


def test_a_dry_look_at_first_bytes_finds_what_they_tell(tmp_path: Path) -> None:
    write_frames(tmp_path, 1001, 1005)
    _jpeg(tmp_path)
    (tmp_path / f"{NAME}.1004.exr").write_bytes(b"")
    made = plan(tmp_path, depth="first-bytes")
    assert made.depth == "first-bytes"
    assert codes(only(made)) == {"media.invalid", "media.empty"}


def test_links_pipes_and_sockets_are_named_and_never_opened(tmp_path: Path) -> None:
    write_frames(tmp_path, 1001, 1001)
    outside = tmp_path.parent / "outside.exr"
    write_exr(outside)
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "broken.exr").symlink_to("nowhere.exr")
    (tmp_path / "outside.exr").symlink_to(outside)
    os.mkfifo(tmp_path / "pipe.mov")
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind(os.path.relpath(tmp_path / "socket.exr"))
        left = plan(tmp_path).left
    finally:
        server.close()
    assert {name: problem.code for name, problem in left.items()} == {
        "loop": "link.back",
        "self": "link.loop",
        "broken.exr": "link.broken",
        "outside.exr": "link.outside",
        "pipe.mov": "file.special",
        "socket.exr": "file.special",
    }


def test_a_file_under_two_names_is_told(tmp_path: Path) -> None:
    (frame,) = write_frames(tmp_path, 1001, 1001)
    (tmp_path / f"{OTHER}.1001.exr").hardlink_to(frame)
    assert "same file" in told(plan(tmp_path))["file.same"]


def test_unreadable_folders_and_files_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write_frames(tmp_path, 1001, 1001)
    write_frames(tmp_path, 1001, 1001, OTHER)[0].chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    preset = tmp_path.parent / f"{tmp_path.name}.toml"
    preset.write_text('title = "Any"', encoding="utf-8")  # the shipped ones may be closed to nobody
    code = (
        "from pathlib import Path\n"
        "from tests.core.drops import plan, told\n"
        f"made = plan(Path({str(tmp_path)!r}), preset={str(preset)!r})\n"
        "print(sorted(told(made)), [item.name for item in made.ready()])\n"
    )
    try:
        for folder in tmp_path.parents:
            if folder.stat().st_uid == os.geteuid() and folder != folder.parent:
                folder.chmod(folder.stat().st_mode | 0o011)
        printed = run_as_nobody(code, "tests.core.drops, onepiece_core.manifest.drop_csv")
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert printed.strip() == f"['file.unreadable', 'folder.unreadable'] ['{NAME}']"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("CON.exr", "name.reserved"),
        ("nul.exr", "name.reserved"),
        ("shot .", "name.trailing"),
        ("a\x1b[2J.exr", "name.control"),
        ("a\nb.exr", "name.control"),
        ("a:b.exr", "name.forbidden"),
        ("a\\b.exr", "name.forbidden"),
        ("\udcff.exr", "name.not_utf8"),
    ],
)
def test_names_that_no_other_system_holds_are_refused(name: str, code: str, tmp_path: Path) -> None:
    write_exr(tmp_path / name)
    item = only(plan(tmp_path))
    assert code in codes(item)
    assert item.is_refused
    for problem in item.problems:
        problem.model_dump_json()
        assert problem.message.isprintable()


def test_names_that_collide_elsewhere_are_both_refused(tmp_path: Path) -> None:
    write_frames(tmp_path / "A", 1001, 1001)
    write_frames(tmp_path / "a", 1001, 1001, OTHER)
    assert [codes(item) for item in plan(tmp_path).items] == [{"name.collision"}, {"name.collision"}]


def test_temporary_files_archives_and_documents_are_left(tmp_path: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "a.mov.part", "b.tmp", "._c.exr", "notes.txt", "d.zip", "e.tar.gz"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_bytes(b"x")
    made = plan(tmp_path)
    assert not made.items
    assert {problem.code for name, problem in made.left.items() if name not in ("notes.txt", "d.zip", "e.tar.gz")} == {
        "file.temporary"
    }
    assert [made.left[name].code for name in ("notes.txt", "d.zip", "e.tar.gz")] == [
        "file.document",
        "archive.refused",
        "archive.refused",
    ]
    assert ".git/config" in made.left


def test_movies_are_never_a_sequence_and_tiles_have_no_gaps(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"FG_ep010_sc02_0010_comp_v{number:03d}.mov").write_bytes(b"x")
    for tile in (1001, 1003, 1011):
        (tmp_path / f"FG_ep010_sc02_0010_texture_v001.{tile}.tx").write_bytes(b"x")
    made = plan(tmp_path, depth="first-bytes")
    assert [len(item.files) for item in made.items] == [1, 1, 1, 3]
    assert "sequence.gaps" not in told(made)


def test_negative_frames_and_sub_frames_are_told(tmp_path: Path) -> None:
    write_frames(tmp_path, -1, 1)
    for sub in (25, 50):
        (tmp_path / f"{OTHER}.1001.{sub}.vdb").write_bytes(b"x")
    by_name = {item.name: item for item in plan(tmp_path).items}
    assert "frames.negative" in codes(by_name[NAME])
    assert codes(by_name[OTHER]) == {"sequence.sub_frames"}
    assert len(by_name[OTHER].files) == 2


def test_a_view_without_its_partner_or_with_other_frames_is_told(tmp_path: Path) -> None:
    left, right = "FG_ep010_sc02_0010_comp_L_v001", "FG_ep010_sc02_0010_comp_R_v001"
    write_frames(tmp_path, 1001, 1003, left)
    assert codes(only(plan(tmp_path))) == {"view.missing"}
    write_frames(tmp_path, 1001, 1002, right)
    assert [codes(item) for item in plan(tmp_path).items] == [{"view.range"}, {"view.range"}]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("holiday", "name.convention"),
        ("FG_ep010_sc02_0010_comp_v001_v002", "name.two_versions"),
        ("FG_ep010_sc02_0010_comp_v000", "name.version"),
        ("Fg_ep010_sc02_0010_comp_v001", "show.case"),
        ("FX_ep010_sc02_0010_comp_v001", "show.other"),
    ],
)
def test_names_outside_of_the_convention_are_refused(name: str, code: str, tmp_path: Path) -> None:
    write_frames(tmp_path, 1001, 1001, name)
    assert codes(only(plan(tmp_path))) == {code}


def test_a_manifest_is_matched_and_is_no_part_of_the_drop(tmp_path: Path) -> None:
    write_frames(tmp_path / "renders")
    manifest = write_manifest(tmp_path / "list.csv", {})
    made = plan(tmp_path, manifest=manifest)
    assert made.left["list.csv"].code == "file.manifest"
    assert codes(only(made)) == set()
    assert only(made).expected[0].line == 2


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"shot": "10"}, "row.excel_damaged"),
        ({"shot": "1E5"}, "row.excel_damaged"),
        ({"episode": "03-10-2024"}, "row.excel_damaged"),
        ({"shot": "0020"}, "row.mismatch"),
        ({"version": "5"}, "row.mismatch"),
        ({"version": "4.0"}, "row.version"),
        ({"show": "Fg"}, "show.case"),
        ({"show": "XY"}, "show.other"),
        ({"checksum": "md5:deadbeef"}, "checksum.length"),
        ({"checksum": "md5:" + "0" * 32}, "checksum.pattern"),
        ({"checksum": "whirl:00"}, "checksum.unknown"),
        ({"checksum": "0" * 16}, "checksum.ambiguous"),
        ({"source_path": "=cmd|' /C calc'!A0"}, "row.formula"),
    ],
)
def test_what_a_row_tells_wrong_is_said_with_its_line(row: dict[str, str], code: str, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    write_frames(drop)
    item = only(plan(drop, manifest=write_manifest(tmp_path / "list.csv", row)))
    assert codes(item) == {code}
    assert all(problem.line == 2 for problem in item.problems)


@pytest.mark.parametrize(
    "path",
    [
        "../x.mov",
        "/etc/passwd",
        "C:\\x",
        "\\\\srv\\share",
        "..\\x",
        "file:///x",
        "~/x",
        "$HOME",
        "a\x00b",
        "",
        ".",
        "a\nb",
    ],
)
def test_paths_that_leave_the_drop_refuse_their_row(path: str, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    write_frames(drop)
    made = plan(drop, manifest=write_manifest(tmp_path / "list.csv", {"delivery_path": path}, {}))
    (problem,) = made.problems
    assert (problem.code, problem.line, problem.severity) == ("row.path", 2, "error")
    assert problem.message.isprintable()
    assert len(list(made.ready())) == 1


def test_rows_and_files_without_each_other_are_told(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    write_frames(drop)
    write_frames(drop, name=OTHER)
    row = {"delivery_path": "FG_ep010_sc02_0030_comp_v001.mov", "shot": "0030", "version": "1"}
    made = plan(drop, manifest=write_manifest(tmp_path / "list.csv", {}, row))
    assert [(problem.code, problem.line) for problem in made.problems] == [("file.missing", 3)]
    assert [codes(item) for item in made.items] == [set(), {"file.unlisted"}]
    assert len(list(made.ready())) == 2


def test_two_rows_of_one_path_are_both_refused(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    write_frames(drop)
    item = only(plan(drop, manifest=write_manifest(tmp_path / "list.csv", {}, {})))
    assert "row.duplicate" in codes(item)
    assert item.is_refused


def test_a_row_for_each_frame_names_the_frame(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    frames = write_frames(drop)
    sums = [f"md5:{hashlib.md5(frame.read_bytes()).hexdigest()}" for frame in frames]
    rows = [{"delivery_path": frame.name, "checksum": digest} for frame, digest in zip(frames, sums, strict=True)]
    manifest = write_manifest(tmp_path / "list.csv", *rows)
    assert codes(only(plan(drop, manifest=manifest))) == set()
    rows[1]["checksum"] = sums[0]
    item = only(plan(drop, manifest=write_manifest(tmp_path / "list.csv", *rows)))
    (problem,) = item.file_problems[frames[1].name]
    assert (problem.code, problem.line) == ("checksum.mismatch", 3)
    assert sums[0][4:] in problem.message
    assert sums[1][4:] in problem.message


def test_accents_are_matched_however_they_are_spelled(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    decomposed = "FG_ep010_sc02_0010_e\u0301te\u0301_v004.mov"
    (drop / decomposed).write_bytes(b"x")
    manifest = write_manifest(tmp_path / "list.csv", {"delivery_path": "FG_ep010_sc02_0010_\u00e9t\u00e9_v004.mov"})
    item = only(plan(drop, manifest=manifest, depth="first-bytes"))
    assert "name.normalised" in codes(item)
    assert item.files[0].relative == decomposed


def test_frames_of_the_manifest_are_asked_for_and_its_holes_are_meant(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    write_frames(drop)
    write_frames(drop, 1006, 1007)
    manifest = tmp_path / "list.json"

    def planned(frames: str) -> set[str]:
        entry = {"show": "FG", "version": 4, "delivery_path": f"{NAME}.####.exr", "frames": frames}
        manifest.write_text(json.dumps({"files": [entry]}), encoding="utf-8")
        return codes(only(plan(drop, manifest=manifest)))

    assert planned("1001-1003,1006-1007") == set()
    assert planned("1001-1003,1006-1008") == {"sequence.missing"}


@pytest.mark.parametrize("content", [b"", b"show,version,delivery_path\n", b"a,b\n1,2\n", "é;ü".encode("cp1252")])
def test_a_manifest_that_cannot_be_believed_takes_nothing_in(content: bytes, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    write_frames(drop)
    manifest = tmp_path / "list.csv"
    manifest.write_bytes(content)
    made = plan(drop, manifest=manifest)
    assert not list(made.ready())
    assert codes(only(made)) & {"manifest.unusable", "manifest.empty"}


def write_history(drop: Path, **changed: str) -> None:
    files = []
    for path in sorted(drop.rglob("*.exr")):
        data = path.read_bytes()
        digest = changed.get(path.name.split(".")[1], hashlib.md5(data).hexdigest())
        xxh = (
            {"xxh128": __import__("xxhash").xxh3_128_hexdigest(data)} if path.name.split(".")[1] not in changed else {}
        )
        files.append(MhlFile(path.relative_to(drop).as_posix(), len(data), {"xxh128": "0" * 32, "md5": digest, **xxh}))
    from datetime import UTC, datetime

    for name, data in build_mhl("drop", files, datetime.now(UTC), Creator("host", "tool", "1")).items():
        (drop / name).parent.mkdir(exist_ok=True)
        (drop / name).write_bytes(data)


def test_the_drops_own_mhl_is_enforced_and_not_taken_in(tmp_path: Path) -> None:
    write_frames(tmp_path / "renders")
    write_history(tmp_path)
    sound = plan(tmp_path)
    assert codes(only(sound)) == set()
    assert {problem.code for problem in sound.left.values()} == {"file.mhl"}
    write_exr(tmp_path / "renders" / f"{NAME}.1002.exr", seed="other")
    (tmp_path / "renders" / f"{NAME}.1003.exr").unlink()
    write_exr(tmp_path / "renders" / f"{NAME}.1000.exr")
    made = plan(tmp_path)
    assert set(told(made)) == {"mhl.mismatch", "mhl.missing", "mhl.unlisted", "file.mhl"}
    assert only(made).is_refused


def test_a_changed_mhl_is_not_believed(tmp_path: Path) -> None:
    write_frames(tmp_path)
    write_history(tmp_path)
    generation = next((tmp_path / "ascmhl").glob("0001*"))
    generation.write_bytes(generation.read_bytes().replace(b"1002", b"1009"))
    made = plan(tmp_path)
    assert "mhl.invalid" in told(made)
    assert not list(made.ready())


def test_one_version_twice_with_other_content_is_refused_with_the_same_told(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", 1001, 1002)
    write_frames(tmp_path / "b", 1001, 1002)
    assert [codes(item) for item in plan(tmp_path).items] == [{"version.duplicate"}, {"version.duplicate"}]
    write_exr(tmp_path / "b" / f"{NAME}.1002.exr", seed="other")
    made = plan(tmp_path)
    assert [codes(item) for item in made.items] == [{"version.conflict"}, {"version.conflict"}]
    assert not list(made.ready())


@pytest.fixture
def tracker() -> MemoryTracker:
    """The show with the shot ep010/sc02/0010 and its Version v004 of the movie."""
    made = MemoryTracker()
    show = made.create("Project", {"name": "Frost Giant", "code": "FG"})
    episode = made.create("Episode", {"code": "ep010", "project": show})
    sequence = made.create("Sequence", {"code": "sc02", "project": show, "episode": episode})
    made.create("Shot", {"code": "0010", "project": show, "sg_sequence": sequence})
    return made


def test_the_tracker_tells_the_shot(tracker: MemoryTracker, tmp_path: Path) -> None:
    write_frames(tmp_path)
    write_frames(tmp_path, name=OTHER)
    by_name = {item.name: item for item in plan(tmp_path, tracker).items}
    assert by_name[NAME].shot == {"type": "Shot", "id": 1, "name": "0010"}
    assert codes(by_name[NAME]) == set()
    assert codes(by_name[OTHER]) == {"shot.unknown"}


def test_versions_that_are_there_or_go_back_are_told(tracker: MemoryTracker, tmp_path: Path) -> None:
    write_frames(tmp_path)
    show = {"type": "Project", "id": 1}
    code = NAME.replace("v004", "v006")
    tracker.create("Version", {"code": code, "project": show})
    assert codes(only(plan(tmp_path, tracker))) == {"version.regress"}
    own = f"s3://vendor-in/FG/{NAME}.%04d.exr"
    row = tracker.create("Version", {"code": NAME, "project": show, "sg_path_to_frames": own})
    assert codes(only(plan(tmp_path, tracker))) == {"version.regress", "version.there"}
    tracker.update("Version", row["id"], {"sg_path_to_frames": "/projects/elsewhere.%04d.exr"})
    item = only(plan(tmp_path, tracker))
    assert codes(item) == {"version.regress", "version.exists"}
    assert item.is_refused


def test_questions_to_the_tracker_do_not_grow_with_the_drop(tracker: MemoryTracker, tmp_path: Path) -> None:
    def asked(names: int) -> int:
        for number in range(names):
            (tmp_path / f"FG_ep010_sc02_{number:04d}_comp_v001.mov").write_bytes(b"x")
        before = len(tracker.calls)
        plan(tmp_path, tracker, depth="first-bytes")
        return len(tracker.calls) - before

    assert asked(3) == asked(200)


def test_a_studios_own_preset_is_named_by_its_path(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    write_frames(drop)
    preset = tmp_path / "ours.toml"
    preset.write_text(
        'title = "Ours"\n[pictures]\nresolutions = ["1920x1080"]\nalpha = "required"\n[exr]\ncompressions = ["zip"]\n'
        '[severity]\n"media.alpha" = "warning"\n"media.resolution" = "off"\n',
        encoding="utf-8",
    )
    item = only(plan(drop, preset=str(preset)))
    assert {problem.code: problem.severity for problem in item.problems} == {
        "media.compression": "error",
        "media.alpha": "warning",
    }


@pytest.mark.parametrize(
    "text",
    ["title = 1", 'title = "x"\nunknown = 1', 'title = "x"\n[severity]\n"link.outside" = "off"', "title =", ""],
)
def test_an_unsound_preset_is_named(text: str, tmp_path: Path) -> None:
    preset = tmp_path / "ours.toml"
    preset.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"ours\.toml"):
        plan(tmp_path, preset=str(preset))


def test_the_netflix_preset_knows_its_names_and_files(tmp_path: Path) -> None:
    write_frames(tmp_path, 1001, 1001, "AGM_104_065_010_comp_NFX_v001")
    write_frames(tmp_path, 1001, 1001, "AGM_104_065_010_PL01_v001")
    write_png(tmp_path / "a name_v001.png")
    made = plan(tmp_path, preset="netflix", show_code="AGM")
    assert [codes(item) for item in made.items] == [set(), set(), {"name.characters", "name.form"}]


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        plan(tmp_path / "nothing")
    file = write_exr(tmp_path / "a.exr")
    with pytest.raises(InputRefused):
        plan(file)


def test_a_frame_that_only_the_manifest_knows_makes_its_sequence_one_that_is_not_whole(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    write_frames(drop)
    rows = [{"delivery_path": f"{NAME}.{frame}.exr"} for frame in (1001, 1002, 1003, 1004)]
    manifest = write_manifest(tmp_path / "list.csv", *rows)
    made = plan(drop, manifest=manifest)
    assert told(made) == {"sequence.missing": "missing 1004 of 1001-1004"}
    assert only(made).is_refused
    assert not only(plan(drop, manifest=manifest, allow_missing=True)).is_refused


def test_holes_that_the_rows_leave_are_meant(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    write_frames(drop)
    (drop / f"{NAME}.1002.exr").unlink()
    rows = [{"delivery_path": f"{NAME}.{frame}.exr"} for frame in (1001, 1003)]
    assert told(plan(drop, manifest=write_manifest(tmp_path / "list.csv", *rows))) == {}


def test_a_file_that_changes_while_the_plan_is_made_is_refused(tmp_path: Path) -> None:
    frames = write_frames(tmp_path)

    def grow(event: Progress) -> None:
        if event.phase == "scan":
            with frames[1].open("ab") as stream:
                stream.write(b"more")

    made = plan_ingest(Asked(tmp_path), None, PlanOptions(reporter=Reporter(grow)))
    item = only(made)
    assert {problem.code for problem in item.file_problems[frames[1].name]} == {"file.changing"}
    assert item.is_refused


def test_a_path_that_is_too_long_for_the_clients_windows_is_told(tmp_path: Path) -> None:
    preset = tmp_path / "ours.toml"
    root = "D:\\shows\\" + "x" * 230
    preset.write_text(f"title = 'Ours'\n[names]\nclient_root = '{root}'\n", encoding="utf-8")
    write_frames(tmp_path / "drop")
    item = only(plan(tmp_path / "drop", preset=str(preset)))
    (problem,) = item.problems
    assert problem.code == "path.too_long"
    assert problem.context["characters"] == len(root) + 1 + len(f"{NAME}.1001.exr")
