"""Which settings are in force, as ``profile``, ``info`` and the commands see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Cli, Shot

FILE = """
[shotgrid]
script = "from the file"

[profiles.studio.shotgrid]
url = "https://studio.example.com"
key = "canary-file"

[profiles.studio.aws]
access_key_id = "STUDIOKEY"
secret_access_key = "canary-secret"
"""


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    path = tmp_path / "onepiece.toml"
    path.write_text(FILE)
    return path


def test_a_profile_of_the_command_line_beats_the_environment(cli: Cli, configured: Path):
    env = {"ONEPIECE_SHOTGRID_URL": "https://environment.example.com", "AWS_PROFILE": "production"}
    told = cli("--config-profile", "studio", "profile", "--json", "--show-sources", env=env).told
    assert told["settings"]["shotgrid"]["url"] == "https://studio.example.com"
    assert told["settings"]["aws"]["profile"] is None, "keys of the profile and AWS_PROFILE exclude each other"
    assert told["sources"]["shotgrid.url"] == f"{configured} (profile studio)"
    assert told["profile"] == "studio"


def test_a_profile_of_the_environment_does_not(cli: Cli, configured: Path):
    env = {"ONEPIECE_PROFILE": "studio", "ONEPIECE_SHOTGRID_URL": "https://environment.example.com"}
    told = cli("profile", "--json", "--show-sources", env=env).told
    assert told["settings"]["shotgrid"]["url"] == "https://environment.example.com"
    assert told["sources"]["shotgrid.url"] == "environment ONEPIECE_SHOTGRID_URL"
    assert told["settings"]["aws"]["access_key_id"] == "STUDIOKEY"


def test_profile_of_a_command_is_the_aws_profile(cli: Cli, configured: Path, tmp_path: Path):
    aws = tmp_path / "aws"
    aws.write_text("[profile review]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9\n")
    (tmp_path / "keys").write_text("[review]\naws_access_key_id = REVIEWKEY\naws_secret_access_key = x\n")
    env = {"AWS_CONFIG_FILE": str(aws), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "keys")}
    told = cli("--config-profile", "studio", "info", "--profile", "review", "--json", env=env).told
    assert told["config"]["profile"] == "studio"
    assert told["aws"]["settings"]["profile"] == "review"
    assert told["aws"]["settings"]["access_key_id"] is None, "the command line wins over the keys of the profile"
    assert "127.0.0.1:9" in told["aws"]["check"]["message"]


def test_profiles_are_listed_and_the_one_in_force_is_marked(cli: Cli, configured: Path):
    assert cli("profile", "--list").out == "  studio\n"
    assert cli("--config-profile", "studio", "profile", "--list").out == "* studio\n"


def test_secrets_are_masked_and_sources_shown(cli: Cli, configured: Path):
    for words in ((), ("--show-sources",), ("--json",)):
        done = cli("--config-profile", "studio", "profile", *words)
        assert done.status == 0
        assert "canary" not in done.out + done.err
        assert "STUDIOKEY" in done.out
    env = {"ONEPIECE_SHOTGRID_URL": "https://me:canary-word@site.example.com"}
    assert "canary-word" not in cli("profile", env=env).out + cli("info", env=env).out


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("[shotgrid\n", "config.invalid", "line 1"),
        ('[shotgrid]\nulr = "x"\n', "config.invalid", "shotgrid.ulr"),
        ('default_profile = "gone"\n', "config.profile_missing", "gone"),
        ("[publish]\njobs = 'many'\n", "config.invalid", "publish.jobs"),
        ("[commands.verify]\nprofil = 'x'\n", None, ""),
    ],
)
def test_a_file_that_is_wrong_is_named_with_the_place(
    text: str, code: str | None, words: str, cli: Cli, configured: Path
):
    configured.write_text(text)
    done = cli("profile", "--json")
    if code is None:  # a command's own table is checked when the command runs
        assert done.status == 0
        done, code, words = cli("verify", "x", "--json"), "config.invalid", "profil"
    assert (done.status, done.error["code"]) == (4, code)
    assert words in done.error["message"]
    assert str(configured) in done.error["message"]


def test_a_profile_nobody_has_names_those_that_exist(cli: Cli, configured: Path):
    done = cli("--config-profile", "stduio", "profile", "--json")
    assert (done.status, done.error["code"]) == (4, "config.profile_missing")
    assert "studio" in done.error["message"]


def test_options_may_have_their_values_in_a_file(shot: Shot):
    table = '[commands.dcc.publish]\nshow-type = "prod"\nbucket = "client_out"\ndry_run = true\njson = true\n'
    (shot.root / "onepiece.toml").write_text(table)
    told = shot.publish(bucket=None).told
    assert told["s3_uri"] == f"s3://client-out/prod/FG/{shot.name}"
    assert shot.publish(bucket="my-bucket").told["s3_uri"] == f"s3://my-bucket/prod/FG/{shot.name}"


def test_info_asks_both_servers(shot: Shot, studio: SandboxReport):
    told = shot.run("info", "--json").told
    assert told["shotgrid"]["check"]["ok"] is True
    assert told["aws"]["check"]["ok"] is True
    assert set(told["aws"]["found"]["buckets"]) >= {"my-bucket", "vendor-in"}
    assert told["python"]["executable"]
    assert {extra["name"]: extra["ok"] for extra in told["extras"]} == dict.fromkeys(
        ("media", "sandbox", "server", "panels", "scenes", "crt"), True
    )
    assert {dcc["name"] for dcc in told["dccs"]} == {"maya", "nuke", "houdini", "blender"}
    shown = shot.run("info")
    assert studio.env["ONEPIECE_SHOTGRID_URL"] in shown.out
    assert shown.err.startswith(" SANDBOX ")


@pytest.mark.parametrize(
    ("env", "service", "code"),
    [
        ({"ONEPIECE_SHOTGRID_KEY": "wrong"}, "shotgrid", "tracker.denied"),
        ({"ONEPIECE_SHOTGRID_URL": "http://127.0.0.1:9"}, "shotgrid", "tracker.unavailable"),
        ({"ONEPIECE_SHOTGRID_SCRIPT": ""}, "shotgrid", "tracker.not_configured"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "aws", "storage.access_denied"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "aws", "storage.unavailable"),
    ],
)
def test_info_says_what_is_wrong_and_ends_well(shot: Shot, env: dict[str, str], service: str, code: str):
    done = shot.run("info", "--json", **env)
    assert (done.status, done.err) == (0, "")
    check = done.told[service]["check"]
    assert (check["ok"], check["code"]) == (False, code)
    assert check["hint"]


def test_info_without_any_configuration(cli: Cli):
    told = cli("info", "--json").told
    assert [told[name]["check"]["ok"] for name in ("shotgrid", "aws")] == [None, None]
    shown = cli("info").out
    assert "ONEPIECE_SHOTGRID_URL" in shown, "the hint says what to set"


def test_info_with_settings_that_cannot_be_read(cli: Cli, configured: Path, tmp_path: Path):
    configured.write_text("[nonsense")
    (tmp_path / "file").write_text("")
    done = cli("info", "--json", env={"ONEPIECE_STATE_DIR": str(tmp_path / "file" / "state")})
    assert done.status == 0
    assert done.told["config"]["check"]["code"] == "config.invalid"
    assert done.told["state"]["check"]["ok"] is False
    assert done.told["shotgrid"]["check"]["ok"] is False


def test_a_missing_extra_is_told_with_what_it_costs(cli: Cli, tmp_path: Path):
    """Python takes a module that is None for one that is not installed."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['OpenImageIO'] = sys.modules['Qt'] = None\n")
    env = {"PYTHONPATH": str(tmp_path)}
    extras = {extra["name"]: extra for extra in cli("info", "--json", env=env).told["extras"]}
    assert extras["media"]["missing"] == ["OpenImageIO"]
    assert "thumbnails" in extras["media"]["costs"]
    assert 'pip install "onepiece-pipeline[media]"' in cli("info", env=env).out


def test_the_sandboxes_profile_is_found_by_itself(cli: Cli, studio: SandboxReport):
    production = {"ONEPIECE_SHOTGRID_URL": "https://production.example.com", "AWS_PROFILE": "production"}
    env = {**production, "ONEPIECE_SANDBOX_DIR": studio.dir}
    done = cli("--config-profile", "sandbox", "info", env=env)
    assert studio.env["ONEPIECE_SHOTGRID_URL"] in done.out
    assert "production" not in done.out
    assert done.err.startswith(" SANDBOX ")
    told = cli("--config-profile", "sandbox", "info", "--json", env=env)
    assert (json.loads(told.out)["aws"]["check"]["ok"], told.err) == (True, "")
