"""What talks to a sandbox says so; what would talk to half of one and half of a production writes nothing."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from onepiece_core.config import ConfigSources, Settings, load_settings
from onepiece_core.config.sandbox_use import find_sandbox_use, refuse_mixed
from onepiece_core.errors import SandboxMixed
from onepiece_server.sandbox import report
from onepiece_server.sandbox.files import State
from onepiece_server.sandbox.ports import PortBlock
from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Cli, Shot, run_cli

SITE, STORE = "https://studio.example.com", "https://s3.example.com"
PRODUCTION = {
    "ONEPIECE_SHOTGRID_URL": SITE,
    "ONEPIECE_SHOTGRID_SCRIPT": "pipeline",
    "ONEPIECE_SHOTGRID_KEY": "hush",
}
PRODUCTION_AWS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_REGION": "eu-west-1"}
MINIO = {"AWS_ENDPOINT_URL": "http://localhost:9000", "AWS_ACCESS_KEY_ID": "minio", "AWS_SECRET_ACCESS_KEY": "minio"}


class Machine:
    """A home whose sandbox has written its settings, and nothing running: what a command would do is known before."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.sandbox = folder / "sandbox"
        self.sandbox.mkdir()
        state = State()
        text = report.config_text(self.sandbox, state, PortBlock(12340))
        (self.sandbox / "onepiece.toml").write_text(text)
        self.exported = report.environment(self.sandbox, state, PortBlock(12340))

    def settings(self, env: dict[str, str] | None = None, *, profile: str | None = None, file: str = "") -> Settings:
        (self.home / "onepiece.toml").write_text(file)
        extra = (self.sandbox / "onepiece.toml",)
        return load_settings(ConfigSources(environ=env or {}, home=self.home, profile=profile, extra_files=extra))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def is_refused(settings: Settings) -> str | None:
    try:
        refuse_mixed(settings)
    except SandboxMixed as error:
        return error.report.message
    return None


class TestWhole:
    """All of a sandbox, or nothing of one: nobody is stopped."""

    def test_the_exported_variables(self, machine: Machine):
        use = find_sandbox_use(machine.settings(machine.exported))
        assert use is not None
        assert use.servers == {"ShotGrid": "http://127.0.0.1:12345", "S3": "http://127.0.0.1:12343"}
        assert (use.studio, use.mixed) == (machine.sandbox, ())

    def test_the_profile_on_the_command_line_whatever_is_exported(self, machine: Machine):
        others = {"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "token", "AWS_ENDPOINT_URL_S3": STORE}
        settings = machine.settings(PRODUCTION | PRODUCTION_AWS | others, profile="sandbox")
        use = find_sandbox_use(settings)
        assert use is not None
        assert (use.studio, use.mixed) == (machine.sandbox, ())
        assert (settings.aws.profile, settings.aws.session_token) == (None, None)
        assert is_refused(settings) is None

    def test_the_profile_named_by_a_variable(self, machine: Machine):
        settings = machine.settings({"ONEPIECE_PROFILE": "sandbox"})
        assert find_sandbox_use(settings) is not None
        assert is_refused(settings) is None

    @pytest.mark.parametrize("store", [{}, {"AWS_ENDPOINT_URL": STORE}, {"AWS_PROFILE": "prod"}, MINIO])
    def test_production_beside_a_sandbox(self, machine: Machine, store: dict[str, str]):
        """Also with a gateway or a MinIO on this machine: S3 on the loopback may be anybody's."""
        settings = machine.settings(PRODUCTION | store)
        assert find_sandbox_use(settings) is None
        assert is_refused(settings) is None

    def test_production_by_a_profile_where_a_sandbox_was_exported(self, machine: Machine):
        """Whole as well: the profile on the command line names both servers and their keys."""
        file = (
            f'[profiles.prod.shotgrid]\nurl = "{SITE}"\nscript = "a"\nkey = "b"\n'
            f'[profiles.prod.aws]\nendpoint_url = "{STORE}"\nprofile = "prod"\n'
        )
        settings = machine.settings(machine.exported, profile="prod", file=file)
        assert find_sandbox_use(settings) is None
        assert is_refused(settings) is None

    def test_a_sandboxs_shotgrid_with_a_minio_of_ones_own(self, machine: Machine):
        settings = machine.settings(machine.exported | MINIO)
        assert find_sandbox_use(settings) is not None
        assert is_refused(settings) is None

    def test_nothing_configured(self, machine: Machine):
        assert find_sandbox_use(machine.settings()) is None
        assert is_refused(machine.settings()) is None


class TestMixed:
    @pytest.mark.parametrize(
        ("env", "said"),
        [
            # ShotGrid is the sandbox's, S3 is not
            ({"AWS_ENDPOINT_URL_S3": STORE}, f"S3 is {STORE} (set by environment AWS_ENDPOINT_URL_S3)"),
            ({"AWS_ENDPOINT_URL": ""}, "S3 is that of AWS"),
            ({"AWS_ENDPOINT_URL": STORE}, f"S3 is {STORE}"),
            # S3 is the sandbox's, ShotGrid is not
            (PRODUCTION, f"ShotGrid is {SITE} (set by environment ONEPIECE_SHOTGRID_URL)"),
        ],
    )
    def test_a_production_variable_beside_the_exported_ones(self, machine: Machine, env: dict[str, str], said: str):
        assert said in (is_refused(machine.settings(machine.exported | env)) or "")

    def test_a_production_profile_that_names_only_one_server(self, machine: Machine):
        file = f'[profiles.prod.shotgrid]\nurl = "{SITE}"\n'
        assert f"ShotGrid is {SITE}" in (
            is_refused(machine.settings(machine.exported, profile="prod", file=file)) or ""
        )

    @pytest.mark.parametrize(
        ("env", "said"),
        [
            (PRODUCTION, f"ShotGrid is {SITE}"),
            ({"AWS_ENDPOINT_URL": STORE}, f"S3 is {STORE}"),
            (PRODUCTION | {"AWS_ENDPOINT_URL": STORE}, "the profile sandbox is in force"),
            ({"ONEPIECE_SHOTGRID_KEY": "hush"}, "shotgrid.key is set by environment ONEPIECE_SHOTGRID_KEY"),
            (PRODUCTION_AWS, "aws.access_key_id is set by environment AWS_ACCESS_KEY_ID"),
            ({"AWS_PROFILE": "prod"}, "aws.profile is set by environment AWS_PROFILE"),
        ],
    )
    def test_production_variables_that_beat_the_profile(self, machine: Machine, env: dict[str, str], said: str):
        """A profile named by a variable or a file is weaker than the environment."""
        message = is_refused(machine.settings({"ONEPIECE_PROFILE": "sandbox", **env}))
        assert said in (message or "")
        assert "hush" not in (message or "")

    @pytest.mark.parametrize(
        "url", [SITE, "https://127.0.0.1.example.com", "http://10.0.0.1", "http://localhost.example.com"]
    )
    def test_a_sandbox_profile_that_leads_elsewhere(self, machine: Machine, url: str):
        file = f'[profiles.sandbox.shotgrid]\nurl = "{url}"\n'
        assert f"ShotGrid is {url}" in (is_refused(machine.settings(profile="sandbox", file=file)) or "")

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:1", "http://127.9.9.9", "http://localhost:2", "http://[::1]:3", "http://sg.localhost"]
    )
    def test_every_way_to_write_this_machine(self, machine: Machine, url: str):
        assert "S3 is that of AWS" in (is_refused(machine.settings({"ONEPIECE_SHOTGRID_URL": url})) or "")

    def test_it_can_be_meant(self, machine: Machine):
        file = "[sandbox]\nallow_mixed = true\n"
        settings = machine.settings(machine.exported | {"AWS_ENDPOINT_URL": STORE}, file=file)
        assert is_refused(settings) is None
        use = find_sandbox_use(settings)
        assert use is not None
        assert use.mixed, "the banner still tells"


