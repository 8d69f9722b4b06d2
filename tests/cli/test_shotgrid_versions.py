"""``onepiece shotgrid upload-version`` and ``version-zero``, against a real site."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.media.movie import write_movie
from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Done, run_cli
from tests.support.media import write_png
from tests.support.studio import shotgrid_of


@dataclass
class Show:
    """A project of its own with three shots."""

    site: Any
    root: Path
    project: dict[str, Any]
    shots: list[dict[str, Any]]
    env: dict[str, str]

    def run(self, command: str, *options: object) -> Done:
        return run_cli(self.env, "shotgrid", command, *options, "--project", self.project["name"], "--json")

    def versions(self, *fields: str) -> list[dict[str, Any]]:
        order = [{"field_name": "code", "direction": "asc"}]
        return list(self.site.find("Version", [["project", "is", self.project]], ["code", *fields], order=order))

    def uploaded(self) -> list[tuple[int, int]]:
        """Each Version and its movie; not the pictures that the site makes of it by itself."""
        return [(each["id"], each["sg_uploaded_movie"]["id"]) for each in self.versions("sg_uploaded_movie")]


@pytest.fixture
def show(studio: SandboxReport, studio_env: dict[str, str], tmp_path: Path) -> Show:
    site = shotgrid_of(studio)
    made = site.create("Project", {"name": f"Versions {tmp_path.parent.name} {tmp_path.name}"})
    project = {"type": "Project", "id": made["id"], "name": made["name"]}
    shots = [
        site.create("Shot", {"project": project, "code": f"sh0{n}0", "sg_cut_in": 1001, "sg_cut_out": 1000 + 8 * n})
        for n in (1, 2, 3)
    ]
    return Show(site, tmp_path, project, shots, {**studio_env, "ONEPIECE_STATE_DIR": str(tmp_path / "state")})


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    frames = [write_png(tmp_path / f"f{n}.png", seed=n, width=64, height=36) for n in range(5)]
    write_movie(frames, tmp_path / "sh010_comp_v004.mov")
    return tmp_path / "sh010_comp_v004.mov"


def test_a_movie_becomes_a_version_once(show: Show, movie: Path) -> None:
    words = (movie, "--shot", "sh010", "--status", "rev", "--comment", "new sky")
    assert show.run("upload-version", *words, "--dry-run").told["state"] == "planned"
    assert show.versions() == []
    assert show.run("upload-version", *words).told["state"] == "uploaded"
    fields = ("entity", "description", "sg_status_list", "sg_first_frame", "sg_last_frame", "frame_count", "image")
    (version,) = show.versions(*fields, "sg_uploaded_movie")
    assert version["entity"]["id"] == show.shots[0]["id"]
    assert [version[name] for name in fields[1:6]] == ["new sky", "rev", 1001, 1005, 5]
    assert version["image"]
    assert version["sg_uploaded_movie"]["name"] == movie.name
    before = show.uploaded()
    assert show.run("upload-version", *words).told["state"] == "there"
    assert show.uploaded() == before


def test_another_movie_under_the_same_name_is_refused(show: Show, movie: Path) -> None:
    show.run("upload-version", movie, "--shot", "sh010")
    write_movie([movie.with_name("f1.png")], movie)
    assert show.run("upload-version", movie, "--shot", "sh010").error["code"] == "publish.version_exists"
    assert len(show.versions()) == 1


def test_what_is_no_movie_or_has_no_place_is_refused(show: Show, movie: Path) -> None:
    (show.root / "a.mov").write_bytes(b"no movie at all, but some text")
    assert show.run("upload-version", show.root / "a.mov", "--shot", "sh010").error["code"] == "media.invalid"
    assert show.run("upload-version", movie, "--shot", "nowhere").error["code"] == "tracker.shot_missing"
    assert show.run("upload-version", movie, "--shot", "sh010", "--status", "no").status == 2
    assert show.versions() == []


def test_every_shot_without_a_slate_gets_one_and_no_shot_two(show: Show) -> None:
    assert [row["state"] for row in show.run("version-zero", "--dry-run").told["rows"]] == ["planned"] * 3
    assert show.versions() == []
    assert len(show.run("version-zero").told["rows"]) == 3
    found = show.versions("entity", "image", "sg_uploaded_movie", "sg_last_frame")
    assert [each["code"] for each in found] == ["sh010_v000", "sh020_v000", "sh030_v000"]
    assert [each["sg_last_frame"] for each in found] == [1008, 1016, 1024]
    assert all(each["image"] and each["sg_uploaded_movie"] for each in found)
    before = show.uploaded()
    done = show.run("version-zero")
    assert (done.told["rows"], done.told["there"]) == ([], 3)
    assert show.uploaded() == before
    show.site.create("Shot", {"project": show.project, "code": "sh040"})
    assert [row["shot"] for row in show.run("version-zero").told["rows"]] == ["sh040"]


def test_slates_go_on_after_a_kill(show: Show) -> None:
    shots = [{"project": show.project, "code": f"k{n:03}"} for n in range(40)]
    show.site.batch([{"request_type": "create", "entity_type": "Shot", "data": data} for data in shots])
    words = ["shotgrid", "version-zero", "--project", show.project["name"]]
    command = [sys.executable, "-m", "onepiece_cli", *words, "--events", "ndjson"]
    env = {**show.env, "ONEPIECE_TRACKER__SETTLE_SECONDS": "1"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if '"thumbnail"' in line:
            break
    process.kill()
    process.wait()
    process.stderr.close()
    done = run_cli(env, *words, "--json")
    assert done.status == 0
    found = show.versions("image", "sg_uploaded_movie")
    assert len(found) == len({each["code"] for each in found}) == 43
    assert all(each["image"] and each["sg_uploaded_movie"] for each in found)
