"""A whole studio on one machine: start it, ask it, stop it.

One folder is one studio; several run side by side. The servers listen on 127.0.0.1 alone, with keys made at
random, and run until :func:`down`, whatever becomes of the command that started them.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from onepiece_core.errors import SandboxDown, SandboxError
from onepiece_core.log import get_logger
from onepiece_server.sandbox import objects, processes, report
from onepiece_server.sandbox.content import FOLDERS, new_stage, put_in_place, recover
from onepiece_server.sandbox.faults.control import set_faults, with_fault_rules
from onepiece_server.sandbox.faults.plan import Plan
from onepiece_server.sandbox.files import (
    Layout,
    State,
    log_tail,
    prepare,
    read_state,
    write_private,
    write_state,
)
from onepiece_server.sandbox.locks import held_lock
from onepiece_server.sandbox.options import StudioOptions
from onepiece_server.sandbox.ports import PortBlock, claimed_block
from onepiece_server.sandbox.report import SandboxReport, ServerReport
from onepiece_server.sandbox.servers import Server, list_marks, list_servers, require_installed

if TYPE_CHECKING:
    from onepiece_server.sandbox.shotgrid.model import Raw

log = get_logger(__name__)

Told = Mapping[str, Any]

# In the site's folder: what it takes its schema from.
SCHEMA_NAME = "schema.json"

_START_SECONDS = 60.0
_LOCK_SECONDS = 120.0
_ATTEMPTS = 4


class _PortTaken(Exception):
    """A stranger took one of our ports between the look and the start."""


def up(
    directory: Path, *, s3_faults: bool = False, faults: Plan | None = None, options: Told | None = None
) -> SandboxReport:
    """Start the studio in ``directory`` and return when its servers answer; fine when it runs already.

    ``options`` are fields of :class:`StudioOptions`; those that are not told stay as they were at the last start.
    ``s3_faults`` puts the proxy of planned faults in front of S3, which a plan with rules for S3 does by itself; the
    address of S3 is then another one. ``faults`` stands from the first call on.

    Raises:
        UsageError: an option makes no sense.
        ExtraMissing: a server is not installed.
        SandboxError: a server does not come up; nothing is left running.
    """
    told = {name: value for name, value in (options or {}).items() if value is not None}
    schema = _schema_of(StudioOptions().changed(told))
    s3_faults = s3_faults or bool(faults and faults.of("s3").rules)
    layout = layout_of(directory)
    require_installed()
    _make_folder(layout.directory)
    with _locked(layout):
        found = _up(layout, s3_faults=s3_faults, told=told, schema=schema)
        return with_fault_rules(found) if faults is None else set_faults(found, faults)


def down(directory: Path, *, grace_seconds: float = 10.0) -> list[int]:
    """Stop the studio in ``directory`` and wait until its processes are gone. Returns their pids.

    Servers that need longer than ``grace_seconds`` are killed; 0 is for a studio that is thrown away.
    """
    layout = layout_of(directory)
    if read_state(layout) is None:
        return _stop(layout, grace_seconds)  # the folder may have been deleted under running servers
    with _locked(layout):
        return _stop(layout, grace_seconds)


def reset(directory: Path) -> SandboxReport:
    """Throw the content away and start over: fresh servers, with the same addresses, keys and options."""
    layout = layout_of(directory)
    get_state(layout)
    with _locked(layout):
        state = recover(layout, get_state(layout))
        _stop(layout, grace_seconds=0)
        stage = new_stage(layout)
        for name in FOLDERS:
            (stage / name).mkdir(mode=0o700)
        if (layout.shotgrid / SCHEMA_NAME).is_file():
            shutil.copyfile(layout.shotgrid / SCHEMA_NAME, stage / "shotgrid" / SCHEMA_NAME)
        state = put_in_place(layout, get_state(layout), stage)
        return _up(layout, s3_faults=state.s3_faults)


@contextmanager
def stopped(layout: Layout) -> Iterator[State]:
    """No server of the studio runs and no other command is at it; what ran before runs again afterwards.

    Raises:
        SandboxDown: there is no sandbox.
        SandboxError: it does not come up again.
    """
    get_state(layout)
    with _locked(layout):
        recover(layout, get_state(layout))
        ran = _stop(layout)
        try:
            yield get_state(layout)
        finally:
            state = recover(layout, get_state(layout))
            if ran:
                _up(layout, s3_faults=state.s3_faults)


def status(directory: Path) -> SandboxReport:
    """What runs and answers; ``running`` is False unless both servers do.

    Raises:
        SandboxDown: there is no sandbox in ``directory``.
    """
    layout = layout_of(directory)
    return with_fault_rules(_report(layout, get_state(layout)))


def env(directory: Path) -> SandboxReport:
    """What to export to work with the running studio.

    Raises:
        SandboxDown: it does not run.
    """
    layout = layout_of(directory)
    found = _report(layout, get_state(layout))
    if not found.running:
        silent = [server.name for server in found.servers if not server.answers]
        message, hint = f"the sandbox in {found.dir} is not running", _start_hint(found.dir)
        raise SandboxDown(message, hint=hint, dir=found.dir, silent=silent)
    return found


def layout_of(directory: Path) -> Layout:
    # Resolved: a folder must have one name, since processes are known by it.
    return Layout(directory.expanduser().resolve())


def _start_hint(folder: str) -> str:
    return f"Start it with `onepiece sandbox up --dir {shlex.quote(folder)}`."


def get_state(layout: Layout) -> State:
    state = read_state(layout)
    if state is None:
        folder = str(layout.directory)
        raise SandboxDown(f"there is no sandbox in {folder}", hint=_start_hint(folder), dir=folder)
    return state


@contextmanager
def _locked(layout: Layout) -> Iterator[None]:
    """No other command starts or stops this sandbox meanwhile; what its disk refuses is told."""
    try:
        with held_lock(layout.lock, timeout_seconds=_LOCK_SECONDS):
            yield
    except OSError as cause:
        where = str(cause.filename or layout.directory)
        raise SandboxError(f"cannot use the sandbox's folder: {cause.strerror}: {where}", path=where) from cause


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as cause:
        raise SandboxError(f"cannot make the folder {folder}: {cause.strerror}", dir=str(folder)) from cause


def _up(
    layout: Layout, *, s3_faults: bool, told: Told = MappingProxyType({}), schema: Raw | None = None
) -> SandboxReport:
    """The caller holds the lock."""
    if left := read_state(layout):
        recover(layout, left)
    state = prepare(layout)
    options = state.options.changed(told)
    found = _report(layout, state)
    s3_faults = s3_faults or (found.running and state.s3_faults)
    if found.running and s3_faults == state.s3_faults and options == state.options and schema is None:
        return found
    _stop(layout)
    _keep_schema(layout, schema, is_stock=options.schema_file is None)
    state = state.model_copy(update={"s3_faults": s3_faults, "options": options})
    for _attempt in range(_ATTEMPTS):
        try:
            with claimed_block(state.base_port) as ports:
                return _start(layout, state, ports)
        except _PortTaken:
            log.info("sandbox.port_taken", base_port=ports.base)
    raise SandboxError("other programs keep taking the sandbox's ports", attempts=_ATTEMPTS)


def _schema_of(options: StudioOptions) -> Raw | None:
    """Raises SandboxSchemaInvalid."""
    if options.schema_file is None:
        return None
    from onepiece_server.sandbox.shotgrid.schema_file import read_schema_file

    return read_schema_file(Path(options.schema_file))


def _keep_schema(layout: Layout, schema: Raw | None, *, is_stock: bool) -> None:
    """Where the site looks for its schema when it starts."""
    if schema is not None:
        from onepiece_server.sandbox.shotgrid.schema_file import schema_text

        write_private(layout.shotgrid / SCHEMA_NAME, schema_text(schema).encode())
    elif is_stock:
        (layout.shotgrid / SCHEMA_NAME).unlink(missing_ok=True)


def _start(layout: Layout, state: State, ports: PortBlock) -> SandboxReport:
    state = state.model_copy(update={"base_port": ports.base, "processes": {}})
    servers = list_servers(layout, state, ports)
    try:
        for server in servers:
            server.write_secrets()
            state = _start_one(layout, state, server)
        for server in servers:
            _wait(layout, state.processes[server.name], server)
        write_private(layout.config, report.config_text(layout.directory, state, ports).encode())
        return _report(layout, state)
    except BaseException as cause:  # Ctrl-C too: never half a studio
        _stop(layout)
        if isinstance(cause, SandboxError) and not ports.is_free():
            raise _PortTaken from cause
        raise


def _start_one(layout: Layout, state: State, server: Server) -> State:
    command = server.command()
    try:
        process = processes.start(
            command,
            mark=server.mark,
            cwd=layout.directory,
            log=layout.log(server.name),
            environ=processes.child_environment(),
        )
    except OSError as cause:
        raise SandboxError(f"cannot start {command[0]}: {cause.strerror}", server=server.name) from cause
    state = state.model_copy(update={"processes": {**state.processes, server.name: process}})
    write_state(layout, state)
    return state


def _wait(layout: Layout, process: processes.ServerProcess, server: Server) -> None:
    """Until the server answers.

    Raises:
        SandboxError: it ended, or stays silent; with the end of its log.
    """

    def settled() -> bool:
        return server.get_ready() or not processes.is_alive(process)

    in_time = processes.wait_until(settled, timeout_seconds=_START_SECONDS)
    if in_time and processes.is_alive(process):
        return
    path = layout.log(server.name)
    told = log_tail(path)
    what = _last_words(told) if in_time else "does not answer"
    raise SandboxError(
        f"the sandbox's {server.name} server {what}",
        hint=f"Its log: {path}. `onepiece sandbox reset` starts over with fresh content.",
        server=server.name,
        log=told,
    )


def _last_words(log: str) -> str:
    """Why a server ended, as far as it said so on the last line of its log."""
    last = log.rpartition("\n")[2].strip()
    ended = "ended while starting"
    return f"{ended}: {last.removeprefix('error: ')}" if last.startswith("error: ") else ended


def _stop(layout: Layout, grace_seconds: float = 10.0) -> list[int]:
    """End what runs for this folder, also what a killed ``up`` could not write down."""
    state = read_state(layout)
    known = list(state.processes.values()) if state else []
    servers = [server for server in known if processes.is_alive(server)]
    pids = {server.pid for server in servers}
    servers += [stray for stray in processes.find_marked(*list_marks(layout)) if stray.pid not in pids]
    processes.stop(servers, grace_seconds=grace_seconds)
    if state and state.base_port and (ports := PortBlock(state.base_port)).is_free():
        objects.remove_sockets(ports)
    if state and state.processes:
        write_state(layout, state.model_copy(update={"processes": {}}))
    return [server.pid for server in servers]


def _report(layout: Layout, state: State) -> SandboxReport:
    folder, config = str(layout.directory), str(layout.config)
    if state.base_port is None:
        return SandboxReport(dir=folder, running=False, env={}, config=config, options=state.options.unusual())
    ports = PortBlock(state.base_port)
    servers = tuple(_report_one(layout, state, server) for server in list_servers(layout, state, ports))
    return SandboxReport(
        dir=folder,
        running=all(server.answers for server in servers),
        env=report.environment(layout.directory, state, ports),
        config=config,
        servers=servers,
        options=state.options.unusual(),
    )


def _report_one(layout: Layout, state: State, server: Server) -> ServerReport:
    process = state.processes.get(server.name)
    if process is None or not processes.is_alive(process):
        return ServerReport(name=server.name, url=server.url, log=str(layout.log(server.name)))
    return ServerReport(
        name=server.name,
        url=server.url,
        log=str(layout.log(server.name)),
        pid=process.pid,
        answers=server.answers(),
        memory_bytes=processes.memory_bytes(process),
    )
