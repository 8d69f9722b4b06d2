"""Every error that OnePiece raises on purpose.

::

    OnePieceError                       onepiece.error
      UsageError                        onepiece.usage
      ExtraMissing                      onepiece.extra_missing
      ConfigError                       config.invalid
        ProfileMissing                  config.profile_missing
        ConfigMissing                   config.missing
        StateNotLocal                   config.state_not_local
        KeyringUnavailable              config.no_keyring
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
        ChecksFailed                    publish.checks_failed
        SourceChanged                   publish.source_changed
        VersionExists                   publish.version_exists
        DestinationExists               publish.destination_exists
        LeaseLost                       publish.lease_lost
        OperationUnknown                publish.operation_unknown
        OperationMismatch               publish.operation_mismatch
        OperationBusy                   publish.operation_busy
        NotAdoptable                    publish.not_adoptable
      DeliveryError                     delivery.failed
        NothingToDeliver                delivery.nothing
        DestinationDiffers              delivery.destination_differs
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
        ShowCodeTaken                   tracker.show_code_taken
        EntityMissing                   tracker.entity_missing
          ProjectMissing                tracker.project_missing
          ShotMissing                   tracker.shot_missing
          TaskMissing                   tracker.task_missing
      DccError                          dcc.failed
        DccUnknown                      dcc.unknown
        DccMissing                      dcc.not_found
        SceneMissing                    dcc.scene_missing
        SceneRefused                    dcc.scene_refused
        LaunchFailed                    dcc.launch_failed
        HostFilesMissing                dcc.host_files_missing
        InstallFailed                   dcc.install_failed
        ShelvesInvalid                  dcc.shelves_invalid
      WorkfileError                     workfile.failed
        WorkfileMissing                 workfile.missing
        WorkfileExists                  workfile.exists
        WorkfileLocked                  workfile.locked
        WorkfileTemplateMissing         workfile.template_missing
      SandboxError                      sandbox.failed
        SandboxDown                     sandbox.down
        SandboxDataUnusable             sandbox.data_unusable
        SandboxSchemaInvalid            sandbox.schema_invalid
        SandboxMixed                    sandbox.mixed
        FaultPlanInvalid                sandbox.fault_plan_invalid
      FarmError                         adapter.failed
        FarmConfigurationError          adapter.configuration_error
        JobRejected                     adapter.job_rejected
        FarmUnavailable                 adapter.unavailable
        FarmUnauthorized                adapter.unauthorized
        FarmTimeout                     adapter.timeout
        NotImplementedByFarm            adapter.not_implemented
        CancellationUnsupported         adapter.cancellation_unsupported
        FarmProtocolError               adapter.protocol_error
        JobUnknownToFarm                adapter.job_unknown
      RenderError                       render.failed
        RenderInvalid                   render.invalid
        TemplateUnknown                 render.template_not_found
        FarmUnknown                     render.farm_not_found
        JobMissing                      render.job_not_found
        TaskUnknown                     render.task_not_found
        JobConflict                     render.conflict
        RenderStoreFailed               render.store_unavailable
            RenderStoreBroken           render.store_broken
      DashboardError                    dashboard.failed
        DashboardMissing                dashboard.not_found
        DashboardInvalid                dashboard.invalid
        DashboardMediaFailed            dashboard.media_unavailable
        DashboardStoreFailed            dashboard.store_unavailable
      NotifyError                       notify.failed
        NotifyNotConfigured             notify.not_configured
      ServerError                       server.failed
        RequestInvalid                  server.request_invalid
        RouteMissing                    server.not_found
        MethodNotAllowed                server.method_not_allowed
        BodyTooLarge                    server.body_too_large
        BodyTooSlow                     server.body_too_slow
        RangeNotThere                   server.range_not_there
        RateLimited                     server.rate_limited
        ServerUnreachable               server.unreachable
        ServerAnswerInvalid             server.answer_invalid
        AuditBroken                     server.audit_broken
      AuthError                         auth.failed
        CredentialsMissing              auth.missing
        CredentialsInvalid              auth.invalid
        RoleMissing                     auth.forbidden
        CrossOrigin                     auth.cross_origin
        CredentialsUnusable             auth.unusable
      OperationCancelled                operation.cancelled

A caller tells errors apart by ``code``. The words in ``message`` may change.
"""

from __future__ import annotations

