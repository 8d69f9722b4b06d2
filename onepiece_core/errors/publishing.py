"""Publishes, their verification and their journal."""

from __future__ import annotations

from onepiece_core.errors.base import OnePieceError


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


class ChecksFailed(PublishError):
    """Rules of the open scene found errors that nobody ignored. ``context.findings`` has them."""

    code = "publish.checks_failed"
    hint = "Repair what was found, or ignore it with a reason."


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


class DeliveryError(OnePieceError):
    """A delivery could not be made."""

    code = "delivery.failed"


class NothingToDeliver(DeliveryError):
    """No approved Version, or every one was refused. ``context.refused`` names them."""

    code = "delivery.nothing"
    hint = "`--dry-run` tells what is wrong with each Version."


class DestinationDiffers(DeliveryError):
    """The destination holds other bytes: it is neither overwritten nor taken for delivered."""

    code = "delivery.destination_differs"
    hint = "Deliver under another name, or move what is there away."
