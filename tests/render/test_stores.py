"""Every record of render jobs keeps the same contract; what is special to each."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import SecretStr

from onepiece_core.config.models import RenderSettings, Settings
from onepiece_core.errors import ConfigError, RenderStoreBroken, RenderStoreFailed
from onepiece_core.render.model import JobFilter
from onepiece_core.render.opening import open_service
from onepiece_core.render.postgres_store import postgres_store
from onepiece_core.render.request import RenderRequest
from onepiece_core.render.sql_store import SqlStore
from onepiece_core.render.sqlite_store import check_record, sqlite_store
from onepiece_core.testing.job_store_contract import JobStoreContract, Opener, new_job
from tests.support.certificates import certificate
from tests.support.postgres import PostgresServer, postgres_server


class TestSqlite(JobStoreContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Opener:
        return lambda: sqlite_store(tmp_path / "render" / "jobs.db")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


class TestPostgres(JobStoreContract):
    @pytest.fixture
    def opened(self, server: PostgresServer) -> Opener:
        address = server.new_database()
        return lambda: postgres_store(address)


ADDER = """
import sys
from pathlib import Path
from onepiece_core.render.postgres_store import postgres_store
from onepiece_core.render.sqlite_store import check_record, sqlite_store
from onepiece_core.testing.job_store_contract import new_job
where, first = sys.argv[1], int(sys.argv[2])
store = postgres_store(where) if where.startswith("postgresql:") else sqlite_store(Path(where))
for number in range(first, first + 100_000):
    store.add(new_job(number))
    print(f"job-{number}", flush=True)
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_acknowledged_outlives_kills(kind: str, tmp_path: Path, server: PostgresServer) -> None:
    where = server.new_database() if kind == "postgresql" else str(tmp_path / "jobs.db")
    acknowledged: set[str] = set()
    for kill in range(5):
        adder = subprocess.Popen(
            [sys.executable, "-c", ADDER, where, str(kill * 100_000)], stdout=subprocess.PIPE, text=True
        )
        assert adder.stdout is not None
        for _ in range(5 + 7 * kill):
            acknowledged.add(adder.stdout.readline().strip())
        adder.send_signal(signal.SIGKILL)
        acknowledged |= {line.strip() for line in adder.stdout if line.endswith("\n")}
        adder.wait()
    with closing(postgres_store(where) if kind == "postgresql" else sqlite_store(Path(where))) as store:
        kept = {job.job_id for _, job in store.page(JobFilter(), limit=1_000_000, before=None)}
        assert acknowledged <= kept
        assert {event.job_id for event in store.events(0, 1_000_000)} == kept


def test_a_postgresql_that_went_away_is_used_again_once_it_is_back(server: PostgresServer) -> None:
    with closing(postgres_store(server.new_database())) as store:
        store.add(new_job(1))
        server.stop(signal.SIGQUIT)
        try:
            with pytest.raises(RenderStoreFailed):
                store.add(new_job(2))
            with pytest.raises(RenderStoreFailed):
                store.find("job-1")
        finally:
            server.start()
        assert store.find("job-1") == new_job(1).job
        assert store.add(new_job(2)) == (new_job(2).job, True)
        assert store.health().kind == "postgresql"


def test_a_server_that_restarts_in_between_is_not_noticed(server: PostgresServer) -> None:
    with closing(postgres_store(server.new_database())) as store:
        store.add(new_job(1))
        server.stop()
        server.start()
        assert store.add(new_job(2))[1]
        assert store.find("job-2") is not None


def test_a_service_keeps_its_jobs_in_postgresql(server: PostgresServer, tmp_path: Path) -> None:
    settings = Settings(
        render=RenderSettings(database_url=SecretStr(server.new_database()), farm="mock"),
        farms={"mock": {"task_seconds": 0.0}},
    )
    with closing(open_service(settings, tmp_path / "here", dict(os.environ))) as service:
        told = {"template": "command", "parameters": {"Command": "true"}, "frames": "1-3"}
        job = service.submit(RenderRequest.model_validate(told))
    with closing(open_service(settings, tmp_path / "here", dict(os.environ))) as service:
        assert service.get(job.job_id).status == "succeeded"
    assert not (tmp_path / "here" / "render").exists()


@pytest.fixture(scope="module")
def secure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgresServer, Path]]:
    """It takes nobody without TLS; its certificate is for 127.0.0.1 and signs itself."""
    crt, key = certificate(tmp_path_factory.mktemp("tls"))
    with postgres_server(tls=(crt, key)) as running:
        yield running, crt


@pytest.mark.parametrize("options", ["sslmode=verify-full&sslrootcert={crt}", "sslmode=require", "sslmode=prefer", ""])
def test_a_record_is_kept_over_tls(options: str, secure_server: tuple[PostgresServer, Path]) -> None:
    server, crt = secure_server
    with closing(postgres_store(f"{server.new_database()}?{options.format(crt=crt)}".rstrip("?"))) as store:
        assert store.add(new_job(1))[1]
        assert store.find("job-1") == new_job(1).job


