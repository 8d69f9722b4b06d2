"""``onepiece server``: Trafalgar, its keys and its audit log."""

from __future__ import annotations

import typer

from onepiece_cli.commands import server_credentials, server_run

app = typer.Typer(
    help="Run Trafalgar, the render service; its keys, its audit log.", no_args_is_help=True, add_completion=False
)
app.command("run", epilog=server_run.RUN_EPILOG)(server_run.run)

credentials = typer.Typer(help="The API keys that the server lets in.", no_args_is_help=True, add_completion=False)
credentials.command("add", epilog=server_credentials.ADD_EPILOG)(server_credentials.add)
credentials.command("list", epilog=server_credentials.LIST_EPILOG)(server_credentials.list_keys)
credentials.command("revoke", epilog=server_credentials.REVOKE_EPILOG)(server_credentials.revoke)
credentials.command("rotate", epilog=server_credentials.ROTATE_EPILOG)(server_credentials.rotate)
app.add_typer(credentials, name="credentials")

audit = typer.Typer(help="Who changed what over the API.", no_args_is_help=True, add_completion=False)
audit.command("verify", epilog=server_run.VERIFY_EPILOG)(server_run.verify)
audit.command("list", epilog=server_run.ENTRIES_EPILOG)(server_run.entries)
app.add_typer(audit, name="audit")
