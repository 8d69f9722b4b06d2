"""The site as a process: starts, ends, is killed in the middle of a batch, serves several at once."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from shotgun_api3 import AuthenticationFault, Fault, ShotgunError

from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

BATCH = 200


def create(project: dict[str, Any], code: str) -> dict[str, Any]:
    return {"request_type": "create", "entity_type": "Shot", "data": {"project": project, "code": code}}


def test_it_listens_on_loopback_alone(site: SiteProcess):
    listening = [c for c in psutil.Process(site.process.pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert [connection.laddr.ip for connection in listening] == ["127.0.0.1"]


def test_the_key_is_on_no_command_line_and_not_in_the_data(site: SiteProcess):
    assert KEY not in " ".join(psutil.Process(site.process.pid).cmdline())
    for file in (site.folder / "site").glob("site.sqlite*"):
        assert KEY.encode() not in file.read_bytes()


def test_a_taken_port_is_said_in_one_line(site: SiteProcess, tmp_path: Path):
    port = site.url.rsplit(":", 1)[1]
    arguments = ["--dir", str(tmp_path), "--script", "x", "--key-file", str(site.folder / "key"), "--port", port]
    command = [sys.executable, "-m", "onepiece_server.sandbox.shotgrid", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (3, f"error: port {port} is taken\n")


def test_what_was_acknowledged_is_there_after_a_restart(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path)
    project = site.client().find_one("Project", [])
    made = site.client().batch([create(project, str(n)) for n in range(20)])
    site.kill()
    site.start()
    found = site.client().find("Shot", [["id", "in", [shot["id"] for shot in made]]], ["code"])
    assert [shot["code"] for shot in found] == [str(n) for n in range(20)]
    assert site.stop() == 0


def test_a_new_key_replaces_the_old_one(start_site: StartSite, tmp_path: Path):
    old = start_site(tmp_path)
    assert old.stop() == 0
    new = start_site(tmp_path, key="another")
    assert new.client().find_one("Project", []) is not None
    with pytest.raises(AuthenticationFault):
        new.client(script_name=SCRIPT, api_key=old.key).find_one("Project", [])
    assert new.stop() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process's files: Linux alone")
def test_a_full_disk_is_a_refusal_and_passes(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path)
    client = site.client()
    project = client.find_one("Project", [])
    (tmp_path / "movie.mov").write_bytes(bytes(9_000_000))
    # No file of the site may grow beyond 8 MB: what a write meets on a full disk, at a place of our choice.
    process = psutil.Process(site.process.pid)
    unlimited = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (8_000_000, unlimited[1]))
    with pytest.raises(Fault, match="the site's database said"):
        client.batch([create(project, "x" * 1000) for _ in range(3000)])
    for kind, field in (("Version", "sg_uploaded_movie"), ("Shot", None)):
        row = client.create(kind, {"project": project, "code": "v"})
        with pytest.raises(ShotgunError):
            client.upload(kind, row["id"], str(tmp_path / "movie.mov"), field)
    assert client.find("Shot", [["code", "starts_with", "xxx"]]) == []
    process.rlimit(psutil.RLIMIT_FSIZE, unlimited)
    assert len(client.batch([create(project, "x" * 1000) for _ in range(3000)])) == 3000
    files = [file.stat().st_size for file in (tmp_path / "site" / "files").iterdir()]
    assert files == []
    assert site.stop() == 0


def test_readers_see_whole_batches_while_one_writes(site: SiteProcess, project: dict[str, Any]):
    stop = threading.Event()
    seen: set[int] = set()

    def look() -> None:
        client = site.client()
        while not stop.is_set():
            seen.add(len(client.find("Shot", [["project", "is", project]])))

    with ThreadPoolExecutor(2) as pool:
        lookers = [pool.submit(look) for _ in range(2)]
        for number in range(5):
            site.client().batch([create(project, f"{number}-{n}") for n in range(50)])
        stop.set()
        for looker in lookers:
            looker.result()
    assert {number % 50 for number in seen} == {0}


def test_it_ends_while_clients_hang_on(start_site: StartSite, tmp_path: Path):
    site = start_site(tmp_path)
    host, port = site.url.removeprefix("http://").split(":")
    site.client().find_one("Project", [])
    with socket.create_connection((host, int(port))) as line:
        line.sendall(b"POST /api3/json HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        time.sleep(0.2)
        assert site.stop() == 0
