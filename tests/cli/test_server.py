"""``onepiece server`` and ``trafalgar``: real servers on loopback, and the command line that asks them."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from onepiece_cli.commands.server_credentials import RoleName
from onepiece_server.auth.keys import ROLES
from tests.cli.conftest import Cli, run_cli
from tests.support.local_farms import end_workers
from tests.support.ports import free_port

Start = Callable[..., str]


@pytest.fixture
def place(env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has the root ``show``."""
    (tmp_path / "show" / "out").mkdir(parents=True)
    (tmp_path / "onepiece.toml").write_text(
        f"[roots.show]\nlinux = {json.dumps(str(tmp_path / 'show'))}\n[farms.local]\nidle_seconds = 2\n"
    )
    return {**env, "ONEPIECE_STATE_DIR": str(tmp_path / "state")}


@pytest.fixture
def server(place: dict[str, str], tmp_path: Path) -> Cli:
    return lambda *args, **more: run_cli({**place, **more.pop("env", {})}, "server", *args, cwd=tmp_path, **more)


@pytest.fixture
def start(place: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts a server by its command and gives its address."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(*command: str, port: int = 0) -> str:
        port = port or free_port()
        words = [sys.executable, "-m", *command, "--port", str(port)]
        with (tmp_path / "server.log").open("wb") as log:
            running.append(subprocess.Popen(words, env=place, cwd=tmp_path, stderr=log, stdout=log))
        until = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                return f"http://127.0.0.1:{port}"
            except OSError:
                assert time.monotonic() < until, (tmp_path / "server.log").read_text()
                assert running[-1].poll() is None, (tmp_path / "server.log").read_text()
                time.sleep(0.05)

    yield begin
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    end_workers(tmp_path / "state" / "farms" / "local")


def keys_of(told: dict[str, str]) -> dict[str, str]:
    return {"TRAFALGAR_API_KEY": told["key"], "TRAFALGAR_API_SECRET": told["secret"]}


def test_a_job_goes_through_a_server(start: Start, server: Cli, place: dict[str, str], tmp_path: Path):
    ann = keys_of(server("credentials", "add", "ann", "--json").told)
    url = start("onepiece_cli", "server", "run")
    there = {**place, **ann, "TRAFALGAR_URL": url, "ONEPIECE_STATE_DIR": str(tmp_path / "other")}

    def render(*args: object, **env: str):
        return run_cli({**there, **env}, "render", *args, cwd=tmp_path)

    script = "Command=echo frame $1; test $1 != 2-2"
    done = render("submit", "--template", "command", "--param", script, "--frames", "1-3", "--wait", "--timeout", "90")
    assert done.status == 2
    assert "  | frame 2-2" in done.err
    job_id = done.out.split()[0]
    job = render("show", job_id, "--json").told
    assert (job["user"], job["status"]) == ("ann", "failed"), "whose key it was, whatever the machine says"
    assert render("list", "--json").told["items"][0]["job_id"] == job_id
    assert render("list", "--server", "local", "--json").told["items"] == []
    assert render("retry", job_id).status == 0, "her own job"
    assert render("wait", job_id, "--timeout", "90").status == 2
    refused = render("hold", job_id, "--json")
    assert (refused.status, refused.error["code"]) == (20, "auth.forbidden")
    wrong = render("list", "--json", TRAFALGAR_API_SECRET="wrong")
    assert (wrong.status, wrong.error["code"]) == (20, "auth.invalid")
    nobody = render("list", "--json", TRAFALGAR_API_KEY="", TRAFALGAR_API_SECRET="")
    assert nobody.error["code"] == "auth.missing"
    token = f"{ann['TRAFALGAR_API_KEY']}.{ann['TRAFALGAR_API_SECRET']}"
    assert render("farms", TRAFALGAR_API_KEY="", TRAFALGAR_TOKEN=token).status == 0
    entries = server("audit", "list", "--json").told["entries"]
    assert {("ann", None), ("ann", 1), (None, 1)} == {(entry["caller"], entry.get("count")) for entry in entries}
    refused = {(entry["address"], entry["status"]) for entry in entries if "count" in entry}
    assert refused == {("127.0.0.1", 403), ("127.0.0.1", 401)}
    assert "GET /render/v1/jobs" in server("audit", "list").out
    assert ann["TRAFALGAR_API_SECRET"] not in (tmp_path / "server.log").read_text() + json.dumps(entries)
    assert server("audit", "verify", "--json").told["entries"] == len(entries) > 0


def test_farms_whose_packages_are_not_installed_are_listed_with_the_reason(
    start: Start, server: Cli, place: dict[str, str], tmp_path: Path
):
    for package in ("grpc", "opencue_proto", "boto3"):
        (tmp_path / "missing" / package).mkdir(parents=True)
        (tmp_path / "missing" / package / "__init__.py").write_text(f"raise ModuleNotFoundError({package!r})")
    (tmp_path / "missing" / "openjd").mkdir()
    (tmp_path / "missing" / "openjd" / "__init__.py").touch()
    place["PYTHONPATH"] = str(tmp_path / "missing")
    keys = keys_of(server("credentials", "add", "ann", "--json").told)
    place |= {**keys, "TRAFALGAR_URL": start("onepiece_cli", "server", "run")}
    listed = run_cli(place, "render", "farms", "--json", cwd=tmp_path).told["farms"]
    assert all(farm.keys() == {"name", "label", "available", "reason", "capabilities"} for farm in listed)
    reasons = {farm["name"]: farm["reason"] for farm in listed}
    assert {name for name, reason in reasons.items() if reason is None} == {"mock"}
    assert reasons.keys() >= {"local", "slurm", "deadline_cloud", "opencue"}
    assert "needs more packages" in reasons["opencue"]
    alone = run_cli({**place, "TRAFALGAR_URL": ""}, "render", "farms", "--json", cwd=tmp_path)
    assert {farm["name"]: farm["reason"] for farm in alone.told["farms"]} == reasons


def test_a_third_partys_farm_that_breaks_hides_no_other(place: dict[str, str], tmp_path: Path):
    """Its package breaks where it is asked whether it is there."""
    about = tmp_path / "site" / "odd-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[onepiece.farms]\nodd = odd_farm:open_farm\n")
    (tmp_path / "site" / "odd_farm.py").write_text(
        "from onepiece_core.farm.capabilities import Capabilities\n"
        "class Odd:\n"
        "    name, label, capabilities = 'odd', 'Odd', Capabilities()\n"
        "    def check_available(self): raise ZeroDivisionError('by nothing')\n"
        "def open_farm(setup): return Odd()\n"
    )
    environ = {**place, "PYTHONPATH": str(tmp_path / "site")}
    farms = {farm["name"]: farm for farm in run_cli(environ, "render", "farms", "--json", cwd=tmp_path).told["farms"]}
    assert farms["odd"]["reason"] == "odd cannot be asked: ZeroDivisionError: by nothing"
    assert farms["local"]["available"]


