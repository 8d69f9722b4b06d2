"""Every error that OnePiece raises on purpose.

::

    OnePieceError                       onepiece.error
      UsageError                        onepiece.usage
      ExtraMissing                      onepiece.extra_missing
      ConfigError                       config.invalid
        ProfileMissing                  config.profile_missing
        ConfigMissing                   config.missing
        StateNotLocal                   config.state_not_local
      NameInvalid                       naming.invalid
      PathEscapes                       paths.escapes
      SequenceError                     sequences.invalid
        PaddingsMixed                   sequences.two_paddings
      ManifestError                     manifest.invalid
        ManifestMissing                 manifest.missing
      MediaError                        media.invalid
        MediaTruncated                  media.truncated
        MediaEmpty                      media.empty
      EditorialError                    editorial.invalid
      PublishError                      publish.failed
        MetadataInvalid                 publish.metadata_invalid
        InputMissing                    publish.input_missing
        InputUnreadable                 publish.input_unreadable
        InputRefused                    publish.input_refused
        SourceChanged                   publish.source_changed
        VersionExists                   publish.version_exists
        DestinationExists               publish.destination_exists
        LeaseLost                       publish.lease_lost
        OperationUnknown                publish.operation_unknown
        OperationMismatch               publish.operation_mismatch
        OperationBusy                   publish.operation_busy
        NotAdoptable                    publish.not_adoptable
      VerifyMismatch                    verify.mismatch
      JournalError                      journal.failed
      StorageError                      storage.failed
        StorageUnavailable              storage.unavailable
        AccessDenied                    storage.access_denied
        BucketMissing                   storage.bucket_missing
        ObjectMissing                   storage.object_missing
        PreconditionFailed              storage.precondition_failed
        DiskFull                        storage.disk_full
        DestinationReadOnly             storage.read_only
      TrackerError                      tracker.failed
        TrackerUnavailable              tracker.unavailable
          TrackerUnanswered             tracker.unanswered
        TrackerDenied                   tracker.denied
        TrackerRefused                  tracker.refused
        TrackerNotConfigured            tracker.not_configured
        EntityMissing                   tracker.entity_missing
          ProjectMissing                tracker.project_missing
          ShotMissing                   tracker.shot_missing
          TaskMissing                   tracker.task_missing
      DccError                          dcc.failed
        DccUnknown                      dcc.unknown
        DccMissing                      dcc.not_found
        SceneMissing                    dcc.scene_missing
        LaunchFailed                    dcc.launch_failed
      SandboxError                      sandbox.failed
        SandboxDown                     sandbox.down
        SandboxDataUnusable             sandbox.data_unusable
        SandboxSchemaInvalid            sandbox.schema_invalid
        FaultPlanInvalid                sandbox.fault_plan_invalid
      OperationCancelled                operation.cancelled

A caller tells errors apart by ``code``. The words in ``message`` may change.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel


class ErrorReport(BaseModel, frozen=True):
    """An error as the CLI (``--json``), the panels and the API show it."""

    code: str
    message: str
    hint: str | None = None
    context: dict[str, Any] = {}


class OnePieceError(Exception):
    """Base of every error that a front end shows without a traceback.

    ``context`` holds JSON values (paths as ``str``) and never a secret.
    """

    code: ClassVar[str] = "onepiece.error"
    hint: ClassVar[str | None] = None

    def __init__(self, message: str, *, hint: str | None = None, **context: Any) -> None:
        super().__init__(message)
        self.report = ErrorReport(code=self.code, message=message, hint=hint or self.hint, context=context)


class UsageError(OnePieceError):
    """Options that contradict each other or lack one."""

    code = "onepiece.usage"


class ExtraMissing(OnePieceError):
    """A feature needs an optional package."""

    code = "onepiece.extra_missing"


class ConfigError(OnePieceError):
    code = "config.invalid"


class ProfileMissing(ConfigError):
    code = "config.profile_missing"
    hint = "`onepiece profile --list` names the profiles that exist."


class ConfigMissing(ConfigError):
    """A setting that this command cannot do without."""

    code = "config.missing"


class StateNotLocal(ConfigError):
    """The journal's folder lies on a network filesystem, where SQLite's locks cannot be trusted."""

    code = "config.state_not_local"
    hint = "Point ONEPIECE_STATE_DIR at a folder on a local disk."


class NameInvalid(OnePieceError):
    code = "naming.invalid"


class PathEscapes(OnePieceError):
    """A path that would leave its root."""

    code = "paths.escapes"


class SequenceError(OnePieceError):
    code = "sequences.invalid"


class PaddingsMixed(SequenceError):
    """One frame is there twice, with two paddings."""

    code = "sequences.two_paddings"
    hint = "Keep one of the two files and move the other away."


class ManifestError(OnePieceError):
    code = "manifest.invalid"


class ManifestMissing(ManifestError):
    code = "manifest.missing"


class MediaError(OnePieceError):
    code = "media.invalid"


class MediaTruncated(MediaError):
    code = "media.truncated"
    hint = "The file was cut short: render or copy it again."


class MediaEmpty(MediaError):
    code = "media.empty"
    hint = "The file holds no bytes: render or copy it again."


class EditorialError(OnePieceError):
    code = "editorial.invalid"


class PublishError(OnePieceError):
    code = "publish.failed"


class MetadataInvalid(PublishError):
    code = "publish.metadata_invalid"


class InputMissing(PublishError):
    code = "publish.input_missing"


class InputUnreadable(PublishError):
    code = "publish.input_unreadable"


class InputRefused(PublishError):
    """An input that must not be published: a pipe, a link that leaves the tree, a name that is not portable, ..."""

    code = "publish.input_refused"


class SourceChanged(PublishError):
    """A source changed while it was read."""

    code = "publish.source_changed"
    hint = "Wait until the render or copy has finished, then publish again."


class VersionExists(PublishError):
    """Somebody else holds this version. ``context.state`` is ``in_progress`` or ``finished``."""

    code = "publish.version_exists"
    hint = "Publish under the next version number."


class DestinationExists(PublishError):
    """The destination's folder is there and was not made by a publish."""

    code = "publish.destination_exists"
    hint = "Move the folder away or publish under another name."


