"""docs/reference/errors.md: every error code and exit status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onepiece_cli.errors import EXIT, INTERNAL, exit_status
from onepiece_cli.reference.table import code, table
from onepiece_core import errors
from onepiece_core.errors import OnePieceError

_HEAD = """# Errors and exit statuses

An error has a stable `code`; its words may change. On a terminal it is three lines on stderr: `error:`, `hint:`,
`code:`. Under `--json` it is one object on stderr:

```json
{"error": {"code": "storage.bucket_missing", "message": "...", "hint": "...", "context": {"bucket": "..."}}}
```

## Exit statuses

The status follows from the first part of the code.
"""

# What the codes mean whose class says it in its name alone.
MEANINGS = {
    "onepiece.error": "An error without a more special code.",
    "onepiece.internal": "A mistake in OnePiece itself; the traceback is kept in the state folder.",
    "config.invalid": "A file or variable holds something that is no setting, or is not well formed.",
    "config.profile_missing": "No file holds the profile that was named.",
    "naming.invalid": "A name that is not portable, or does not follow the show's convention.",
    "sequences.invalid": "A frame sequence that cannot be told apart from others.",
    "manifest.invalid": "The package's manifest is damaged or is none of ours.",
    "manifest.missing": "There is no manifest here: this is no package.",
    "media.invalid": "A picture or movie is damaged, or is not what its name says.",
    "media.truncated": "A picture or movie was cut short.",
    "media.empty": "A file of zero bytes.",
    "editorial.invalid": "The cut cannot be read.",
    "publish.failed": "A publish could not be completed.",
    "publish.metadata_invalid": "The metadata is no JSON object and no key,value CSV.",
    "publish.input_missing": "An input is not there, or holds nothing to publish.",
    "publish.input_unreadable": "An input may not be read.",
    "publish.operation_unknown": "No operation has this id.",
    "delivery.failed": "A delivery could not be made.",
    "delivery.nothing": "No approved Version is left to deliver.",
    "delivery.destination_differs": "The place of a delivery holds something else.",
    "verify.mismatch": "Files are flipped, missing, added, renamed or unreadable.",
    "journal.failed": "The record of operations in the state folder cannot be used.",
    "storage.failed": "The disk or S3 refused.",
    "storage.unavailable": "S3 does not answer.",
    "storage.access_denied": "The keys are not known, or may not do this.",
    "storage.bucket_missing": "There is no such bucket.",
    "storage.object_missing": "There is no such object.",
    "storage.disk_full": "The disk is full.",
    "storage.read_only": "The folder cannot be written to.",
    "tracker.failed": "ShotGrid could not do this.",
    "tracker.denied": "ShotGrid does not know the script, or its key is wrong.",
    "tracker.not_configured": "No ShotGrid site is set up, or only a part of its settings.",
    "tracker.entity_missing": "ShotGrid does not have what was named.",
    "tracker.project_missing": "ShotGrid does not have this project.",
    "tracker.shot_missing": "The project does not have this shot or asset.",
    "tracker.task_missing": "The shot does not have this task.",
    "dcc.failed": "Something went wrong with a DCC.",
    "dcc.unknown": "No DCC has this name, or none opens such files.",
    "dcc.not_found": "The DCC is not installed here.",
    "dcc.scene_missing": "There is no such scene file, or it cannot be read.",
    "dcc.launch_failed": "The DCC did not start, or ended at once.",
    "sandbox.failed": "The sandbox could not be started or stopped.",
    "sandbox.down": "There is no running sandbox in this folder.",
    "sandbox.data_unusable": "The database of the sandbox's site is damaged, of a newer version or somebody else's.",
    "sandbox.schema_invalid": "A schema file that no site can be opened with.",
    "sandbox.mixed": "A part of the settings is a sandbox's and the rest is not; nothing was written.",
    "adapter.failed": "A farm could not do this.",
    "adapter.configuration_error": "A farm's options lack something or contradict each other.",
    "adapter.unavailable": "The farm does not answer.",
    "adapter.unauthorized": "The farm does not accept our credentials.",
    "adapter.timeout": "The farm took too long.",
    "adapter.not_implemented": "This farm cannot do that.",
    "adapter.cancellation_unsupported": "This farm cannot cancel a job.",
    "server.failed": "The server could not do what it was asked for.",
    "server.request_invalid": "A request to the server does not fit its address.",
    "server.not_found": "The server has nothing at this address.",
    "server.method_not_allowed": "The server's address does not take this method.",
    "server.body_too_large": "A request is larger than the server takes.",
    "server.body_too_slow": "A request's body does not arrive in the time that the server waits for it.",
    "server.range_not_there": "A part of a log is asked for that does not exist, or not yet.",
    "server.rate_limited": "Too many requests came from one caller.",
    "server.unreachable": "The render service does not answer at its address.",
    "server.answer_invalid": "What answered is no render service, or another release of it.",
    "server.audit_broken": "The audit log was changed, or cannot be written.",
    "auth.failed": "The server does not do this for whoever asks.",
    "auth.missing": "The server needs a key or a token.",
    "auth.invalid": "The key or the token is unknown, wrong or expired.",
    "auth.forbidden": "The key lacks the role that this needs.",
    "auth.cross_origin": "A page of another site made use of a browser's session here.",
    "auth.unusable": "The server's own list of keys is missing or broken.",
    "dashboard.failed": "The dashboard could not do what it was asked for.",
    "dashboard.not_found": "The dashboard knows no such show, shot, delivery, ingest or playlist.",
    "dashboard.invalid": "A limit, cursor or filter of the dashboard makes no sense.",
    "dashboard.media_unavailable": "The server of ShotGrid's pictures and movies does not answer, or not with one.",
    "dashboard.store_unavailable": "The dashboard's copy of what ShotGrid has cannot be read or written.",
    "notify.failed": "A message was not taken; it waits and is sent again.",
    "notify.not_configured": "No webhook or e-mail server is set up.",
    "render.failed": "A render job could not be handled.",
    "render.template_not_found": "There is no job template of this name.",
    "render.farm_not_found": "There is no farm of this name.",
    "render.job_not_found": "There is no render job of this id.",
    "render.task_not_found": "The job has no task of this number.",
    "operation.cancelled": "Somebody pressed Ctrl-C or ended the command.",
}

_STATUS_MEANINGS = {
    "onepiece.internal": "a mistake in OnePiece",
    "onepiece.usage": "wrong options",
    "onepiece": "any other error",
    "config": "settings",
    "manifest": "a package's manifest",
    "publish": "a publish or its inputs",
    "storage": "disk or S3",
    "tracker": "ShotGrid",
    "dcc": "a DCC",
    "verify": "a package that is not what its manifest says",
    "media": "pictures and movies",
    "naming": "names",
    "paths": "paths",
    "sequences": "frame sequences",
    "editorial": "cuts",
    "sandbox": "the sandbox",
    "journal": "the journal",
    "workfile": "a workfile, its lock or its versions",
    "delivery.nothing": "nothing was approved to be delivered",
    "delivery": "a delivery",
    "adapter": "a farm",
    "render": "render jobs",
    "server": "requests to the server",
    "auth": "keys and roles of the server",
    "dashboard": "the dashboard and its copy of ShotGrid",
    "notify": "messages to people",
    "operation": "cancelled",
}


@dataclass(frozen=True, slots=True)
class Documented:
    """One error code."""

    code: str
    meaning: str
    hint: str
    status: int


def list_errors() -> list[Documented]:
    """Every code, in the order of the tree."""
    internal = Documented(INTERNAL, MEANINGS[INTERNAL], "", exit_status(INTERNAL))
    return [internal, *_walk(OnePieceError)]


def _walk(kind: type[OnePieceError]) -> Iterator[Documented]:
    yield Documented(kind.code, _meaning(kind), kind.__dict__.get("hint") or "", exit_status(kind.code))
    tree = errors.__doc__ or ""
    ours = [below for below in kind.__subclasses__() if below.__module__.startswith(errors.__name__)]
    for below in sorted(ours, key=lambda one: tree.index(f" {one.__name__} ")):
        yield from _walk(below)


def _meaning(kind: type[OnePieceError]) -> str:
    told = MEANINGS.get(kind.code) or (kind.__doc__ if "__doc__" in kind.__dict__ else None)
    return " ".join((told or "").replace("``", "`").split())


def errors_page() -> str:
    statuses = [("`0`", "", "success")] + [
        (code(str(status)), code(first if "." in first else f"{first}.*"), _STATUS_MEANINGS[first])
        for first, status in EXIT.items()
    ]
    rows = [(code(one.code), str(one.status), one.meaning, one.hint) for one in list_errors()]
    return "\n".join(
        [
            _HEAD,
            *table(("status", "codes", "means"), statuses),
            "",
            "## Codes",
            "",
            "A hint that is not listed here depends on the case.",
            "",
            *table(("code", "status", "meaning", "hint"), rows),
            "",
        ]
    )
