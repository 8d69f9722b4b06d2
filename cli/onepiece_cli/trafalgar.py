"""Entry point of ``trafalgar``: the server under its own name."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from onepiece_cli.commands.sandbox_folder import examples
from onepiece_cli.commands.server_run import Dev, Host, Port, Workers, serve
from onepiece_cli.session import Session, session_of

RENDER_EPILOG = examples("trafalgar web render", "trafalgar web render --host 0.0.0.0 --port 8000 --workers 2")
DASHBOARD_EPILOG = examples(
    "trafalgar web dashboard --open-browser", "trafalgar web dashboard --demo-port 8200 --open-browser"
)

Browser = Annotated[
    bool, typer.Option("--open-browser/--no-open-browser", help="Open the address in a browser once it answers.")
]


def build() -> typer.Typer:
    """The command line of ``trafalgar``."""
    app = typer.Typer(name="trafalgar", help="Trafalgar, OnePiece's server.", pretty_exceptions_enable=False)
    app.callback()(root)
    web = typer.Typer(help="Serve over HTTP until Ctrl-C.", no_args_is_help=True, add_completion=False)
    web.command("render", epilog=RENDER_EPILOG)(render)
    web.command("dashboard", epilog=DASHBOARD_EPILOG)(dashboard)
    app.add_typer(web, name="web")
    return app


def root(
    ctx: typer.Context,
    config_profile: Annotated[
        str | None,
        typer.Option("--config-profile", metavar="NAME", help="Profile of onepiece.toml; beats the environment."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the log, and tracebacks of bugs.")] = False,
    log_json: Annotated[bool, typer.Option("--log-json", help="Write the log as JSON lines on stderr.")] = False,
) -> None:
    session = ctx.ensure_object(Session)
    session.config_profile, session.verbose, session.log_json = config_profile, verbose, log_json
    session.start_log()


def render(
    ctx: typer.Context,
    host: Host = None,
    port: Port = None,
    workers: Workers = 1,
    dev: Dev = False,
    open_browser: Browser = False,
) -> None:
    """Serve render jobs; the same as `onepiece server run`."""
    serve(session_of(ctx), host, port, workers=workers, dev=dev, opens_browser=open_browser)


def dashboard(
    ctx: typer.Context,
    host: Host = None,
    port: Port = None,
    workers: Workers = 1,
    dev: Dev = False,
    demo_port: Annotated[
        int | None,
        typer.Option(
            "--demo-port", min=1, max=65535, help="Show a made-up show on this port, read-only; needs nothing set up."
        ),
    ] = None,
    open_browser: Browser = False,
) -> None:
    """Serve the dashboard, and render jobs; the same as `onepiece server run`."""
    if demo_port is not None:
        from onepiece_cli.commands.dashboard_demo import show_demo

        show_demo(session_of(ctx), demo_port, opens_browser=open_browser)
        return
    serve(session_of(ctx), host, port, workers=workers, dev=dev, opens_browser=open_browser)


def main() -> int:
    """Run the command line in ``sys.argv`` and give its exit status."""
    from onepiece_cli.run import run

    return run(sys.argv[1:], build, "trafalgar")


if __name__ == "__main__":
    sys.exit(main())
