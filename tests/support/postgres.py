"""A PostgreSQL server of the test's own: Debian's, in a temporary folder, stopped by its pid."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pg8000.dbapi

from tests.support.ports import free_port

_QUIET = ("-c", "shared_buffers=16MB", "-c", "max_connections=60", "-c", "log_min_messages=fatal")


@dataclass
class PostgresServer:
    """Listens on 127.0.0.1 alone."""

    folder: Path
    port: int
    options: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = None
    _names: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self) -> str:
        """The address of an empty one."""
        name = f"t{next(self._names)}"
        db = self._connect("postgres")
        db.autocommit = True
        db.cursor().execute(f"create database {name}")
        db.close()
        return f"postgresql://onepiece@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        command = [_program("postgres"), "-D", self.folder / "data", "-p", str(self.port), "-h", "127.0.0.1"]
        command += ["-k", self.folder, *_QUIET, *self.options]
        self._process = subprocess.Popen(command, stdout=log, stderr=log, **_not_root())
        until = time.monotonic() + 60
        while True:
            try:
                self._connect("postgres").close()
                return
            except pg8000.dbapi.Error:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends its sessions; SIGQUIT is as if the machine had lost them."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=60)
            self._process = None

    def _connect(self, database: str) -> pg8000.dbapi.Connection:
        return pg8000.dbapi.connect("onepiece", host="127.0.0.1", port=self.port, database=database, timeout=10)


@contextmanager
def postgres_server(tls: tuple[Path, Path] | None = None) -> Iterator[PostgresServer]:
    """``tls``: a certificate and its key; then it takes nobody without TLS."""
    # Not below the test's folder: the server is not root, and that folder is root's alone.
    folder = Path(tempfile.mkdtemp(prefix="onepiece-postgres-"))
    if who := _not_root():
        shutil.chown(folder, who["user"])
    try:
        subprocess.run(
            [
                _program("initdb"),
                "-D",
                folder / "data",
                "-U",
                "onepiece",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "-N",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **_not_root(),
        )
        server = PostgresServer(folder, free_port(), _secured(folder, *tls) if tls else ())
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _secured(folder: Path, crt: Path, key: Path) -> tuple[str, ...]:
    for file in (crt, key):
        own = Path(shutil.copy(file, folder))
        own.chmod(0o600)  # or it refuses the key
        if who := _not_root():
            shutil.chown(own, who["user"], who["group"])
    (folder / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
    named = {"ssl": "on", "ssl_cert_file": folder / crt.name, "ssl_key_file": folder / key.name}
    return tuple(part for name, value in named.items() for part in ("-c", f"{name}={value}"))


def _not_root() -> dict[str, str]:
    """PostgreSQL refuses to run as root."""
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


def _program(name: str) -> Path:
    """Debian keeps them off the PATH, in a folder of each version."""
    (*_, newest) = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return newest
