"""``trafalgar web dashboard --demo-port``: a show to look at without anything set up, gone with its process."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from onepiece_core.errors import CredentialsMissing
from onepiece_server.auth.keys import Caller
from onepiece_server.auth.once import make_code, spend_code
from tests.support.ports import free_port


def wait_for(what: object, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.1)


@contextmanager
def demo(env: dict[str, str], folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process, and the address that signs in."""
    told, port = folder / "told", free_port()
    command = [sys.executable, "-m", "onepiece_cli.trafalgar", "web", "dashboard", "--demo-port", str(port)]
    with told.open("w") as output:
        process = subprocess.Popen(command, env={**env, "TMPDIR": str(folder)}, stdout=output, stderr=output)
    try:
        wait_for(lambda: process.poll() is not None or "/ui/enter?code=" in told.read_text())
        found = re.search(r"http://\S+/ui/enter\?code=\S+", told.read_text())
        assert found is not None, told.read_text()
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"))
        yield process, found[0]
    finally:
        process.terminate()
        process.wait(60)


def answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def servers_of(folder: Path) -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if any(str(folder) in word for word in command_of(each))]


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_the_demo_shows_a_show_read_only_and_is_gone_with_its_process(
    env: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    # The sandbox's sockets want a short path.
    folder = Path("/tmp") / f"op-{free_port()}"
    folder.mkdir()
    try:
        with demo(env, folder) as (process, address):
            with httpx.Client(trust_env=False, timeout=30) as client:
                entered = client.get(address)
                assert (entered.status_code, entered.headers["location"]) == (303, "/ui/")
                base = address.partition("/ui/")[0]
                assert client.get(f"{base}/ui/").status_code == 200
                wait_for(lambda: client.get(f"{base}/projects").json()["total"] == 1)
                wait_for(lambda: client.get(f"{base}/status").json()["progress"]["versions"]["total"] == 400)
                same = {"Sec-Fetch-Site": "same-origin"}
                assert client.post(f"{base}/admin/cache", json={"flush": True}, headers=same).status_code == 403
                assert client.post(f"{base}/jobs", json={}, headers=same).status_code == 403
            again = httpx.get(address, trust_env=False)
            assert "set-cookie" not in again.headers
            assert servers_of(folder)
            process.send_signal(number)
            process.wait(60)
            wait_for(lambda: not servers_of(folder) and not list(folder.glob("onepiece-dashboard-demo-*")))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_code_lets_one_in_once_and_not_too_late(tmp_path: Path) -> None:
    caller = Caller(name="dev", roles=frozenset({"dashboard:read"}), mark="m")
    code = make_code(tmp_path, caller)
    for wrong in ("", code[:-1], "é", "\udcff"):
        with pytest.raises(CredentialsMissing):
            spend_code(tmp_path, wrong)
    assert code not in (tmp_path / "server" / "enter.json").read_text()
    assert spend_code(tmp_path, code) == ("dev", "m")
    with pytest.raises(CredentialsMissing):
        spend_code(tmp_path, code)
    late = make_code(tmp_path, caller, seconds=-1)
    with pytest.raises(CredentialsMissing):
        spend_code(tmp_path, late)
