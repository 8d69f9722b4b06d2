"""Stores and trackers: what is reached over a network."""

from __future__ import annotations

from onepiece_core.errors.base import OnePieceError


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


class ShowCodeTaken(TrackerError):
    """Another project has this show code: publishes and deliveries could not tell the two apart."""

    code = "tracker.show_code_taken"


class EntityMissing(TrackerError):
    code = "tracker.entity_missing"


class ProjectMissing(EntityMissing):
    code = "tracker.project_missing"


class ShotMissing(EntityMissing):
    code = "tracker.shot_missing"


class TaskMissing(EntityMissing):
    code = "tracker.task_missing"
