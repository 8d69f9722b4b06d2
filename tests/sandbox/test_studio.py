"""The sandbox studio: real servers, started, asked, killed and stopped."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from onepiece_core.errors import SandboxDown, SandboxError
from onepiece_core.process_mark import ProcessMark
from onepiece_server.sandbox import studio as sandbox
from onepiece_server.sandbox.ports import PortBlock, claimed_block
from onepiece_server.sandbox.report import SandboxReport

BUCKETS = ["client-in", "client-out", "my-bucket", "studio-prod-data", "vendor-in", "vendor-out"]


def s3(report: SandboxReport, **other: str):
    env = {**report.env, **other}
    return boto3.client(
        "s3",
        endpoint_url=env["AWS_ENDPOINT_URL"],
        region_name=env["AWS_REGION"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 1}),
    )


def shotgrid(report: SandboxReport, key: str | None = None):
    import shotgun_api3

    url, script = report.env["ONEPIECE_SHOTGRID_URL"], report.env["ONEPIECE_SHOTGRID_SCRIPT"]
    return shotgun_api3.Shotgun(url, script, key or report.env["ONEPIECE_SHOTGRID_KEY"])


def pids(report: SandboxReport) -> list[int]:
    return [server.pid for server in report.servers if server.pid]


def with_argument(text: str) -> list[psutil.Process]:
    """Processes that name ``text`` somewhere on their command line."""
    found = []
    for process in psutil.process_iter():
        try:
            found += [process] if any(text in argument for argument in process.cmdline()) else []
        except psutil.Error:
            continue
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A place for a studio, which is stopped afterwards."""
    yield tmp_path / "studio"
    sandbox.down(tmp_path / "studio", grace_seconds=0)
    assert with_argument(str(tmp_path)) == []


class TestRunning:
    def test_boto3_finds_the_buckets(self, studio: SandboxReport):
        assert sorted(bucket["Name"] for bucket in s3(studio).list_buckets()["Buckets"]) == BUCKETS

    def test_shotgun_api3_finds_the_show(self, studio: SandboxReport):
        found = shotgrid(studio).find_one("Project", [["name", "is", "Frost Giant"]], ["id", "name"])
        assert found is not None
        assert found["name"] == "Frost Giant"

    def test_the_variables_alone_are_enough(self, studio_env: dict[str, str]):
        script = (
            "import os, boto3, shotgun_api3\n"
            "print(len(boto3.client('s3').list_buckets()['Buckets']))\n"
            "names = ('URL', 'SCRIPT', 'KEY')\n"
            "sg = shotgun_api3.Shotgun(*(os.environ['ONEPIECE_SHOTGRID_' + name] for name in names))\n"
            "print(len(sg.find('Project', [['name', 'is', 'Frost Giant']])))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], env=studio_env, capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == ["6", "1"]

    def test_wrong_keys_are_refused(self, studio: SandboxReport):
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            s3(studio, AWS_SECRET_ACCESS_KEY="wrong").list_buckets()
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            s3(studio, AWS_ACCESS_KEY_ID="wrong").list_buckets()
        with pytest.raises(Exception, match=r"(?i)authenticat"):
            shotgrid(studio, key="wrong").find_one("Project", [])

    def test_buckets_are_not_made_by_writing_to_them(self, studio: SandboxReport):
        with pytest.raises(ClientError, match="NoSuchBucket"):
            s3(studio).put_object(Bucket="typed-wrongly", Key="a", Body=b"")

    def test_a_conditional_write_has_one_winner(self, studio: SandboxReport):
        def put(body: int) -> bool:
            try:
                s3(studio).put_object(Bucket="my-bucket", Key="race", Body=str(body).encode(), IfNoneMatch="*")
            except ClientError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(put, range(8))) == 1

    def test_it_listens_on_the_loopback_alone(self, studio: SandboxReport):
        for pid in pids(studio):
            listening = [c.laddr.ip for c in psutil.Process(pid).net_connections("inet") if c.status == "LISTEN"]
            assert listening
            assert set(listening) == {"127.0.0.1"}

    def test_no_key_stands_on_a_command_line_or_in_a_log(self, studio: SandboxReport):
        secrets = [studio.env["ONEPIECE_SHOTGRID_KEY"], studio.env["AWS_SECRET_ACCESS_KEY"]]
        commands = [" ".join(psutil.Process(pid).cmdline()) for pid in pids(studio)]
        logs = [Path(server.log).read_text(errors="replace") for server in studio.servers]
        assert len(commands) == len(logs) == 2
        assert not any(secret in text for secret in secrets for text in commands + logs)

    def test_what_holds_keys_is_for_its_owner_alone(self, studio: SandboxReport):
        folder = Path(studio.dir)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        secrets = [studio.env["ONEPIECE_SHOTGRID_KEY"], studio.env["AWS_SECRET_ACCESS_KEY"]]
        holding = [
            path
            for path in folder.iterdir()
            if path.is_file() and any(secret in path.read_text() for secret in secrets)
        ]
        assert {path.name for path in holding} == {"onepiece.toml", "sandbox.json", "s3.json", "shotgrid.key"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}

    def test_the_written_profile_says_what_the_variables_say(self, studio: SandboxReport):
        profile = tomllib.loads(Path(studio.config).read_text())["profiles"]["sandbox"]
        assert profile["shotgrid"] == {
            "url": studio.env["ONEPIECE_SHOTGRID_URL"],
            "script": studio.env["ONEPIECE_SHOTGRID_SCRIPT"],
            "key": studio.env["ONEPIECE_SHOTGRID_KEY"],
        }
        assert profile["aws"]["endpoint_url"] == studio.env["AWS_ENDPOINT_URL"]
        assert profile["aws"]["secret_access_key"] == studio.env["AWS_SECRET_ACCESS_KEY"]
        assert profile["contexts"]["vendor_in"] == {"bucket": "vendor-in", "prefix": ""}

    def test_starting_it_again_changes_nothing(self, studio: SandboxReport):
        again = sandbox.up(Path(studio.dir))
        assert (pids(again), again.env) == (pids(studio), studio.env)


