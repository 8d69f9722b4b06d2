"""``onepiece shotgrid package-playlist`` and ``bulk-playlists``, against a real site."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import xxhash

from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Done, run_cli
from tests.support.media import write_exr
from tests.support.studio import shotgrid_of


@dataclass
class Review:
    """A project with three Versions (b is a sequence of frames) and a playlist that plays b, a, c."""

    site: Any
    root: Path
    project: dict[str, Any]
    versions: dict[str, dict[str, Any]]
    env: dict[str, str]

    def package(self, *options: object, recipient: str = "client") -> Done:
        words = ["--project", self.project["name"], "--playlist", "Dailies 1", "--destination", self.root / "out"]
        return run_cli(self.env, "shotgrid", "package-playlist", *words, "--recipient", recipient, "--json", *options)

    def bulk(self, table: str, *options: object) -> Done:
        (self.root / "rows.csv").write_text(table)
        words = ["--input", self.root / "rows.csv", "--project", self.project["name"], "--json", *options]
        return run_cli(self.env, "shotgrid", "bulk-playlists", *words)

    @property
    def out(self) -> list[Path]:
        return sorted((self.root / "out").iterdir()) if (self.root / "out").exists() else []


@pytest.fixture
def review(studio: SandboxReport, studio_env: dict[str, str], tmp_path: Path) -> Review:
    site = shotgrid_of(studio)
    code = f"P{abs(hash(str(tmp_path))) % 10**6}"
    made = site.create("Project", {"name": f"Lists {tmp_path.parent.name} {tmp_path.name}", "code": code})
    project = {"type": "Project", "id": made["id"], "name": made["name"]}
    media = tmp_path / "media"
    media.mkdir()
    paths = {"a": media / "a_v001.exr", "b": media / "b_v001.%04d.exr", "c": media / "c_v001.exr"}
    for frame in (1001, 1002):
        write_exr(media / f"b_v001.{frame}.exr", seed=frame)
    write_exr(paths["a"], seed=1)
    write_exr(paths["c"], seed=2)
    versions = {
        name: site.create(
            "Version",
            {
                "project": project,
                "code": f"{name}_v001",
                "sg_status_list": "apr",
                "sg_path_to_frames": str(path),
            },
        )
        for name, path in paths.items()
    }
    env = {**studio_env, "ONEPIECE_STATE_DIR": str(tmp_path / "state")}
    found = Review(site, tmp_path, project, versions, env)
    found.bulk("playlist,version,order\nDailies 1,a_v001,20\nDailies 1,b_v001,10\nDailies 1,c_v001,30\n")
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_media_lies_in_the_order_of_the_playlist_with_all_that_proves_it(review: Review) -> None:
    link = {"type": "Version", "id": review.versions["a"]["id"]}
    note = {"project": review.project, "note_links": [link], "content": "lift the blacks"}
    review.site.create("Note", {**note, "subject": "for you", "sg_note_type": "Client"})
    review.site.create("Note", {**note, "subject": "secret", "sg_note_type": "Internal"})
    done = review.package("--preset", preset(review.root))
    assert (done.status, done.told["state"], done.told["notes_left_out"]) == (0, "packaged", 1)
    (package,) = review.out
    assert [name for name in files(package) if "/" not in name or name[0] == "0"] == [
        "001_b_v001/b_v001.1001.exr",
        "001_b_v001/b_v001.1002.exr",
        "002_a_v001.exr",
        "003_c_v001.exr",
        "checksums.md5",
        "checksums.xxh64",
        "contact_sheet.jpg",
        "manifest.csv",
        "manifest.json",
        "notes.json",
    ]
    told = json.loads((package / "manifest.json").read_text())
    assert [version["code"] for version in told["versions"]] == ["b_v001", "a_v001", "c_v001"]
    assert [note["subject"] for version in told["versions"] for note in version["notes"]] == ["for you"]
    assert "secret" not in "".join(path.read_text() for path in (package / "notes").iterdir())
    digest = xxhash.xxh64_hexdigest((package / "002_a_v001.exr").read_bytes())
    assert f"{digest}  002_a_v001.exr" in (package / "checksums.xxh64").read_text().splitlines()
    assert not [path for path in package.rglob("*") if path.is_symlink() or path.name.startswith(".")]


def preset(folder: Path) -> Path:
    (folder / "md5.toml").write_text('hashes = ["md5"]\n')
    return folder / "md5.toml"


def test_ascmhl_accepts_the_package(review: Review) -> None:
    review.package()
    tool = Path(sys.executable).with_name("ascmhl-debug")
    if not tool.exists():
        pytest.skip("ascmhl is not installed")
    done = subprocess.run([tool, "verify", review.out[0]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (review.out[0] / "manifest.csv").write_text("changed")
    assert subprocess.run([tool, "verify", review.out[0]], capture_output=True, check=False).returncode != 0


def test_the_second_run_finds_it_there_and_other_bytes_are_never_overwritten(review: Review) -> None:
    assert review.package().told["state"] == "packaged"
    before = review.out[0].stat().st_mtime_ns
    assert review.package().told["state"] == "there"
    (review.out[0] / "manifest.csv").write_text("mine")
    done = review.package()
    assert done.error["code"] == "delivery.destination_differs"
    assert (review.out[0] / "manifest.csv").read_text() == "mine"
    assert before == review.out[0].stat().st_mtime_ns
    assert len(review.out) == 1


def test_what_is_missing_or_not_approved_is_named_before_anything_is_written(review: Review) -> None:
    review.site.update("Version", review.versions["a"]["id"], {"sg_status_list": "rev"})
    (review.root / "media" / "c_v001.exr").unlink()
    for options in ((), ("--dry-run",)):
        done = review.package(*options)
        assert done.status == 2
        told = {version["code"]: [each["code"] for each in version["problems"]] for version in done.told["versions"]}
        assert told["a_v001"][0] == "delivery.not_approved"
        assert told["c_v001"] == ["delivery.media_missing"]
        assert review.out == []
    done = review.package("--leave-out")
    assert (done.status, done.told["state"]) == (2, "packaged")
    assert [name for name in files(review.out[0]) if name.endswith(".exr")] == [
        "001_b_v001/b_v001.1001.exr",
        "001_b_v001/b_v001.1002.exr",
    ]


def test_a_vendor_gets_any_status_in_one_archive_with_one_folder(review: Review) -> None:
    review.site.update("Version", review.versions["a"]["id"], {"sg_status_list": "rev"})
    done = review.package("--zip", recipient="vendor")
    assert (done.status, done.told["state"]) == (0, "packaged")
    (archive,) = review.out
    with zipfile.ZipFile(archive) as found:
        assert {name.partition("/")[0] for name in found.namelist()} == {archive.stem}
        assert f"{archive.stem}/002_a_v001.exr" in found.namelist()
        assert found.testzip() is None
    assert review.package("--zip", recipient="vendor").told["state"] == "there"


def test_a_killed_package_is_invisible_and_the_next_run_leaves_nothing_of_it(review: Review) -> None:
    large = review.root / "media" / "c_v001.wav"
    with large.open("wb") as file:
        file.truncate(1 << 30)
    review.site.update("Version", review.versions["c"]["id"], {"sg_path_to_frames": str(large)})
    words = ["--project", review.project["name"], "--playlist", "Dailies 1", "--destination", review.root / "out"]
    command = [sys.executable, "-m", "onepiece_cli", "shotgrid", "package-playlist", *map(str, words)]
    process = subprocess.Popen(
        [*command, "--recipient", "client"], env=review.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not review.out:
        time.sleep(0.01)
    process.kill()
    process.wait()
    (left,) = review.out
    assert left.name.startswith(".")
    large.unlink()
    write_exr(large.with_suffix(".exr"), seed=2)
    review.site.update("Version", review.versions["c"]["id"], {"sg_path_to_frames": str(large.with_suffix(".exr"))})
    assert review.package().told["state"] == "packaged"
    assert [path.name.startswith(".") for path in review.out] == [False]


def test_media_that_a_version_does_not_name_is_found_by_its_published_files(review: Review) -> None:
    for name, told in (("a", None), ("b", "/mnt/elsewhere/b_v001.%04d.exr")):
        row = review.site.find_one("Version", [["id", "is", review.versions[name]["id"]]], ["sg_path_to_frames"])
        data = {"project": review.project, "code": f"{name} files", "version": review.versions[name]}
        review.site.create("PublishedFile", {**data, "path_cache": row["sg_path_to_frames"]})
        review.site.update("Version", review.versions[name]["id"], {"sg_path_to_frames": told})
    assert review.package().told["state"] == "packaged"
    names = [name for name in files(review.out[0]) if name.endswith(".exr")]
    assert len(names) == 4


def test_playlists_of_a_table_are_made_once(review: Review, states: Callable[[Done], list[str]]) -> None:
    table = "playlist,version,order\nTwo,c_v001,\nTwo,a_v001,\nDailies 1,a_v001,20\nTwo,nope,\n,a_v001,\n"
    assert states(review.bulk(table, "--dry-run")) == ["planned", "planned", "planned", "failed", "failed"]
    assert len(review.site.find("Playlist", [["project", "is", review.project]])) == 1
    assert states(review.bulk(table)) == ["created", "created", "there", "failed", "failed"]
    assert states(review.bulk(table)) == ["there", "there", "there", "failed", "failed"]
    (made,) = review.site.find("Playlist", [["project", "is", review.project], ["code", "is", "Two"]])
    order = [{"field_name": "sg_sort_order", "direction": "asc"}]
    rows = review.site.find("PlaylistVersionConnection", [["playlist", "is", made]], ["version"], order=order)
    assert [row["version"]["name"] for row in rows] == ["c_v001", "a_v001"]


def test_the_last_line_tells_of_playlists_and_of_versions_apart(review: Review) -> None:
    (review.root / "two.csv").write_text("playlist,version,order\nTwo,c_v001,\nTwo,a_v001,\nDialies 1,nope,\n")
    words = ["--input", review.root / "two.csv", "--project", review.project["name"]]
    planned = run_cli(review.env, "shotgrid", "bulk-playlists", *words, "--dry-run")
    assert planned.out == "Versions in 2 playlists: 2 planned, 1 failed\n"
    done = run_cli(review.env, "shotgrid", "bulk-playlists", *words)
    assert done.out == "Playlists: 1 created. Versions in them: 2 created, 1 failed\n"
    assert "nope" in done.err
    again = run_cli(review.env, "shotgrid", "bulk-playlists", *words)
    assert again.out == "Playlists: 1 there. Versions in them: 2 there, 1 failed\n"


@pytest.mark.parametrize("kind", ["Playlist", "PlaylistVersionConnection"])
def test_a_table_whose_run_is_killed_is_carried_out_once(review: Review, kind: str) -> None:
    names = [f"{kind} {number:03d}" for number in range(200)]
    table = "".join(f"{name},{version}_v001,\n" for name in names for version in "cab")
    (review.root / "rows.csv").write_text(f"playlist,version,order\n{table}")
    env = {**review.env, "ONEPIECE_TRACKER_SETTLE_SECONDS": "1"}
    words = ["--input", review.root / "rows.csv", "--project", review.project["name"]]
    command = [sys.executable, "-m", "onepiece_cli", "shotgrid", "bulk-playlists", *map(str, words)]
    here: Any = [["project", "is", review.project]] if kind == "Playlist" else [["playlist.Playlist.code", "in", names]]
    before = len(review.site.find(kind, here))
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(review.site.find(kind, here)) == before:
        time.sleep(0.005)
    process.kill()
    process.wait()
    done = run_cli(env, "shotgrid", "bulk-playlists", *words)
    assert done.status == 0, done.err
    mine: Any = [["project", "is", review.project], ["code", "in", names]]
    assert sorted(row["code"] for row in review.site.find("Playlist", mine, ["code"])) == names
    rows = review.site.find(
        "PlaylistVersionConnection", [["playlist.Playlist.code", "in", names]], ["playlist", "version", "sg_sort_order"]
    )
    found = {name: [] for name in names}
    for row in sorted(rows, key=lambda row: row["sg_sort_order"]):
        found[row["playlist"]["name"]].append(row["version"]["name"])
    assert found == {name: ["c_v001", "a_v001", "b_v001"] for name in names}


@pytest.fixture
def states() -> Callable[[Done], list[str]]:
    return lambda done: [row["state"] for row in done.told["rows"]]