from onepiece_core.errors.applications import (
    DccError,
    DccMissing,
    DccUnknown,
    FaultPlanInvalid,
    HostFilesMissing,
    InstallFailed,
    LaunchFailed,
    SandboxDataUnusable,
    SandboxDown,
    SandboxError,
    SandboxMixed,
    SandboxSchemaInvalid,
    SceneMissing,
    SceneRefused,
    ShelvesInvalid,
    WorkfileError,
    WorkfileExists,
    WorkfileLocked,
    WorkfileMissing,
    WorkfileTemplateMissing,
)
from onepiece_core.errors.base import (
    ConfigError,
    ConfigMissing,
    ErrorReport,
    ExtraMissing,
    KeyringUnavailable,
    OnePieceError,
    OperationCancelled,
    ProfileMissing,
    StateNotLocal,
    UsageError,
)
from onepiece_core.errors.dashboard import (
    DashboardError,
    DashboardInvalid,
    DashboardMediaFailed,
    DashboardMissing,
    DashboardStoreFailed,
)
from onepiece_core.errors.data import (
    EditorialError,
    ManifestError,
    ManifestMissing,
    MediaEmpty,
    MediaError,
    MediaTruncated,
    NameInvalid,
    PaddingsMixed,
    PathEscapes,
    SequenceError,
)
from onepiece_core.errors.farms import (
    CancellationUnsupported,
    FarmConfigurationError,
    FarmError,
    FarmProtocolError,
    FarmTimeout,
    FarmUnauthorized,
    FarmUnavailable,
    FarmUnknown,
    JobConflict,
    JobMissing,
    JobRejected,
    JobUnknownToFarm,
    NotImplementedByFarm,
    RenderError,
    RenderInvalid,
    RenderStoreBroken,
    RenderStoreFailed,
    TaskUnknown,
    TemplateUnknown,
)
from onepiece_core.errors.notify import NotifyError, NotifyNotConfigured
from onepiece_core.errors.publishing import (
    ChecksFailed,
    DeliveryError,
    DestinationDiffers,
    DestinationExists,
    InputMissing,
    InputRefused,
    InputUnreadable,
    JournalError,
    LeaseLost,
    MetadataInvalid,
    NotAdoptable,
    NothingToDeliver,
    OperationBusy,
    OperationMismatch,
    OperationUnknown,
    PublishError,
    SourceChanged,
    VerifyMismatch,
    VersionExists,
)
from onepiece_core.errors.server import (
    AuditBroken,
    AuthError,
    BodyTooLarge,
    BodyTooSlow,
    CredentialsInvalid,
    CredentialsMissing,
    CredentialsUnusable,
    CrossOrigin,
    MethodNotAllowed,
    RangeNotThere,
    RateLimited,
    RequestInvalid,
    RoleMissing,
    RouteMissing,
    ServerAnswerInvalid,
    ServerError,
    ServerUnreachable,
)
from onepiece_core.errors.services import (
    AccessDenied,
    BucketMissing,
    DestinationReadOnly,
    DiskFull,
    EntityMissing,
    ObjectMissing,
    PreconditionFailed,
    ProjectMissing,
    ShotMissing,
    ShowCodeTaken,
    StorageError,
    StorageUnavailable,
    TaskMissing,
    TrackerDenied,
    TrackerError,
    TrackerNotConfigured,
    TrackerRefused,
    TrackerUnanswered,
    TrackerUnavailable,
)

__all__ = [
    "AccessDenied",
    "AuditBroken",
    "AuthError",
    "BodyTooLarge",
    "BodyTooSlow",
    "BucketMissing",
    "CancellationUnsupported",
    "ChecksFailed",
    "ConfigError",
    "ConfigMissing",
    "CredentialsInvalid",
    "CredentialsMissing",
    "CredentialsUnusable",
    "CrossOrigin",
    "DashboardError",
    "DashboardInvalid",
    "DashboardMediaFailed",
    "DashboardMissing",
    "DashboardStoreFailed",
    "DccError",
    "DccMissing",
    "DccUnknown",
    "DeliveryError",
    "DestinationDiffers",
    "DestinationExists",
    "DestinationReadOnly",
    "DiskFull",
    "EditorialError",
    "EntityMissing",
    "ErrorReport",
    "ExtraMissing",
    "FarmConfigurationError",
    "FarmError",
    "FarmProtocolError",
    "FarmTimeout",
    "FarmUnauthorized",
    "FarmUnavailable",
    "FarmUnknown",
    "FaultPlanInvalid",
    "HostFilesMissing",
    "InputMissing",
    "InputRefused",
    "InputUnreadable",
    "InstallFailed",
    "JobConflict",
    "JobMissing",
    "JobRejected",
    "JobUnknownToFarm",
    "JournalError",
    "KeyringUnavailable",
    "LaunchFailed",
    "LeaseLost",
    "ManifestError",
    "ManifestMissing",
    "MediaEmpty",
    "MediaError",
    "MediaTruncated",
    "MetadataInvalid",
    "MethodNotAllowed",
    "NameInvalid",
    "NotAdoptable",
    "NotImplementedByFarm",
    "NothingToDeliver",
    "NotifyError",
    "NotifyNotConfigured",
    "ObjectMissing",
    "OnePieceError",
    "OperationBusy",
    "OperationCancelled",
    "OperationMismatch",
    "OperationUnknown",
    "PaddingsMixed",
    "PathEscapes",
    "PreconditionFailed",
    "ProfileMissing",
    "ProjectMissing",
    "PublishError",
    "RangeNotThere",
    "RateLimited",
    "RenderError",
    "RenderInvalid",
    "RenderStoreBroken",
    "RenderStoreFailed",
    "RequestInvalid",
    "RoleMissing",
    "RouteMissing",
    "SandboxDataUnusable",
    "SandboxDown",
    "SandboxError",
    "SandboxMixed",
    "SandboxSchemaInvalid",
    "SceneMissing",
    "SceneRefused",
    "SequenceError",
    "ServerAnswerInvalid",
    "ServerError",
    "ServerUnreachable",
    "ShelvesInvalid",
    "ShotMissing",
    "ShowCodeTaken",
    "SourceChanged",
    "StateNotLocal",
    "StorageError",
    "StorageUnavailable",
    "TaskMissing",
    "TaskUnknown",
    "TemplateUnknown",
    "TrackerDenied",
    "TrackerError",
    "TrackerNotConfigured",
    "TrackerRefused",
    "TrackerUnanswered",
    "TrackerUnavailable",
    "UsageError",
    "VerifyMismatch",
    "VersionExists",
    "WorkfileError",
    "WorkfileExists",
    "WorkfileLocked",
    "WorkfileMissing",
    "WorkfileTemplateMissing",
]