class TestSaid:
    def test_a_publish_names_the_sandbox_and_its_folder(self, shot: Shot, studio: SandboxReport):
        done = shot.publish()
        assert done.status == 0
        (line,) = done.err.splitlines()
        assert line.startswith(" SANDBOX ")
        for told in (studio.env["ONEPIECE_SHOTGRID_URL"], studio.env["AWS_ENDPOINT_URL"], studio.dir):
            assert told in line

    def test_under_json_the_result_says_it_and_stderr_stays_clean(self, shot: Shot):
        done = shot.publish("--json")
        assert (done.told["sandbox"], done.err) == (True, "")
        for words in (("info",), ("profile",), ("recover", "--list"), ("verify", done.told["s3_uri"])):
            again = shot.run(*words, "--json")
            assert (again.told["sandbox"], again.err) == (True, ""), words
        refused = shot.run("verify", "s3://my-bucket/no/such/package", "--json")
        assert refused.error["context"]["sandbox"] is True

    def test_production_is_never_called_a_sandbox(self, cli: Cli):
        done = cli("profile", env=PRODUCTION | PRODUCTION_AWS)
        assert "SANDBOX" not in done.out + done.err
        assert "sandbox" not in cli("profile", "--json", env=PRODUCTION | PRODUCTION_AWS).told

    def test_a_terminal_shows_it_in_colour(self, studio_env: dict[str, str], tmp_path: Path):
        controller, terminal = pty.openpty()
        words = [sys.executable, "-m", "onepiece_cli", "profile"]
        environ = {name: value for name, value in studio_env.items() if name != "NO_COLOR"}
        with subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL, stderr=terminal, cwd=tmp_path):
            os.close(terminal)
            seen = b""
            while select.select([controller], [], [], 30)[0]:
                try:
                    piece = os.read(controller, 4096)
                except OSError:  # Linux: the other end was closed
                    break
                if not piece:
                    break
                seen += piece
        os.close(controller)
        assert b"\x1b[" in seen
        assert b" SANDBOX " in seen

    def test_half_a_sandbox_is_shown_and_nothing_is_written(self, shot: Shot):
        production = {"ONEPIECE_SHOTGRID_URL": "https://studio.example.com"}
        for words in ((), ("--dry-run",)):
            done = shot.publish("--json", *words, env=production)
            assert (done.status, done.error["code"]) == (13, "sandbox.mixed")
            assert done.error["context"]["mixed"] == [
                "ShotGrid is https://studio.example.com (set by environment ONEPIECE_SHOTGRID_URL)"
            ]
        assert not Path(shot.env["ONEPIECE_STATE_DIR"]).exists(), "not even a journal"
        shot.assert_nothing_is_left()
        assert shot.run("recover", "--json", **production).error["code"] == "sandbox.mixed"
        shown = shot.run("profile", **production)
        assert shown.status == 0
        assert "; BUT ShotGrid is https://studio.example.com" in shown.err

    def test_a_person_reads_what_to_do(self, shot: Shot):
        done = shot.publish(env={"AWS_ENDPOINT_URL": "https://s3.example.com"})
        assert done.status == 13
        assert "code:  sandbox.mixed" in done.err
        assert "allow_mixed = true" in done.err
        (shot.root / "onepiece.toml").write_text("[sandbox]\nallow_mixed = true\n")
        told = json.loads(
            run_cli({**shot.env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "profile", "--json", cwd=shot.root).out
        )
        assert told["settings"]["sandbox"]["allow_mixed"] is True
