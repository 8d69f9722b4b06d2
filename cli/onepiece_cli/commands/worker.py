"""``onepiece worker``: the process behind the panels of a DCC."""

from __future__ import annotations

import os
import sys

import typer

from onepiece_cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command(
    epilog="""Examples:

onepiece worker

echo '{"id": 1, "method": "session.info"}' | onepiece worker"""
)
def worker(ctx: typer.Context) -> None:
    """Serve one DCC: requests as JSON lines on stdin, events on stdout. Panels start it by themselves."""
    import getpass

    from onepiece_cli.settings import default_state_dir
    from onepiece_core.worker.protocol import Replies
    from onepiece_core.worker.run import open_session, serve

    session = session_of(ctx)
    session.as_json = True  # people do not read this: no banner, no bars
    # What a library prints must not get between the lines.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    state_dir = default_state_dir(session.environ)
    opened = open_session(session.settings(), state_dir, getpass.getuser(), session.environ)
    serve(opened, sys.stdin.buffer, Replies(out))