class LeaseLost(PublishError):
    """Our claim ran out or was taken over: nothing more may be written."""

    code = "publish.lease_lost"
    hint = "Run `onepiece recover --list` to see who goes on with this publish."


class OperationUnknown(PublishError):
    code = "publish.operation_unknown"
    hint = "`onepiece recover --list` names the operations that are not finished."


class OperationMismatch(PublishError):
    """An operation id that stands for a publish with other options."""

    code = "publish.operation_mismatch"


class OperationBusy(PublishError):
    """The operation's owner is alive, or its lease is not over."""

    code = "publish.operation_busy"
    hint = "Wait until the lease is over, then try again."


class NotAdoptable(PublishError):
    """What is reachable from here is not enough to complete or discard the operation."""

    code = "publish.not_adoptable"


class VerifyMismatch(OnePieceError):
    code = "verify.mismatch"


class JournalError(OnePieceError):
    code = "journal.failed"


class StorageError(OnePieceError):
    code = "storage.failed"


class StorageUnavailable(StorageError):
    code = "storage.unavailable"
    hint = "Check the network and the endpoint, then run the same command again."


class AccessDenied(StorageError):
    code = "storage.access_denied"
    hint = "Check the AWS profile and the bucket's policy: `onepiece info` shows what is in force."


class BucketMissing(StorageError):
    code = "storage.bucket_missing"


class ObjectMissing(StorageError):
    code = "storage.object_missing"


class PreconditionFailed(StorageError):
    """A conditional write met an object that is there already, or another one than expected."""

    code = "storage.precondition_failed"


class DiskFull(StorageError):
    code = "storage.disk_full"
    hint = "Free some space and run the same command again."


class DestinationReadOnly(StorageError):
    code = "storage.read_only"
    hint = "Check the folder's permissions."


class TrackerError(OnePieceError):
    code = "tracker.failed"


class TrackerUnavailable(TrackerError):
    """The tracker did not take the call: nothing was changed there."""

    code = "tracker.unavailable"
    hint = "Check the site's address and the network, then try again."


class TrackerUnanswered(TrackerUnavailable):
    """The call was sent and no answer came: it may or may not have been carried out."""

    code = "tracker.unanswered"


class TrackerDenied(TrackerError):
    code = "tracker.denied"
    hint = "Check ONEPIECE_SHOTGRID_SCRIPT and ONEPIECE_SHOTGRID_KEY: `onepiece info` shows what is in force."


class TrackerRefused(TrackerError):
    """The tracker answered that it will not do this."""

    code = "tracker.refused"


class TrackerNotConfigured(TrackerError):
    code = "tracker.not_configured"
    hint = "Set ONEPIECE_SHOTGRID_URL, ONEPIECE_SHOTGRID_SCRIPT and ONEPIECE_SHOTGRID_KEY, or start a sandbox."


class EntityMissing(TrackerError):
    code = "tracker.entity_missing"


class ProjectMissing(EntityMissing):
    code = "tracker.project_missing"


class ShotMissing(EntityMissing):
    code = "tracker.shot_missing"


class TaskMissing(EntityMissing):
    code = "tracker.task_missing"


class DccError(OnePieceError):
    code = "dcc.failed"


class DccUnknown(DccError):
    code = "dcc.unknown"


class DccMissing(DccError):
    code = "dcc.not_found"


class SceneMissing(DccError):
    code = "dcc.scene_missing"


class LaunchFailed(DccError):
    code = "dcc.launch_failed"


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


class FaultPlanInvalid(SandboxError):
    """A plan of faults that says none, or that the running sandbox cannot carry out."""

    code = "sandbox.fault_plan_invalid"
    hint = "docs/how-to/sandbox.md tells what a plan may say."


class OperationCancelled(OnePieceError):
    code = "operation.cancelled"
    hint = "Run the same command again to go on."
