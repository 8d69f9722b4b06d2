"""``trafalgar web dashboard --demo-port``: a made-up show in a studio of its own, gone when the command ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from onepiece_cli.commands.server_run import Entry, check_address
from onepiece_cli.session import Session

_HOST = "127.0.0.1"
_SHOTS, _VERSIONS = 60, 400


def show_demo(session: Session, port: int, *, opens_browser: bool) -> None:
    """Serve until Ctrl-C. Raises UsageError, SandboxError."""
    from onepiece_server.sandbox import studio

    check_address(_HOST, port)
    folder = Path(tempfile.mkdtemp(prefix="onepiece-dashboard-demo-"))
    with _taken_away(folder):
        session.say("Making a show to look at ...")
        report = studio.up(folder / "studio", options={"empty": True})
        _fill(session, folder / "studio")
        _serve(session, folder, report.env, report.unset, port, opens_browser=opens_browser)


@contextmanager
def _taken_away(folder: Path) -> Iterator[None]:
    """However this process ends, also killed: another one waits for its end, then stops the studio."""
    command = [sys.executable, "-P", "-m", __name__, str(folder)]
    waiting = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        assert waiting.stdin is not None
        waiting.stdin.close()
        waiting.wait()


def take_away(folder: Path) -> None:
    """Once nobody holds our input open any more."""
    from onepiece_server.sandbox import studio

    sys.stdin.buffer.read()
    studio.down(folder / "studio", grace_seconds=0)
    shutil.rmtree(folder, ignore_errors=True)


def _fill(session: Session, place: Path) -> None:
    from onepiece_server.sandbox.seeding import apply_seed
    from onepiece_server.sandbox.shotgrid.seed_plan import SeedRequest

    request = SeedRequest(shots=_SHOTS, versions=_VERSIONS, seed=1, project="Long Winter", until=None, thumbnails=True)
    with session.reporter() as reporter:
        apply_seed(place, request, reporter)


def _serve(
    session: Session, folder: Path, told: dict[str, str], unset: Sequence[str], port: int, *, opens_browser: bool
) -> None:
    from onepiece_core.config import ConfigSources, load_settings
    from onepiece_server.auth.keys import DASHBOARD_ROLES
    from onepiece_server.run import serve

    state, home = folder / "state", folder / "home"
    home.mkdir()
    # Nothing of this user's own configuration has a part in it.
    for name in [*unset, *(name for name in os.environ if name.startswith(("ONEPIECE_", "TRAFALGAR_")))]:
        os.environ.pop(name, None)
    os.environ.update(told)
    os.environ.update({"ONEPIECE_STATE_DIR": str(state), "HOME": str(home), "USERPROFILE": str(home)})
    os.chdir(home)
    settings = load_settings(ConfigSources(dict(os.environ), home=home, workspace=home))
    address = f"http://{_HOST}:{port}"
    session.say(f"The demo is at {address}; Ctrl-C ends it and takes it away.")
    entry = Entry(session, address, opens_browser=opens_browser)
    serve(settings, state, os.environ, host=_HOST, port=port, dev=True, dev_roles=DASHBOARD_ROLES, on_entry=entry.tell)


if __name__ == "__main__":
    take_away(Path(sys.argv[1]))