@pytest.mark.parametrize(
    ("host", "options", "told"),
    [
        ("127.0.0.1", "sslmode=verify-full", "certificate verify failed"),
        ("localhost", "sslmode=verify-full&sslrootcert={crt}", "certificate"),
        ("127.0.0.1", "sslmode=disable", "no encryption"),
    ],
    ids=["a certificate that nobody vouches for", "another host's certificate", "no TLS"],
)
def test_a_connection_that_is_not_safe_is_refused(
    host: str, options: str, told: str, secure_server: tuple[PostgresServer, Path]
) -> None:
    server, crt = secure_server
    address = server.new_database().replace("127.0.0.1", host)
    store = postgres_store(f"{address}?{options.format(crt=crt)}")
    with closing(store), pytest.raises(RenderStoreFailed, match=told):
        store.add(new_job(1))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:hunter2@h/n?sslmode=require&sslrootcert=/x",
        "postgresql://u:hunter2@h/n?sslmode=verify-full&sslrootcert=/no/such/file",
        "postgresql://u:hunter2@h/n?sslmode=verify-full&sslrootcert=/etc/hostname",
        "mysql://h/n",
        "postgresql://u:hunter2@h:port/n",
        "postgresql://u:hunter2@h/n?sslmode=maybe",
        "postgresql://h/n?x=1",
    ],
)
def test_addresses_that_cannot_be_used_are_refused_without_their_password(address: str) -> None:
    with pytest.raises(ConfigError) as refused:
        postgres_store(address)
    assert "hunter2" not in repr(refused.value.report)
    assert refused.value.__cause__ is None


def test_a_wrong_password_or_host_is_told_without_it() -> None:
    address = "postgresql://u:hunter2@127.0.0.1:1/n"
    with closing(postgres_store(address)) as store, pytest.raises(RenderStoreFailed) as failed:
        store.find("x")
    assert "hunter2" not in repr(failed.value.report)


def test_a_file_that_is_no_record_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    file.write_text("no database, but somebody's notes " * 100)
    before = file.read_bytes()
    with closing(sqlite_store(file)) as store, pytest.raises(RenderStoreFailed):
        store.add(new_job(1))
    assert file.read_bytes() == before


def test_a_record_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "jobs.db")) as db:
        db.execute("pragma user_version = 99")
    with closing(sqlite_store(tmp_path / "jobs.db")) as store, pytest.raises(RenderStoreFailed, match="newer"):
        store.add(new_job(1))


def test_many_may_open_a_new_record_at_once(tmp_path: Path) -> None:
    for attempt in range(20):
        stores = [sqlite_store(tmp_path / str(attempt) / "jobs.db") for _ in range(8)]
        together = Barrier(8)

        def use(number: int, stores: list[SqlStore] = stores, together: Barrier = together) -> None:
            together.wait()
            if number % 2:
                stores[number].add(new_job(number))
            else:
                stores[number].page(JobFilter(), limit=1, before=None)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(use, range(8)))
        assert stores[0].health().history_size == 4
        for store in stores:
            store.close()


def _damaged(file: Path, at: float) -> bytes:
    """A real record of which one page is overwritten; its bytes."""
    with closing(sqlite_store(file)) as store:
        for number in range(200):
            store.add(new_job(number))
    told = bytearray(file.read_bytes())
    start = int(len(told) * at) // 4096 * 4096
    told[start : start + 4096] = b"\xff" * 4096
    file.write_bytes(told)
    return bytes(told)


@pytest.mark.parametrize("at", [0.0, 0.3, 0.6, 0.9])
def test_a_damaged_record_is_told_before_it_is_used_and_left_as_it_is(at: float, tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    before = _damaged(file, at)
    with pytest.raises(RenderStoreBroken, match="damaged") as broken:
        check_record(file)
    assert broken.value.report.hint
    assert file.read_bytes() == before


def test_a_sound_record_and_none_at_all_pass_also_after_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    check_record(file)
    assert not file.exists()
    adder = subprocess.Popen([sys.executable, "-c", ADDER, str(file), "0"], stdout=subprocess.PIPE, text=True)
    assert adder.stdout is not None
    assert adder.stdout.readline()
    adder.kill()
    adder.communicate()
    assert (tmp_path / "jobs.db-wal").stat().st_size
    check_record(file)


def test_a_job_that_was_changed_by_hand_is_damage_and_no_mistake_of_ours(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    with closing(sqlite_store(file)) as store:
        store.add(new_job(1))
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            db.execute("update jobs set data = '{}'")
        with pytest.raises(RenderStoreBroken):
            store.find("job-1")
