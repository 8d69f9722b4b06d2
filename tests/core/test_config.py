"""Which layer wins, and where each value came from."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.config import ConfigSources, Settings, load_settings
from onepiece_core.context import Context

ENVIRONMENT = {
    "ONEPIECE_SHOTGRID_URL": "https://studio.example.com",
    "ONEPIECE_SHOTGRID_SCRIPT": "pipeline",
    "ONEPIECE_SHOTGRID_KEY": "tracker-secret",
    "AWS_ACCESS_KEY_ID": "AKENV",
    "AWS_SECRET_ACCESS_KEY": "env-secret",
    "AWS_SESSION_TOKEN": "env-token",
}


@dataclass
class Machine:
    """Folders of one user on one machine, and how to load settings there."""

    home: Path
    project: Path
    workspace: Path
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def load(self, **more: Any) -> Settings:
        given = {"environ": self.environ, "home": self.home, "workspace": self.workspace, **more}
        return load_settings(ConfigSources(**given))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folders = [tmp_path / "home", tmp_path / "show", tmp_path / "show" / "ep010" / "work"]
    for folder in folders:
        folder.mkdir(parents=True)
    return Machine(*folders, {"ONEPIECE_PROJECT_ROOT": str(folders[1])})


def timeout(settings: Settings) -> float:
    return settings.tracker.timeout_seconds


def test_without_any_file_the_built_in_values_hold(machine: Machine) -> None:
    settings = machine.load()
    assert timeout(settings) == 20
    assert {name: context.bucket for name, context in settings.contexts.items()} == {
        "vendor_in": "vendor-in",
        "vendor_out": "vendor-out",
        "client_in": "client-in",
        "client_out": "client-out",
    }
    assert settings.sources["tracker.timeout_seconds"] == "default"
    assert settings.files == ()


def test_each_layer_beats_the_one_before(machine: Machine, tmp_path: Path) -> None:
    def set_to(seconds: int) -> str:
        return f"[tracker]\ntimeout_seconds = {seconds}\n"

    layers: list[tuple[Path, float]] = []
    extra = tmp_path / "sandbox" / "onepiece.toml"
    places = [
        extra,
        machine.home / ".config" / "onepiece" / "onepiece.toml",
        machine.home / ".onepiece" / "onepiece.toml",
        machine.home / "onepiece.toml",
        machine.project / "onepiece.toml",
        machine.project / ".onepiece" / "onepiece.toml",
        machine.project / "ep010" / "onepiece.toml",
        machine.workspace / "onepiece.toml",
    ]
    for seconds, path in enumerate(places, start=1):
        machine.write(path, set_to(seconds))
        settings = machine.load(extra_files=(extra,))
        layers.append((settings.files[-1], timeout(settings)))
        assert settings.sources["tracker.timeout_seconds"] == str(path)
    assert layers == [(path, seconds) for seconds, path in enumerate(places, start=1)]

    profile = 'default_profile = "base"\n[profiles.base.tracker]\ntimeout_seconds = 50\n'
    machine.write(extra, f"{profile}[profiles.named.tracker]\ntimeout_seconds = 70\n")
    settings = machine.load(extra_files=(extra,))
    assert (timeout(settings), settings.profile) == (50, "base")
    assert settings.sources["tracker.timeout_seconds"] == f"{extra} (profile base)"

    machine.environ["ONEPIECE_TRACKER_TIMEOUT_SECONDS"] = "60"
    settings = machine.load(extra_files=(extra,))
    assert timeout(settings) == 60
    assert settings.sources["tracker.timeout_seconds"] == "environment ONEPIECE_TRACKER_TIMEOUT_SECONDS"

    settings = machine.load(extra_files=(extra,), profile="named")
    assert (timeout(settings), settings.profile) == (70, "named")

    settings = machine.load(extra_files=(extra,), profile="named", overrides={"tracker": {"timeout_seconds": 80}})
    assert timeout(settings) == 80
    assert settings.sources["tracker.timeout_seconds"] == "command line"


def test_tables_are_merged_and_not_replaced(machine: Machine) -> None:
    machine.write(
        machine.home / "onepiece.toml", '[contexts.vendor_in]\nprefix = "drops"\n[contexts.lab]\nbucket = "lab-1"\n'
    )
    machine.write(machine.project / "onepiece.toml", '[contexts.lab]\nprefix = "fg/"\n')
    settings = machine.load()
    assert (settings.contexts["vendor_in"].bucket, settings.contexts["vendor_in"].prefix) == ("vendor-in", "drops")
    assert (settings.contexts["lab"].bucket, settings.contexts["lab"].prefix) == ("lab-1", "fg")
    assert settings.sources["contexts.vendor_in.bucket"] == "default"
    assert settings.sources["contexts.lab.prefix"] == str(machine.project / "onepiece.toml")


def test_every_value_has_a_source(machine: Machine) -> None:
    machine.write(machine.home / "onepiece.toml", '[commands.dcc.publish]\nbucket = "b"\n[roots]\nprojects = "/p"\n')
    machine.environ.update(ENVIRONMENT)
    settings = machine.load()

    def leaves(data: Mapping[str, Any], above: str = "") -> list[str]:
        return [
            leaf
            for name, value in data.items()
            for leaf in (leaves(value, f"{above}{name}.") if isinstance(value, dict) and value else [above + name])
        ]

    assert sorted(leaves(settings.values())) == sorted(settings.sources)


def test_a_profile_is_merged_from_every_file_that_holds_it(machine: Machine) -> None:
    machine.write(machine.home / "onepiece.toml", '[profiles.lab.aws]\nregion = "eu-west-1"\nprofile = "lab"\n')
    machine.write(machine.project / "onepiece.toml", '[profiles.lab.aws]\nregion = "us-east-1"\n[profiles.other]\n')
    settings = machine.load(profile="lab")
    assert (settings.aws.region, settings.aws.profile) == ("us-east-1", "lab")
    assert settings.sources["aws.profile"] == f"{machine.home / 'onepiece.toml'} (profile lab)"
    assert settings.profiles == ("lab", "other")


def test_the_environment_may_choose_the_profile_but_stays_above_it(machine: Machine) -> None:
    machine.write(
        machine.home / "onepiece.toml", '[profiles.lab]\nstate_dir = "/lab"\n[profiles.lab.aws]\nregion = "lab-1"\n'
    )
    machine.environ.update(ONEPIECE_PROFILE="lab", AWS_REGION="env-1")
    settings = machine.load()
    assert (settings.profile, settings.aws.region, settings.state_dir) == ("lab", "env-1", Path("/lab"))


def test_a_profile_named_on_the_command_line_takes_the_place_of_the_default_one(machine: Machine) -> None:
    text = 'default_profile = "prod"\n[profiles.prod.contexts.vendor_in]\nbucket = "real"\n[profiles.sandbox]\n'
    machine.write(machine.home / "onepiece.toml", text)
    assert machine.load().contexts["vendor_in"].bucket == "real"
    assert machine.load(profile="sandbox").contexts["vendor_in"].bucket == "vendor-in"


def test_a_sandbox_named_on_the_command_line_never_meets_production_credentials(machine: Machine) -> None:
    text = """
    [profiles.sandbox.shotgrid]
    url = "http://127.0.0.1:8000"
    script = "sandbox"
    key = "sandbox-key"
    [profiles.sandbox.aws]
    endpoint_url = "http://127.0.0.1:8333/"
    access_key_id = "AKSANDBOX"
    secret_access_key = "sandbox-secret"
    """
    machine.write(machine.home / "onepiece.toml", text)
    machine.environ.update(ENVIRONMENT, AWS_PROFILE="production", AWS_ENDPOINT_URL="https://s3.example.com")
    settings = machine.load(profile="sandbox")
    aws = settings.aws
    assert (aws.access_key_id, aws.endpoint_url) == ("AKSANDBOX", "http://127.0.0.1:8333")
    assert aws.secret_access_key is not None
    assert aws.secret_access_key.get_secret_value() == "sandbox-secret"
    assert (aws.profile, aws.session_token) == (None, None)
    assert settings.sources["aws.profile"] == settings.sources["aws.access_key_id"], "who took it away"
    assert settings.shotgrid.url == "http://127.0.0.1:8000"


def test_an_aws_profile_from_the_command_line_replaces_keys_of_the_environment(machine: Machine) -> None:
    machine.environ.update(ENVIRONMENT)
    aws = machine.load(overrides={"aws": {"profile": "studio-prod"}}).aws
    assert (aws.profile, aws.access_key_id, aws.secret_access_key, aws.session_token) == (
        "studio-prod",
        None,
        None,
        None,
    )


def test_keys_and_a_profile_of_one_layer_stay_together(machine: Machine) -> None:
    machine.environ.update(ENVIRONMENT, AWS_PROFILE="production")
    aws = machine.load().aws
    assert (aws.profile, aws.access_key_id) == ("production", "AKENV")


def test_the_secret_of_a_key_may_come_from_a_later_layer(machine: Machine) -> None:
    machine.write(machine.home / "onepiece.toml", '[aws]\naccess_key_id = "AKFILE"\n')
    machine.environ["AWS_SECRET_ACCESS_KEY"] = "env-secret"
    aws = machine.load().aws
    assert aws.access_key_id == "AKFILE"
    assert aws.secret_access_key is not None


@pytest.mark.parametrize(
    ("variables", "region", "endpoint"),
    [
        ({"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, "a", None),
        ({"AWS_DEFAULT_REGION": "b"}, "b", None),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "b"}, "b", None),
        ({"AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_S3": "http://y"}, None, "http://y"),
    ],
)
def test_aws_variables_mean_what_they_mean_to_aws(
    machine: Machine, variables: dict[str, str], region: str | None, endpoint: str | None
) -> None:
    machine.environ.update(variables)
    aws = machine.load().aws
    assert (aws.region, aws.endpoint_url) == (region, endpoint)


def test_an_empty_text_takes_a_value_away(machine: Machine) -> None:
    machine.write(machine.home / "onepiece.toml", '[aws]\nprofile = "lab"\nendpoint_url = "http://x"\n')
    machine.write(machine.project / "onepiece.toml", '[aws]\nprofile = ""\nendpoint_url = ""\n')
    settings = machine.load()
    assert (settings.aws.profile, settings.aws.endpoint_url) == (None, None)
    assert settings.sources["aws.profile"] == str(machine.project / "onepiece.toml")


def test_secrets_are_masked_wherever_settings_are_shown(machine: Machine) -> None:
    machine.environ.update(ENVIRONMENT)
    settings = machine.load()
    assert settings.shotgrid.is_complete
    shown = [
        str(settings),
        repr(settings),
        json.dumps(settings.values()),
        settings.model_dump_json(),
        str(settings.sources),
    ]
    for text in shown:
        assert "tracker-secret" not in text
        assert "env-secret" not in text
        assert "env-token" not in text
    assert "**********" in shown[2]


def test_paths_in_a_file_start_at_the_file_and_tilde_is_home(machine: Machine) -> None:
    text = """
    state_dir = "state"
    [sandbox]
    dir = "~/box"
    [roots]
    projects = "../mnt"
    cache = {linux = "/c", windows = 'P:\\c'}
    """
    machine.write(machine.home / ".onepiece" / "onepiece.toml", text)
    settings = machine.load()
    assert settings.state_dir == machine.home / ".onepiece" / "state"
    assert settings.sandbox.dir == machine.home / "box"
    assert settings.roots_for("linux") == {"projects": machine.home / "mnt", "cache": Path("/c")}
    assert settings.roots_for("windows")["cache"] == Path("P:\\c")
    assert "cache" not in settings.roots_for("macos")


def test_paths_in_the_environment_start_at_the_working_folder(machine: Machine) -> None:
    machine.environ["ONEPIECE_STATE_DIR"] = "state"
    assert machine.load(folder=Path("/somewhere")).state_dir == Path("/somewhere/state")
    assert machine.load().state_dir == machine.workspace / "state"


def test_an_empty_path_takes_a_path_away(machine: Machine) -> None:
    machine.write(machine.home / "onepiece.toml", 'state_dir = "/x"\n')
    machine.write(machine.project / "onepiece.toml", 'state_dir = ""\n')
    assert machine.load().state_dir is None


def test_a_workspace_outside_the_project_is_searched_up_to_the_top(machine: Machine, tmp_path: Path) -> None:
    machine.write(tmp_path / "onepiece.toml", "[publish]\njobs = 3\n")
    (tmp_path / "other" / "deep").mkdir(parents=True)
    assert machine.load(workspace=tmp_path / "other" / "deep").publish.jobs == 3
    assert machine.load().publish.jobs == 0, "above the project's root nothing is looked for"


def test_one_file_is_one_layer_also_when_it_is_found_twice(machine: Machine) -> None:
    path = machine.write(machine.home / "onepiece.toml", "[publish]\njobs = 3\n")
    (machine.home / "work").mkdir()
    assert machine.load(workspace=machine.home / "work").files == (path,)


def test_the_users_file_may_name_the_project(machine: Machine) -> None:
    del machine.environ["ONEPIECE_PROJECT_ROOT"]
    machine.write(machine.home / "onepiece.toml", f'project_root = "{machine.project}"\n')
    machine.write(machine.project / "onepiece.toml", "[publish]\njobs = 3\n")
    settings = machine.load(workspace=None)
    assert (settings.publish.jobs, settings.project_root) == (3, machine.project)


def test_the_project_given_by_the_caller_beats_the_environment(machine: Machine, tmp_path: Path) -> None:
    machine.write(tmp_path / "second" / "onepiece.toml", "[publish]\njobs = 4\n")
    assert machine.load(project_root=tmp_path / "second").publish.jobs == 4
    assert machine.load(project_root=machine.project).sources["project_root"] == "environment ONEPIECE_PROJECT_ROOT"


def test_a_project_that_is_not_mounted_is_a_warning(machine: Machine) -> None:
    machine.environ["ONEPIECE_PROJECT_ROOT"] = "/not/mounted"
    warnings = machine.load().warnings
    assert [warning.code for warning in warnings] == ["config.project_root_missing"]
    assert "/not/mounted" in warnings[0].message


def test_a_file_planted_where_everybody_can_write_is_ignored(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = machine.write(
        machine.project / "ep010" / "onepiece.toml", '[aws]\nendpoint_url = "http://evil.example.com"\n'
    )
    assert machine.load().aws.endpoint_url == "http://evil.example.com"
    planted.parent.chmod(0o1777)
    assert machine.load().aws.endpoint_url == "http://evil.example.com", "the user's own file is trusted"
    if os.geteuid() == 0:
        os.chown(planted, 65534, 65534)
    else:
        monkeypatch.setattr(os, "getuid", lambda: planted.stat().st_uid + 1)
    settings = machine.load()
    assert settings.aws.endpoint_url is None
    assert [warning.code for warning in settings.warnings] == ["config.file_ignored"]


def test_command_tables_are_kept_for_the_front_end(machine: Machine) -> None:
    text = (
        '[commands.dcc.publish]\nbucket = "a"\nshow-type = "vfx"\n[profiles.lab.commands.dcc.publish]\nbucket = "lab"\n'
    )
    machine.write(machine.home / "onepiece.toml", text)
    assert machine.load().commands["dcc"]["publish"] == {"bucket": "a", "show-type": "vfx"}
    assert machine.load(profile="lab").commands["dcc"]["publish"] == {"bucket": "lab", "show-type": "vfx"}


def test_a_show_may_differ_from_the_common_naming(machine: Machine) -> None:
    text = """
    [naming.fields]
    vendor = "[A-Z]{3}"
    [naming.shows.AGM]
    scene = "{show}_{shot}_{vendor}_v{version}"
    fields = { shot = '\\d{3}' }
    """
    machine.write(machine.project / "onepiece.toml", text)
    naming = machine.load().naming
    assert naming.convention("AGM").parse_scene("AGM_010_NFX_v001") == Context(show="AGM", shot="010", version=1)
    assert naming.convention("FG").parse_scene("FG_ep010_sc02_0010_comp_v004") is not None
    assert naming.convention().parse_scene("AGM_010_NFX_v001") is None


def test_a_file_with_a_byte_order_mark_or_windows_lines_is_read(machine: Machine) -> None:
    (machine.home / "onepiece.toml").write_bytes(b"\xef\xbb\xbf[publish]\r\njobs = 3\r\n")
    assert machine.load().publish.jobs == 3


def test_a_table_may_replace_a_root_of_one_path(machine: Machine) -> None:
    machine.write(machine.home / "onepiece.toml", '[roots]\nprojects = "/p"\n')
    machine.write(machine.project / "onepiece.toml", '[roots.projects]\nlinux = "/q"\n')
    settings = machine.load()
    assert settings.roots_for("linux") == {"projects": Path("/q")}
    assert settings.roots_for("macos") == {"projects": Path("/p")}


def test_settings_are_frozen(machine: Machine) -> None:
    with pytest.raises(ValueError, match="frozen"):
        machine.load().tracker.timeout_seconds = 1  # type: ignore[misc]


def test_settings_can_be_sent_to_another_process(machine: Machine) -> None:
    settings = machine.load()
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_loading_reads_nothing_but_what_it_was_given(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("ONEPIECE_TRACKER_TIMEOUT_SECONDS", "99")
    monkeypatch.setenv(
        "HOME", str(machine.write(tmp_path_factory.mktemp("h") / "onepiece.toml", "[publish]\njobs=9\n").parent)
    )
    settings = machine.load()
    assert (timeout(settings), settings.publish.jobs) == (20, 0)
