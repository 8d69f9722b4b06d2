"""DCCs and the sandbox: other programs on this machine."""

from __future__ import annotations

from onepiece_core.errors.base import OnePieceError


class DccError(OnePieceError):
    code = "dcc.failed"


class DccUnknown(DccError):
    code = "dcc.unknown"


class DccMissing(DccError):
    code = "dcc.not_found"


class SceneMissing(DccError):
    code = "dcc.scene_missing"


class SceneRefused(DccError):
    """A scene that the chosen DCC would damage or cannot open: it is empty, or a newer version saved it."""

    code = "dcc.scene_refused"
    hint = "`--skip-validation` opens it all the same."


class LaunchFailed(DccError):
    code = "dcc.launch_failed"


class HostFilesMissing(DccError):
    """The version of the host files that the settings ask for is not there."""

    code = "dcc.host_files_missing"
    hint = "`onepiece dcc install HOST` lays out this version; [hosts] version of onepiece.toml names another."


class InstallFailed(DccError):
    """The host files or what makes a DCC load them cannot be put in place or taken away."""

    code = "dcc.install_failed"


class ShelvesInvalid(DccError):
    """Files of tools hold mistakes."""

    code = "dcc.shelves_invalid"
    hint = "Each finding names the file and the place in it; docs/how-to/shelves.md tells what may stand there."


class WorkfileError(OnePieceError):
    """A workfile, its lock or its versions."""

    code = "workfile.failed"


class WorkfileMissing(WorkfileError):
    """There is no such workfile, or none of this context."""

    code = "workfile.missing"


class WorkfileExists(WorkfileError):
    """A file is there already: it is never overwritten."""

    code = "workfile.exists"


class WorkfileLocked(WorkfileError):
    """Somebody else has the workfile open. ``context`` says who, where, since when, and whether it may be stolen."""

    code = "workfile.locked"


class WorkfileTemplateMissing(WorkfileError):
    """The settings name no template for this step and DCC, or the file they name is not there."""

    code = "workfile.template_missing"


class SandboxError(OnePieceError):
    code = "sandbox.failed"


class SandboxDown(SandboxError):
    code = "sandbox.down"
    hint = "Start it with `onepiece sandbox up`."


class SandboxDataUnusable(SandboxError):
    code = "sandbox.data_unusable"
    hint = "`onepiece sandbox reset` starts over with fresh content."


class SandboxSchemaInvalid(SandboxError):
    code = "sandbox.schema_invalid"
    hint = "`onepiece sandbox schema pull --output FILE` writes one of a real site."


class SandboxMixed(SandboxError):
    code = "sandbox.mixed"
    hint = (
        "Take the sandbox whole (`onepiece --config-profile sandbox ...`) or not at all; `allow_mixed = true` in "
        "[sandbox] of onepiece.toml says that the mixture is meant."
    )


class FaultPlanInvalid(SandboxError):
    """A plan of faults that says none, or that the running sandbox cannot carry out."""

    code = "sandbox.fault_plan_invalid"
    hint = "docs/how-to/sandbox.md tells what a plan may say."
