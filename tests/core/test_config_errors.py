"""A configuration that is wrong is named with its file, line and key, and never shows a secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onepiece_core.config import ConfigSources, load_settings
from onepiece_core.errors import ConfigError, ErrorReport, ProfileMissing
from tests.support.rights import public_folder, without_root


def refused(home: Path, text: str | bytes = "", environ: dict[str, str] | None = None, **more: str) -> ErrorReport:
    path = home / "onepiece.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as caught:
        load_settings(ConfigSources(environ=environ or {}, home=home, workspace=home, **more))  # type: ignore[arg-type]
    return caught.value.report


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("x = 1\n", 1, "x"),
        ("[aws]\nregoin = 'x'\n", 2, "aws.regoin"),
        ("[aws]\n\n# note\nregion = 3\n", 4, "aws.region"),
        ("aws.region = 3\n", 1, "aws.region"),
        ("aws = { region = 3 }\n", 1, "aws.region"),
        ("[tracker]\ntimeout_seconds = '20'\n", 2, "tracker.timeout_seconds"),
        ("[tracker]\ntimeout_seconds = 0\n", 2, "tracker.timeout_seconds"),
        ("[tracker]\nattempts = true\n", 2, "tracker.attempts"),
        ("[publish]\njobs = 1.5\n", 2, "publish.jobs"),
        ("[publish]\nhashes = ['md6']\n", 2, "publish.hashes"),
        ("[publish]\nhashes = 'md5'\n", 2, "publish.hashes"),
        ("[shotgrid]\nurl = 'studio.example.com'\n", 2, "shotgrid.url"),
        ("[contexts.vendor_in]\nbucket = 'vendor_in'\n", 2, "contexts.vendor_in.bucket"),
        ("[contexts.vendor_in]\nprefix = 'a/../b'\n", 2, "contexts.vendor_in.prefix"),
        ("[contexts]\nvendor_in = 'x'\n", 2, "contexts.vendor_in"),
        ("[roots.projects]\nsolaris = '/p'\n", 2, "roots.projects.solaris"),
        ("state_dir = 3\n", 1, "state_dir"),
        ("[profiles.lab.tracker]\ntimeout_seconds = -1\n", 2, "tracker.timeout_seconds"),
        ("[profiles.lab]\nprofiles = {}\n", 2, "profiles"),
        ("[profiles.lab]\ndefault_profile = 'x'\n", 2, "default_profile"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(tmp_path: Path, text: str, line: int, key: str) -> None:
    report = refused(tmp_path, text)
    assert report.message.startswith(f"{tmp_path / 'onepiece.toml'}, line {line}: {key} ")
    assert report.context["key"] == key


def test_an_unknown_key_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    assert "region" in (refused(tmp_path, "[aws]\nregoin = 'x'\n").hint or "")
    assert "tracker" in (refused(tmp_path, "[traker]\n").hint or "")


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    report = refused(tmp_path, "[aws]\nregoin = 'x'\n[publish]\njobs = 'all'\n")
    assert report.context["keys"] == ["aws.regoin", "publish.jobs"]


def test_a_mistake_in_a_profile_that_is_not_used_is_told_too(tmp_path: Path) -> None:
    assert refused(tmp_path, "[profiles.never.publish]\njobs = -1\n").context["key"] == "publish.jobs"


@pytest.mark.parametrize("text", ["[aws", "a = 1\na = 2\n", "[aws]\n[aws]\n", "x = \n", "a" * 10])
def test_text_that_is_no_toml_is_told_with_its_file(tmp_path: Path, text: str) -> None:
    report = refused(tmp_path, text)
    assert str(tmp_path / "onepiece.toml") in report.message
    assert report.context["path"] == str(tmp_path / "onepiece.toml")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    assert "UTF-8" in refused(tmp_path, b"x = '\xff'\n").message


def test_tables_nested_without_end_are_refused(tmp_path: Path) -> None:
    refused(tmp_path, "x = " + "[" * 100_000)


def test_a_file_that_may_not_be_read_is_told() -> None:
    with public_folder() as home:
        path = home / "onepiece.toml"
        path.touch(mode=0)
        with without_root(), pytest.raises(ConfigError) as caught:
            load_settings(ConfigSources(environ={}, home=home))
    assert str(path) in caught.value.report.message


def test_a_pipe_in_the_files_place_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "onepiece.toml")
    assert load_settings(ConfigSources(environ={}, home=tmp_path)).files == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[publish]\nlease_seconds = 40\n", "renew_seconds"),
        ("[aws]\naccess_key_id = 'A'\n", "secret_access_key"),
        ("[contexts.lab]\nprefix = 'x'\n", "contexts.lab.bucket is missing"),
        ("[naming]\nscene = '{shw}'\n", "{shw}"),
        ("[naming.shows.FG.fields]\nshot = '('\n", "expression"),
    ],
)
def test_values_that_do_not_fit_together_are_told_with_the_file_that_set_one(
    tmp_path: Path, text: str, words: str
) -> None:
    report = refused(tmp_path, text)
    assert report.message.startswith(str(tmp_path / "onepiece.toml"))
    assert words in report.message


def test_values_that_fit_together_only_with_another_file_are_fine(tmp_path: Path) -> None:
    (tmp_path / "onepiece.toml").write_text("[publish]\nlease_seconds = 40\n")
    (tmp_path / ".onepiece").mkdir()
    (tmp_path / ".onepiece" / "onepiece.toml").write_text("[publish]\nrenew_seconds = 10\n")
    assert load_settings(ConfigSources(environ={}, home=tmp_path)).publish.lease_seconds == 40


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ONEPIECE_TRACKER_TIMEOUT_SECONDS", "soon"),
        ("ONEPIECE_TRACKER_TIMEOUT_SECONDS", "-1"),
        ("ONEPIECE_TRACKER_SETTLE_SECONDS", "nan"),
        ("ONEPIECE_SHOTGRID_URL", "ftp://x"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:8333"),
        ("AWS_ACCESS_KEY_ID", "lonely"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, value: str) -> None:
    assert name in refused(tmp_path, environ={name: value}).message


@pytest.mark.parametrize(
    ("text", "environ", "profile", "asker"),
    [
        ("default_profile = 'lab'\n", {}, None, "line 1"),
        ("", {"ONEPIECE_PROFILE": "lab"}, None, "ONEPIECE_PROFILE"),
        ("", {}, "lab", "command line"),
    ],
)
def test_a_missing_profile_tells_who_asked_and_what_there_is(
    tmp_path: Path, text: str, environ: dict[str, str], profile: str | None, asker: str
) -> None:
    (tmp_path / "onepiece.toml").write_text(f"{text}[profiles.studio]\n[profiles.sandbox]\n")
    with pytest.raises(ProfileMissing) as caught:
        load_settings(ConfigSources(environ=environ, home=tmp_path, profile=profile))
    assert asker in caught.value.report.message
    assert caught.value.report.context["known"] == ["sandbox", "studio"]


@pytest.mark.parametrize("text", ["profiles = 3\n", "[profiles]\nlab = 3\n", "default_profile = 3\n"])
def test_profiles_of_a_wrong_shape_are_refused(tmp_path: Path, text: str) -> None:
    assert "profile" in refused(tmp_path, text).message


def test_a_project_cannot_name_another_project(tmp_path: Path) -> None:
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "onepiece.toml").write_text("project_root = '/x'\n")
    with pytest.raises(ConfigError, match="project_root"):
        load_settings(ConfigSources(environ={}, home=tmp_path, project_root=tmp_path / "show"))
    assert "project_root" in refused(tmp_path, "[profiles.lab]\nproject_root = '/x'\n").message


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("[shotgrid]\nkey = ['hunter2-secret']\n", {}),
        ("[shotgrid]\nkey = { value = 'hunter2-secret' }\n", {}),
        ("[aws]\nsecret_access_key = ['hunter2-secret']\n", {}),
        ("[shotgrid]\nkee = 'hunter2-secret'\n", {}),
        ("[shotgrid]\nurl = 'https://me:hunter2-secret@studio.example.com'\n", {}),
        ("[shotgrid]\nurl = 3\nkey = 'hunter2-secret'\n", {}),
        ("", {"ONEPIECE_SHOTGRID_KEY": "hunter2-secret", "ONEPIECE_SHOTGRID_URL": "x"}),
        ("", {"AWS_ENDPOINT_URL": "http://me:hunter2-secret@x"}),
    ],
)
def test_an_error_never_shows_a_secret(tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    (tmp_path / "onepiece.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(ConfigSources(environ=environ, home=tmp_path))
    shown = [caught.value.report.model_dump_json(), str(caught.value), repr(caught.value.__cause__)]
    assert not any("hunter2" in part for part in shown)