class TestFresh:
    def test_nothing_is_published_yet(self, fresh_studio: SandboxReport):
        for bucket in BUCKETS:
            assert s3(fresh_studio).list_objects_v2(Bucket=bucket)["KeyCount"] == 0
        assert shotgrid(fresh_studio).find("Version", []) == []
        assert shotgrid(fresh_studio).find("Playlist", []) == []

    def test_reset_brings_that_back_at_the_same_address(self, fresh_studio: SandboxReport):
        s3(fresh_studio).put_object(Bucket="my-bucket", Key="a", Body=b"a")
        project = shotgrid(fresh_studio).find_one("Project", [["name", "is", "Frost Giant"]])
        shotgrid(fresh_studio).create("Version", {"project": project, "code": "FG_v001"})

        again = sandbox.reset(Path(fresh_studio.dir))

        assert again.env == fresh_studio.env
        assert s3(again).list_objects_v2(Bucket="my-bucket")["KeyCount"] == 0
        assert shotgrid(again).find("Version", []) == []


class TestStartAndStop:
    def test_content_address_and_keys_outlive_a_stop(self, folder: Path):
        first = sandbox.up(folder)
        s3(first).put_object(Bucket="my-bucket", Key="kept", Body=b"kept")
        assert sorted(sandbox.down(folder)) == sorted(pids(first))
        assert not any(psutil.pid_exists(pid) for pid in pids(first))
        assert sandbox.status(folder).running is False

        second = sandbox.up(folder)
        assert second.env == first.env
        assert s3(second).get_object(Bucket="my-bucket", Key="kept")["Body"].read() == b"kept"

    def test_servers_killed_by_a_crash_are_started_again(self, folder: Path):
        first = sandbox.up(folder)
        project = shotgrid(first).find_one("Project", [["name", "is", "Frost Giant"]])
        made = shotgrid(first).create("Version", {"project": project, "code": "FG_v001"})
        s3(first).put_object(Bucket="my-bucket", Key="kept", Body=b"kept")
        for pid in pids(first):
            os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid) for pid in pids(first) if psutil.pid_exists(pid)], timeout=10)

        with pytest.raises(SandboxDown):
            sandbox.env(folder)
        second = sandbox.up(folder)

        assert second.env == first.env
        assert shotgrid(second).find_one("Version", [["code", "is", "FG_v001"]])["id"] == made["id"]
        assert s3(second).get_object(Bucket="my-bucket", Key="kept")["Body"].read() == b"kept"

    def test_half_a_studio_is_made_whole(self, folder: Path):
        first = sandbox.up(folder)
        gone = psutil.Process(first.servers[0].pid)
        gone.kill()
        gone.wait(10)
        found = sandbox.status(folder)
        assert [server.answers for server in found.servers] == [False, True]
        assert found.running is False
        assert sandbox.up(folder).running is True

    def test_it_outlives_the_command_that_started_it_and_its_terminal(self, folder: Path):
        script = (
            f"from pathlib import Path; from onepiece_server.sandbox import studio; studio.up(Path({str(folder)!r}))"
        )
        command = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
        assert command.wait(60) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(command.pid, signal.SIGHUP)  # what a closing terminal does; nobody is left in that group
        assert sandbox.env(folder).running is True

    def test_a_deleted_folder_does_not_hide_running_servers(self, folder: Path):
        first = sandbox.up(folder)
        (folder / "sandbox.json").unlink()
        assert sorted(sandbox.down(folder)) == sorted(pids(first))

    def test_a_pid_that_means_somebody_else_now_is_left_alone(self, folder: Path):
        first = sandbox.up(folder)
        sandbox.down(folder)
        stranger = subprocess.Popen(["sleep", "60"])
        try:
            identity = ProcessMark.of(stranger.pid)
            assert identity is not None
            state = (folder / "sandbox.json").read_text()
            process = {"pid": stranger.pid, "started": identity.started, "mark": "-dir=x"}
            text = state.replace('"processes": {}', f'"processes": {{"objects": {process}}}'.replace("'", '"'))
            assert text != state
            (folder / "sandbox.json").write_text(text)
            assert sandbox.down(folder) == []
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()
        assert first.running


