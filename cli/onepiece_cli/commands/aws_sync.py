"""``onepiece aws sync-to`` and ``sync-from``: one folder and one place in a bucket, made alike."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.options import AwsProfile, Events, Json, aws_overrides
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_cli.commands.aws_sync_run import Asked
    from onepiece_core.sync.model import Direction

TO_EPILOG = """Examples:

onepiece aws sync-to --bucket my-bucket --show-code SHOW --folder plates --local-path /data/plates

onepiece aws sync-to vendor_out SHOW plates /data/plates --include '*.exr' --exclude 'wip' --dry-run

onepiece aws sync-to my-bucket SHOW plates /data/plates --delete --max-delete 20 --profile studio-prod"""

FROM_EPILOG = """Examples:

onepiece aws sync-from --bucket my-bucket --show-code SHOW --folder plates --local-path /data/plates

onepiece aws sync-from vendor_in SHOW plates /data/plates --checksum --json

onepiece aws sync-from my-bucket SHOW plates /data/plates --bandwidth 50M --events ndjson"""


class EngineChoice(StrEnum):
    """What carries the bytes."""

    AUTO = "auto"
    POOL = "pool"
    CRT = "crt"
    S5CMD = "s5cmd"


Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="BUCKET SHOW_CODE FOLDER LOCAL_PATH", help="The four, where no option gives them."),
]
Bucket = Annotated[str | None, typer.Option("--bucket", help="S3 bucket, or a context's name (vendor_in).")]
ShowCode = Annotated[str | None, typer.Option("--show-code", help="The show's short code (FG).")]
Folder = Annotated[str | None, typer.Option("--folder", help="Folder below LOCAL_PATH and below BUCKET/SHOW_CODE.")]
LocalPath = Annotated[str | None, typer.Option("--local-path", help="The folder on this machine that holds FOLDER.")]
Include = Annotated[
    list[str] | None,
    typer.Option("--include", metavar="GLOB", help="Only what matches: *.exr at any depth, sc02/** in FOLDER."),
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="GLOB", help="Nothing that matches, whatever is included.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Name each action and its bytes, change nothing.")]
Delete = Annotated[
    bool, typer.Option("--delete", help="Remove what the source does not have; nothing while any path is unreadable.")
]
MaxDelete = Annotated[
    int, typer.Option("--max-delete", metavar="N", min=0, help="With more than N to delete, nothing is deleted.")
]
Checksum = Annotated[bool, typer.Option("--checksum", help="Compare contents, not sizes and times.")]
Engine = Annotated[EngineChoice, typer.Option("--engine", help="What carries the bytes; auto is the fastest here.")]
Jobs = Annotated[
    int, typer.Option("--jobs", metavar="N", min=0, max=256, help="Files at the same time; 0: as many as serve.")
]
Bandwidth = Annotated[
    str | None, typer.Option("--bandwidth", metavar="RATE", help="Bytes a second at most: 500k, 50M, 1G.")
]
EndpointUrl = Annotated[str | None, typer.Option("--endpoint-url", metavar="URL", help="An S3 server other than AWS.")]


def sync_to(
    ctx: typer.Context,
    words: Words = None,
    bucket: Bucket = None,
    show_code: ShowCode = None,
    folder: Folder = None,
    local_path: LocalPath = None,
    profile: AwsProfile = None,
    include: Include = None,
    exclude: Exclude = None,
    dry_run: DryRun = False,
    delete: Delete = False,
    max_delete: MaxDelete = 100,
    checksum: Checksum = False,
    engine: Engine = EngineChoice.AUTO,
    jobs: Jobs = 0,
    bandwidth: Bandwidth = None,
    endpoint_url: EndpointUrl = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Mirror LOCAL_PATH/FOLDER to s3://BUCKET/SHOW_CODE/FOLDER."""
    _run(ctx, "to", locals())


def sync_from(
    ctx: typer.Context,
    words: Words = None,
    bucket: Bucket = None,
    show_code: ShowCode = None,
    folder: Folder = None,
    local_path: LocalPath = None,
    profile: AwsProfile = None,
    include: Include = None,
    exclude: Exclude = None,
    dry_run: DryRun = False,
    delete: Delete = False,
    max_delete: MaxDelete = 100,
    checksum: Checksum = False,
    engine: Engine = EngineChoice.AUTO,
    jobs: Jobs = 0,
    bandwidth: Bandwidth = None,
    endpoint_url: EndpointUrl = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Mirror s3://BUCKET/SHOW_CODE/FOLDER to LOCAL_PATH/FOLDER."""
    _run(ctx, "from", locals())


def _run(ctx: typer.Context, direction: Direction, options: dict[str, Any]) -> None:
    from onepiece_cli.commands.aws_sync_run import run_sync
    from onepiece_cli.outcome import run_failures_are

    with run_failures_are():
        run_sync(session_of(ctx), asked_for(direction, options), direction)


_NAMES = ("bucket", "show_code", "folder", "local_path")


def asked_for(direction: Direction, options: dict[str, Any]) -> Asked:
    """The four names, from options and positional words in their order, and the rest. Raises UsageError."""
    from onepiece_cli.commands.aws_sync_run import Asked
    from onepiece_core.errors import UsageError

    words = list(options["words"] or ())
    told: dict[str, Any] = {}
    for name in _NAMES:
        told[name] = options[name] if options[name] is not None else (words.pop(0) if words else None)
    if words:
        raise UsageError(
            f"too many words: {' '.join(words)}", hint="Quote patterns, or the shell replaces them: --include '*.exr'."
        )
    # An empty one is a script's variable that is not set: it must not stand for a whole bucket or the working folder.
    missing = [name for name in _NAMES if not told[name]]
    if missing:
        raise UsageError(
            f"Missing {', '.join('--' + name.replace('_', '-') for name in missing)}.",
            hint=f"`onepiece aws sync-{direction} --help` shows examples.",
        )
    return Asked(
        **told,
        local_root=Path(told["local_path"]).expanduser(),
        overrides=aws_overrides(options["profile"], options["endpoint_url"]),
        include=tuple(options["include"] or ()),
        exclude=tuple(options["exclude"] or ()),
        engine=str(options["engine"]),
        bytes_per_second=_rate(options["bandwidth"]),
        has_events=options["events"] is not None,
        **{name: options[name] for name in ("dry_run", "delete", "max_delete", "checksum", "jobs", "as_json")},
    )


def _rate(text: str | None) -> int | None:
    """Bytes a second. Raises UsageError."""
    from onepiece_core.errors import UsageError

    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kKmMgG]?)(?:i?[bB])?(?:/s)?", text.strip(), re.ASCII)
    rate = int(float(found[1]) * {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}[found[2].lower()]) if found else 0
    if rate <= 0:
        raise UsageError(f"{text!r} is no rate", hint="Write it like 500k, 50M or 1G: bytes a second.", value=text)
    return rate
