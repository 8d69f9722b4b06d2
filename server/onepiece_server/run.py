"""Start Trafalgar: one process, or several that share the record of jobs."""

from __future__ import annotations

import ipaddress
import json
import multiprocessing
import os
import secrets
import signal
import sys
from collections.abc import Callable, Collection, Mapping, MutableMapping
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from onepiece_core.config import ConfigSources, Settings, load_settings
from onepiece_core.errors import CredentialsUnusable
from onepiece_server.auth.keys import ROLES, Caller, Keys, Role, read_credentials

if TYPE_CHECKING:
    from fastapi import FastAPI

    from onepiece_server.parts import Parts

STATE_VARIABLE = "ONEPIECE_STATE_DIR"
CREDENTIALS_VARIABLE = "TRAFALGAR_SERVICE_CREDENTIALS"
# Streams end at once when their server does; requests may be answered meanwhile.
_GRACEFUL_SECONDS = 5


def credential_file(settings: Settings, state_dir: Path) -> Path:
    return settings.server.service_credential_file or state_dir / "server" / "credentials.json"


def read_keys(settings: Settings, state_dir: Path) -> Keys:
    """Every key that may come in. Raises CredentialsUnusable."""
    file, inline = credential_file(settings, state_dir), settings.server.service_credentials
    told = settings.server.service_credential_file is not None
    found = read_credentials(file if told or file.exists() else None, inline.get_secret_value() if inline else None)
    token = settings.server.dashboard_token
    return Keys(found, token.get_secret_value() if token else None)


def serve(
    settings: Settings,
    state_dir: Path,
    environ: MutableMapping[str, str],
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int = 1,
    dev: bool = False,
    dev_roles: Collection[Role] = ROLES,
    on_entry: Callable[[str], None] = lambda _path: None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        environ: of this process; its workers read their settings from it.
        dev: without keys: one is made and printed, on this machine alone.
        dev_roles: what that key may do.
        on_entry: told, before it serves, which path signs a browser in with that key, once, within a minute.

    Raises CredentialsUnusable when nobody could get in, or ``dev`` would let in others, and RenderStoreBroken.
    """
    import uvicorn

    from onepiece_core.render.opening import check_store
    from onepiece_server.auth.once import ENTER, make_code
    from onepiece_server.patience import PatientProtocol

    host = host or settings.server.host
    if dev:
        made = _make_key(settings, state_dir, environ, host, dev_roles)
        if made is not None:
            on_entry(f"{ENTER}?code={make_code(state_dir, made)}")
    elif not len(read_keys(settings, state_dir)):
        raise CredentialsUnusable(
            "The server has no keys", hint="`onepiece server credentials add NAME`, or --dev on this machine."
        )
    check_store(settings, state_dir)
    environ[STATE_VARIABLE] = str(state_dir)
    uvicorn.run(
        "onepiece_server.run:make_app",
        factory=True,
        host=host,
        port=settings.server.port if port is None else port,
        workers=workers,
        root_path=settings.server.root_path,
        http=PatientProtocol,
        timeout_graceful_shutdown=_GRACEFUL_SECONDS,
        access_log=False,
        log_level="warning",
        server_header=False,
    )


def make_app() -> FastAPI:
    """What each worker serves, by the environment and the configuration files."""
    _end_with_the_supervisor()
    environ = dict(os.environ)
    settings = load_settings(ConfigSources(environ, home=Path.home(), workspace=Path.cwd()))
    assert settings.state_dir is not None
    return build_app(settings, settings.state_dir, environ)


def _end_with_the_supervisor() -> None:
    """A worker whose supervisor was killed would keep the port, and the next server could not start."""
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return

    def end() -> None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=end, name="supervisor", daemon=True).start()


def build_app(settings: Settings, state_dir: Path, environ: Mapping[str, str]) -> FastAPI:
    from onepiece_core.dashboard.opening import open_board
    from onepiece_core.notify.pending import notifying
    from onepiece_core.render.opening import open_service
    from onepiece_server.app import create_app
    from onepiece_server.audit import AuditLog
    from onepiece_server.auth.live_keys import LiveKeys
    from onepiece_server.dashboard.mount import mount

    keys = LiveKeys(credential_file(settings, state_dir), lambda: read_keys(settings, state_dir))
    audit = AuditLog(state_dir / "server" / "audit.db")
    service = open_service(settings, state_dir, environ, polls=True)

    board = open_board(settings, state_dir)
    telling = ExitStack()
    telling.enter_context(notifying(settings, state_dir))

    def close() -> None:
        telling.close()
        board.close()
        service.close()
        audit.close()

    def mount_dashboard(app: FastAPI, parts: Parts) -> None:
        mount(app, parts, board)

    return create_app(
        settings,
        service,
        keys,
        state_dir=state_dir,
        audit=audit,
        health=service.health,
        close=close,
        mounts=(mount_dashboard,),
    )


def _make_key(
    settings: Settings, state_dir: Path, environ: MutableMapping[str, str], host: str, roles: Collection[Role]
) -> Caller | None:
    """Who comes in by it; None where there are keys."""
    if not _is_loopback(host):
        raise CredentialsUnusable("--dev is for this machine alone", hint="Leave out --host, or make keys.", host=host)
    if len(read_keys(settings, state_dir)):
        return None
    secret = secrets.token_urlsafe(24)
    environ[CREDENTIALS_VARIABLE] = json.dumps([{"key": "dev", "secret": secret, "roles": sorted(roles)}])
    names = settings.server.api_key_header, settings.server.api_secret_header
    sys.stderr.write(f"A key for this run alone:  {names[0]}: dev  {names[1]}: {secret}\n")
    return Keys(read_credentials(None, environ[CREDENTIALS_VARIABLE])).authenticate("dev", secret)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