class TestSideBySide:
    def test_three_start_at_once_and_do_not_meet(self, tmp_path: Path):
        folders = [tmp_path / name for name in ("one", "two", "three")]
        try:
            with ThreadPoolExecutor(3) as pool:
                reports = list(pool.map(sandbox.up, folders))
            s3(reports[0]).put_object(Bucket="my-bucket", Key="mine", Body=b"")
            assert [s3(one).list_objects_v2(Bucket="my-bucket")["KeyCount"] for one in reports] == [1, 0, 0]
            with pytest.raises(ClientError):
                s3(reports[1], AWS_ENDPOINT_URL=reports[0].env["AWS_ENDPOINT_URL"]).list_buckets()
            sandbox.down(folders[0])
            assert [sandbox.status(folder).running for folder in folders] == [False, True, True]
        finally:
            for folder in folders:
                sandbox.down(folder, grace_seconds=0)

    def test_two_starts_of_one_studio_start_it_once(self, folder: Path):
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(sandbox.up, [folder, folder])
        assert pids(first) == pids(second)
        assert len(with_argument(str(folder))) == 2

    def test_a_port_taken_meanwhile_moves_the_studio(self, folder: Path):
        first = sandbox.up(folder)
        sandbox.down(folder)
        with socket.socket() as stranger:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stranger.bind(("127.0.0.1", int(first.env["AWS_ENDPOINT_URL"].rpartition(":")[2])))
            stranger.listen()
            second = sandbox.up(folder)
        assert second.env["AWS_ENDPOINT_URL"] != first.env["AWS_ENDPOINT_URL"]
        assert second.env["AWS_SECRET_ACCESS_KEY"] == first.env["AWS_SECRET_ACCESS_KEY"]
        assert s3(second).list_buckets()["Buckets"]


class TestPorts:
    def test_a_claimed_block_is_not_given_twice(self):
        with claimed_block() as first, claimed_block(first.base) as second:
            assert not set(first.all) & set(second.all)

    def test_a_block_with_one_port_in_use_is_not_free(self):
        with claimed_block() as block, socket.socket() as stranger:
            assert block.is_free()
            stranger.bind(("127.0.0.1", block.filer + 10000))
            stranger.listen()
            assert not block.is_free()

    def test_no_two_blocks_share_a_port(self):
        bases = range(12000, 22000, 10)
        ports = [port for base in bases for port in PortBlock(base).all]
        assert len(ports) == len(set(ports))
        assert max(ports) < 32768


class TestRefused:
    def test_a_folder_with_other_things_is_not_touched(self, tmp_path: Path):
        (tmp_path / "objects").mkdir()
        with pytest.raises(SandboxError, match="holds other files"):
            sandbox.up(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} <= {"objects", "lock"}

    def test_asking_where_no_sandbox_is(self, tmp_path: Path):
        for ask in (sandbox.status, sandbox.env, sandbox.reset):
            with pytest.raises(SandboxDown, match="there is no sandbox"):
                ask(tmp_path / "nowhere")
        assert sandbox.down(tmp_path / "nowhere") == []
        assert not (tmp_path / "nowhere").exists()

    def test_a_file_in_the_folders_place(self, tmp_path: Path):
        (tmp_path / "file").touch()
        with pytest.raises(SandboxError, match="cannot make the folder"):
            sandbox.up(tmp_path / "file")
        with pytest.raises(SandboxDown):
            sandbox.status(tmp_path / "file" / "below")

    def test_a_folder_that_cannot_be_written_to(self):
        with pytest.raises(SandboxError, match="cannot use the sandbox's folder"):
            sandbox.up(Path("/proc"))

    def test_a_damaged_state_is_told_without_its_keys(self, tmp_path: Path):
        (tmp_path / "sandbox.json").write_text('{"keys": {"shotgrid_key": "very secret"')
        with pytest.raises(SandboxError, match="damaged") as caught:
            sandbox.status(tmp_path)
        assert "very secret" not in str(caught.value.__cause__)

    def test_a_server_that_cannot_start_leaves_nothing_and_shows_its_log(self, folder: Path):
        sandbox.up(folder)
        sandbox.down(folder)
        (folder / "objects" / "filerldb2").rename(folder / "objects" / "moved")
        (folder / "objects" / "filerldb2").write_text("no database")
        with pytest.raises(SandboxError) as caught:
            sandbox.up(folder)
        assert caught.value.report.context["server"] == "objects"
        assert caught.value.report.context["log"]
        assert with_argument(str(folder)) == []
