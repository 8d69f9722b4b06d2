"""``onepiece aws``: media to and from S3."""

from __future__ import annotations

import typer

from onepiece_cli.commands import aws_ingest, aws_sync

app = typer.Typer(
    help="Move media to and from S3: mirror folders, take in drops.", no_args_is_help=True, add_completion=False
)
app.command("sync-to", epilog=aws_sync.TO_EPILOG)(aws_sync.sync_to)
app.command("sync-from", epilog=aws_sync.FROM_EPILOG)(aws_sync.sync_from)
app.command("ingest", epilog=aws_ingest.EPILOG)(aws_ingest.ingest)
