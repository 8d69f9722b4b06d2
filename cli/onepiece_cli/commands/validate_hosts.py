"""``onepiece validate dcc-environment``."""

from __future__ import annotations

from typing import Annotated

import typer

from onepiece_cli.commands.validate_show import Report, finish, write_check
from onepiece_cli.options import Json
from onepiece_cli.outcome import run_failures_are
from onepiece_cli.session import session_of

EPILOG = """Examples:

onepiece validate dcc-environment

onepiece validate dcc-environment nuke blender --json"""


def dcc_environment(
    ctx: typer.Context,
    host: Annotated[
        list[str] | None, typer.Argument(metavar="[HOST]...", help="Hosts that must be here; by default all that are.")
    ] = None,
    report: Report = None,
    as_json: Json = False,
) -> None:
    """Check the DCCs of this machine: are they here, is their Python new enough, do they load OnePiece?"""
    from onepiece_cli.host_files import machine_of
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.dcc.layout import user_root
    from onepiece_core.open_shot import dcc_environment as asked_with
    from onepiece_core.validate.environment import check_environment

    session = session_of(ctx)
    with run_failures_are():
        write_check(report)
        machine = machine_of(session)
        found = check_environment(
            machine,
            asked_with(machine.environ),
            session.settings(),
            root=user_root(machine),
            state_dir=default_state_dir(session.environ),
            hosts=host or (),
        )
        finish(session, found, report, as_json)
