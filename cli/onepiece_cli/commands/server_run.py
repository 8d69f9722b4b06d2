"""``onepiece server run`` and ``audit``."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.sandbox_folder import examples
from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.render.opening import state_dir_of
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_server.audit import AuditLog

RUN_EPILOG = examples(
    "onepiece server credentials add ann", "onepiece server run --host 0.0.0.0 --workers 2", "onepiece server run --dev"
)
VERIFY_EPILOG = examples("onepiece server audit verify", "onepiece server audit verify --json")
ENTRIES_EPILOG = examples("onepiece server audit list", "onepiece server audit list --limit 1000 --json")

Host = Annotated[str | None, typer.Option(help="Address to listen on; else the settings' server.host.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on; else the settings' server.port.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Processes that answer; they share the record of jobs.")]
Dev = Annotated[
    bool, typer.Option("--dev", help="Without keys: make one for this run and print it; on this machine alone.")
]


def run(ctx: typer.Context, host: Host = None, port: Port = None, workers: Workers = 1, dev: Dev = False) -> None:
    """Serve render jobs over HTTP until Ctrl-C. Without keys it does not start."""
    serve(session_of(ctx), host, port, workers=workers, dev=dev)


def serve(
    session: Session, host: str | None, port: int | None, *, workers: int, dev: bool, opens_browser: bool = False
) -> None:
    """Raises UsageError where nothing can listen, CredentialsUnusable when nobody could get in."""
    from onepiece_core.errors import ExtraMissing

    settings = session.settings()
    try:
        import uvicorn  # noqa: F401

        from onepiece_server.run import serve as run_server
    except ImportError as cause:
        raise ExtraMissing(
            "The server needs fastapi and uvicorn.", hint="Install them: pip install 'onepiece-pipeline[server]'"
        ) from cause
    host, port = host or settings.server.host, settings.server.port if port is None else port
    check_address(host, port)
    address = _address(host, port, settings)
    session.say(f"Trafalgar serves {address}; Ctrl-C ends it.")
    entered = Entry(session, address, opens_browser=opens_browser)
    if opens_browser and not dev:
        _open_soon(address, "/")
    if session.config_profile is not None:
        os.environ["ONEPIECE_PROFILE"] = session.config_profile  # the processes that answer read it there
    state_dir = state_dir_of(session, settings)
    run_server(settings, state_dir, os.environ, host=host, port=port, workers=workers, dev=dev, on_entry=entered.tell)


class Entry:
    """Tells the address that signs in by itself."""

    def __init__(self, session: Session, address: str, *, opens_browser: bool) -> None:
        self._session, self._address, self._opens_browser = session, address, opens_browser

    def tell(self, path: str) -> None:
        self._session.say(f"Signs a browser in once, within a minute: {self._address}{path}")
        if self._opens_browser:
            _open_soon(self._address, path)


def check_address(host: str, port: int) -> None:
    from onepiece_core.errors import UsageError

    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except (OSError, UnicodeError) as cause:
        raise UsageError(
            f"Nothing can listen on {host}:{port}: {cause}", hint="Give another --port, or end what runs there."
        ) from cause


def _address(host: str, port: int, settings: Settings) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}{settings.server.root_path}"


def _open_soon(address: str, path: str) -> None:
    """A browser at the address's path, as soon as it answers."""
    from threading import Thread

    Thread(target=_open_when_it_answers, args=(address, path), name="open browser", daemon=True).start()


def _open_when_it_answers(address: str, path: str) -> None:
    import time
    import webbrowser

    import urllib3

    with urllib3.PoolManager(retries=False, timeout=1.0) as pool:
        for _ in range(100):
            try:
                pool.request("GET", f"{address}/health")
                webbrowser.open(f"{address}{path}")
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
                continue
            except webbrowser.Error:  # no browser here: the address is on the terminal
                pass
            return


def verify(ctx: typer.Context, as_json: Json = False) -> None:
    """Prove that no entry was changed, taken out or put in between."""
    session = session_of(ctx)
    path = _audit_path(session)
    count = 0
    if path.exists():
        log = _open_audit(path)
        try:
            count = log.verify()
        finally:
            log.close()
    told = {"schema": "onepiece.audit-verify.1", "ok": True, "entries": count, "path": str(path)}
    typer.echo(session.told(told) if as_json else printable(f"{count} entries, each as it was written: {path}"))


def entries(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the newest.")] = 50,
    as_json: Json = False,
) -> None:
    """Show who changed what, and who was refused, the newest last."""
    from onepiece_cli.render.shape import moment, table

    session = session_of(ctx)
    path = _audit_path(session)
    found = []
    if path.exists():
        log = _open_audit(path)
        try:
            found = log.entries(limit)
        finally:
            log.close()
    if as_json:
        typer.echo(session.told({"entries": [{"seq": each.seq, **each.data} for each in found]}))
        return
    rows = [
        (
            each.seq,
            moment(each.data.get("at")) or "",
            each.data.get("caller") or each.data.get("address") or "-",
            each.data.get("status", ""),
            _what(each.data),
        )
        for each in found
    ]
    table(("entry", "at", "who", "status", "what"), rows)


def _what(told: dict[str, Any]) -> str:
    what = f"{told.get('method', '')} {told.get('path', '')}"
    return f"{what} ({told['count']} times in a minute)" if told.get("count", 1) > 1 else what


def _audit_path(session: Session) -> Path:
    return state_dir_of(session, session.settings()) / "server" / "audit.db"


def _open_audit(path: Path) -> AuditLog:
    from onepiece_server.audit import AuditLog

    return AuditLog(path)