def test_some_tasks_of_a_job_on_a_server_are_cancelled(
    start: Start, server: Cli, place: dict[str, str], tmp_path: Path
):
    keys = keys_of(server("credentials", "add", "ann", "--json").told)
    there = {**place, **keys, "TRAFALGAR_URL": start("onepiece_cli", "server", "run")}

    def render(*args: object):
        return run_cli(there, "render", *args, cwd=tmp_path)

    script = f"Command=until test -e {tmp_path}/go; do sleep 0.1; done"
    words = ["submit", "--template", "command", "--param", script, "--frames", "1-4", "--json"]
    job_id = render(*words).told["job_id"]
    done = render("cancel", job_id, "--task", "1", "--task", "3", "--json")
    assert done.status == 0, done.err
    (tmp_path / "go").touch()
    assert render("wait", job_id, "--timeout", "90").status == 3
    states = [task["status"] for task in render("tasks", job_id, "--json").told["items"]]
    assert states == ["succeeded", "cancelled", "succeeded", "cancelled"]


def test_waiting_goes_on_when_the_server_was_killed_and_is_back(
    start: Start, server: Cli, place: dict[str, str], tmp_path: Path
):
    keys = keys_of(server("credentials", "add", "ann", "--json").told)
    url = start("onepiece_cli", "server", "run")
    there = {**place, **keys, "TRAFALGAR_URL": url}
    script = f"Command=until test -e {tmp_path}/go; do sleep 0.1; done"
    words = ["submit", "--template", "command", "--param", script, "--json"]
    job_id = run_cli(there, "render", *words, cwd=tmp_path).told["job_id"]
    command = [sys.executable, "-m", "onepiece_cli", "render", "wait", job_id, "--timeout", "120"]
    with subprocess.Popen(command, env=there, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        (listening,) = (each for each in psutil.Process().children() if _is_server(each))
        listening.kill()
        assert "asking again" in waiting.stderr.readline()
        start("onepiece_cli", "server", "run", port=int(url.rpartition(":")[2]))
        (tmp_path / "go").touch()
        waiting.stderr.read()
    assert waiting.returncode == 0


def _is_server(process: psutil.Process) -> bool:
    try:
        return "server" in process.cmdline()
    except psutil.Error:
        return False  # it has just ended


@pytest.mark.parametrize("page", ["render", "dashboard"])
def test_trafalgar_serves_under_its_own_name(page: str, start: Start, tmp_path: Path):
    url = start("onepiece_cli.trafalgar", "web", page, "--dev")
    printed = (tmp_path / "server.log").read_text()
    assert url in printed
    assert "A key for this run alone" in printed
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/render/v1/farms", timeout=5)
    assert refused.value.code == 401


def test_without_keys_nobody_is_let_in(server: Cli):
    done = server("run")
    assert done.status == 20
    assert "onepiece server credentials add" in done.err
    dev = server("run", "--dev", "--host", "0.0.0.0", "--port", "18099")
    assert (dev.status, "this machine alone" in dev.err) == (20, True)


def test_a_port_that_is_taken(server: Cli):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = server("run", "--dev", "--port", taken.getsockname()[1])
    assert (done.status, "onepiece.usage" in done.err) == (2, True)


def test_keys_are_made_renewed_and_taken_away(server: Cli, tmp_path: Path):
    made = server("credentials", "add", "ann", "--role", "render:read", "--days", "2", "--json").told
    renewed = server("credentials", "rotate", "ann", "--json").told
    assert made["key"] == renewed["key"] == "ann"
    assert made["secret"] != renewed["secret"]
    (listed,) = server("credentials", "list", "--json").told["keys"]
    assert listed["roles"] == ["render:read"]
    assert listed["expires_at"] > time.time()
    kept = (tmp_path / "state" / "server" / "credentials.json").read_text()
    assert made["secret"] not in kept
    assert renewed["secret"] not in kept
    assert "ann" in server("credentials", "list").out
    again = server("credentials", "add", "ann", "--json")
    assert (again.status, again.error["code"]) == (20, "auth.unusable")
    assert server("credentials", "revoke", "ann").status == 0
    assert "No keys" in server("credentials", "list").out
    assert server("credentials", "revoke", "ann").status == 20


@pytest.mark.parametrize("name", ["a b", "é", "", "x" * 65, "a:b", "../x"])
def test_a_name_that_is_no_key(name: str, server: Cli):
    done = server("credentials", "add", name, "--json")
    assert (done.status, done.error["code"]) == (2, "onepiece.usage")


def test_a_changed_audit_log_is_noticed(start: Start, server: Cli, place: dict[str, str], tmp_path: Path):
    keys = keys_of(server("credentials", "add", "ann", "--json").told)
    url = start("onepiece_cli", "server", "run")
    for _ in range(3):
        run_cli({**place, **keys}, "render", "cancel", "nope", "--server", url, cwd=tmp_path)
    assert server("audit", "verify", "--json").told["entries"] == 3
    assert "DELETE" in server("audit", "list").out
    with closing(sqlite3.connect(tmp_path / "state" / "server" / "audit.db")) as db:
        db.execute("update entries set data = replace(data, 'ann', 'bob') where seq = 2")
        db.commit()
    done = server("audit", "verify", "--json")
    assert done.status != 0
    assert done.error["context"]["entry"] == 2


def test_there_is_no_audit_log_yet(server: Cli, tmp_path: Path):
    assert server("audit", "verify", "--json").told["entries"] == 0
    assert server("audit", "list", "--json").told["entries"] == []
    assert not (tmp_path / "state" / "server").exists()


def test_the_roles_of_the_command_line_are_the_servers():
    assert tuple(RoleName) == ROLES
