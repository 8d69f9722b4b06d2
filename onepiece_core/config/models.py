"""What can be set, with the built-in values. The same tables may stand in a file, in a profile of it, or in code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from onepiece_core.context import PUBLISH_TEMPLATE, SCENE_TEMPLATE, WORK_TEMPLATE, Convention
from onepiece_core.errors import NameInvalid
from onepiece_core.progress import Warned

System = Literal["linux", "macos", "windows"]
ClientHash = Literal["md5", "sha1", "sha256", "xxh64"]

_VERSION = re.compile(r"\d[\w.+-]*", re.ASCII)
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)


def _check_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    if parts.username or parts.password:
        raise ValueError("must not hold a user or a password")
    return text.rstrip("/")


def _check_bucket(name: str) -> str:
    if not _BUCKET.fullmatch(name):
        raise ValueError("is no bucket name: 3 to 63 lower-case letters, digits, dots and dashes")
    return name


def _check_prefix(prefix: str) -> str:
    prefix = prefix.strip("/")
    if any(part in ("", ".", "..") for part in prefix.split("/")) and prefix:
        raise ValueError("is no prefix: it holds an empty part or a dot")
    return prefix


def _check_version(name: str) -> str:
    if not _VERSION.fullmatch(name):
        raise ValueError("is no version: digits and letters, with dots, + and - between them")
    return name


Url = Annotated[str, AfterValidator(_check_url)]
Bucket = Annotated[str, AfterValidator(_check_bucket)]
Prefix = Annotated[str, AfterValidator(_check_prefix)]
HostVersion = Annotated[str, AfterValidator(_check_version)]


class Table(BaseModel):
    """One table of the configuration. Strict: text is no number, and a key nobody reads is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, data: Any) -> Any:
        """A stronger layer takes a value away by writing ``""``."""
        if not isinstance(data, dict):
            return data
        return {name: None if value == "" and _takes_none(cls, name) else value for name, value in data.items()}


def _takes_none(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and not field.is_required() and field.default is None


class ShotgridSettings(Table):
    """The tracker's site and the script that signs in there."""

    url: Url | None = Field(None, description="Address of the ShotGrid site.")
    script: str | None = Field(None, description="Name of the API script.")
    key: SecretStr | None = Field(None, description="Key of the API script.")

    @property
    def is_complete(self) -> bool:
        return bool(self.url and self.script and self.key)


class TrackerSettings(Table):
    """How patient OnePiece is with the tracker."""

    timeout_seconds: float = Field(20.0, gt=0, le=3600, description="How long one call may take.")
    settle_seconds: float = Field(
        30.0, ge=0, le=86400, description="How long an unanswered write may still take effect on the site."
    )
    attempts: int = Field(5, ge=1, le=100, description="How often a read is tried.")


class AwsSettings(Table):
    """Everything an S3 client needs to know. Explicit keys are used before ``profile``."""

    profile: str | None = Field(None, description="Profile of the AWS configuration files.")
    region: str | None = Field(None, description="Region of the buckets.")
    endpoint_url: Url | None = Field(None, description="Address of an S3 server other than AWS.")
    access_key_id: str | None = Field(None, description="Access key; leave it out to use a profile or a role.")
    secret_access_key: SecretStr | None = Field(None, description="Secret of the access key.")
    session_token: SecretStr | None = Field(None, description="Token of temporary keys.")

    @model_validator(mode="after")
    def _keys_come_in_pairs(self) -> Self:
        if self.access_key_id and not self.secret_access_key:
            raise ValueError("access_key_id is set and secret_access_key is not")
        return self


class ContextSettings(Table):
    """Where one context (vendor_in, client_out, ...) lies."""

    bucket: Bucket = Field(description="The bucket.")
    prefix: Prefix = Field("", description="Start of every key in it.")


class RootSettings(Table):
    """One folder that every machine has, wherever it is mounted."""

    linux: Path | None = Field(None, description="The folder on Linux.")
    macos: Path | None = Field(None, description="The folder on macOS.")
    windows: Path | None = Field(None, description="The folder on Windows.")


class ShowNaming(Table):
    """The naming of one show, where it differs."""

    scene: str | None = Field(None, description="Template of a scene name.")
    work: str | None = Field(None, description="Template of a work folder, relative to its root.")
    publish: str | None = Field(None, description="Template of a publish folder, relative to its root.")
    fields: dict[str, str] = Field({}, description="Regular expression of a field.")


class NamingSettings(Table):
    """The naming of every show that has no table of its own."""

    scene: str = Field(SCENE_TEMPLATE, description="Template of a scene name.")
    work: str = Field(WORK_TEMPLATE, description="Template of a work folder, relative to its root.")
    publish: str = Field(PUBLISH_TEMPLATE, description="Template of a publish folder, relative to its root.")
    fields: dict[str, str] = Field({}, description="Regular expression of a field.")
    shows: dict[str, ShowNaming] = Field({}, description="Naming of single shows, by show code.")

    def convention(self, show_code: str | None = None) -> Convention:
        """The convention of a show. Raises NameInvalid when a template is not well formed."""
        show = self.shows.get(show_code or "", ShowNaming())
        return Convention(
            show.scene or self.scene,
            show.work or self.work,
            show.publish or self.publish,
            {**self.fields, **show.fields},
        )

    @model_validator(mode="after")
    def _templates_are_well_formed(self) -> Self:
        for code in (None, *self.shows):
            try:
                self.convention(code)
            except NameInvalid as cause:
                raise ValueError(cause.report.message) from cause
        return self


class PublishSettings(Table):
    """How a publish works."""

    jobs: int = Field(0, ge=0, le=256, description="Files handled at the same time; 0 chooses by the machine.")
    lease_seconds: float = Field(120.0, gt=0, le=86400, description="How long a claim holds without being renewed.")
    renew_seconds: float = Field(30.0, gt=0, le=86400, description="How often a claim is renewed.")
    hashes: list[ClientHash] = Field([], description="Checksums that clients ask for, stored beside xxh128.")
    destination: str | None = Field(
        None,
        description="Folder that panels publish to: `{work}` is the scene's work folder, `{scene_folder}` the scene's "
        "own, `{publish}` what `naming.publish` gives; left out, it is that of [commands.dcc.publish], else `publish` "
        "beside the work folder.",
    )
    bucket: str | None = Field(None, description="Bucket or context that panels publish to.")
    show_type: Literal["vfx", "prod"] | None = Field(None, description="Start of the keys of what panels publish.")

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if self.renew_seconds * 2 > self.lease_seconds:
            raise ValueError("renew_seconds must be at most half of lease_seconds")
        return self


class ReconcileSettings(Table):
    """Which status of a Version means what, when it is compared with its files."""

    working: list[str] = Field(["wtg", "rdy", "ip"], description="Statuses that say that a version is not there yet.")
    review: list[str] = Field(["rev"], description="Statuses that say that a version waits for a review.")
    approved: list[str] = Field(["apr", "fin", "cmpt"], description="Statuses that say that a version is approved.")
    complete: str = Field("rev", description="Status of a version whose files are complete, instead of a working one.")
    superseded: str = Field("vwd", description="Status of a version in review when a newer one is approved.")


NotifyEvent = Literal["publish_failed", "delivery_sent", "ingest_refused", "render_failed"]
NotifyChannel = Literal["slack", "email"]


def _check_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("must be an e-mail address: name@example.com")
    return text


MailAddress = Annotated[str, AfterValidator(_check_address)]


class NotifyRule(Table):
    """Who is told of an event."""

    channels: list[NotifyChannel] = Field(["slack"], description="Where it is told.")
    to: list[MailAddress] = Field([], description="Who gets the e-mail; left out, those of notify.mail_to.")


class NotifySettings(Table):
    """Who is told of what, and by which servers."""

    webhook_url: SecretStr | None = Field(None, description="Address that takes messages as Slack's webhooks do.")
    smtp_host: str | None = Field(None, description="Server that takes e-mail.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the e-mail server.")
    smtp_starttls: bool = Field(True, description="Encrypt the connection to the e-mail server.")
    smtp_user: str | None = Field(None, description="User at the e-mail server.")
    smtp_password: SecretStr | None = Field(None, description="Password at the e-mail server.")
    mail_from: str | None = Field(None, description="Sender of e-mail.")
    mail_to: list[str] = Field([], description="Who gets e-mail.")
    rules: dict[NotifyEvent, NotifyRule] = Field(
        {}, description="Events that are told of: [notify.rules.publish_failed] channels = ['slack', 'email']."
    )


class SandboxSettings(Table):
    """The studio on one machine."""

    dir: Path | None = Field(None, description="Folder of the sandbox's state.")
    studio: Path | None = Field(
        None, description="Folder of the sandbox that the settings lead to; the sandbox writes it."
    )
    allow_mixed: bool = Field(
        False, description="Write although a part of the settings is a sandbox's and the rest is not."
    )


class WorkfileSettings(Table):
    """The scenes that artists edit."""

    templates: dict[str, dict[str, Path]] = Field(
        {}, description="File that a new workfile is copied from, by DCC and step; the step `*` is any."
    )


class RenderSettings(Table):
    """Render jobs and the record of them."""

    server: Url | None = Field(None, description="Address of the render service; left out, this machine renders.")
    api_key: str | None = Field(None, description="Name of the API key that the render service is asked with.")
    api_secret: SecretStr | None = Field(None, description="Secret of the API key.")
    token: SecretStr | None = Field(None, description="Bearer token for the render service, instead of a key.")
    farm: str = Field("local", description="Farm of a job that names none.")
    presets: dict[str, dict[str, Any]] = Field(
        {}, description="Options of jobs under a name, for --preset: [render.presets.night]."
    )
    jobs_path: Path | None = Field(
        None,
        description="File of the record of jobs; one that ends in .json is a snapshot for people, and the record "
        "stands beside it. Left out, it lies in the state folder.",
    )
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL to keep the record in, for several machines: postgresql://HOST/NAME."
    )
    jobs_history_limit: int | None = Field(
        None, ge=1, description="Jobs that are kept; above it the oldest ended ones go. Left out, all."
    )
    jobs_retention_hours: float | None = Field(
        None, gt=0, description="Hours that an ended job is kept; left out, for ever."
    )
    sse_keepalive_interval: float = Field(
        15.0, gt=0, le=3600, description="Seconds between two signs of life in a stream of events."
    )
    poll_seconds: float = Field(2.0, gt=0, le=3600, description="How often farms are asked for the states of jobs.")
    templates_dir: Path | None = Field(None, description="Folder of the studio's own job templates, NAME.yaml.")
    workers: int = Field(0, ge=0, le=256, description="Tasks that this machine renders at a time; 0: half its CPUs.")


class ServerSettings(Table):
    """Trafalgar, the server."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    root_path: str = Field("", description="Path under which a proxy shows the server: /trafalgar.")
    api_key_header: str = Field("X-API-Key", description="Header that names an API key.")
    api_secret_header: str = Field("X-API-Secret", description="Header with the secret of an API key.")
    service_credentials: SecretStr | None = Field(None, description="API keys as JSON, beside those of the file.")
    service_credential_file: Path | None = Field(
        None, description="File of API keys; left out, it lies in the state folder."
    )
    dashboard_token: SecretStr | None = Field(None, description="Token that may read the dashboard.")
    session_hours: float = Field(12.0, gt=0, le=24 * 31, description="Hours that a browser stays signed in.")
    max_body_bytes: int = Field(1024 * 1024, ge=1024, description="Largest body of a request.")
    body_seconds: float = Field(30.0, gt=0, le=3600, description="Seconds that a request's body may take to arrive.")
    requests_per_minute: int = Field(
        6000, ge=1, description="Requests that one caller may send in a minute, over all processes."
    )


class DashboardSettings(Table):
    """What the dashboard shows, and how it is kept fresh."""

    cache_ttl: float = Field(60.0, ge=1, le=86_400, description="Seconds that what ShotGrid said counts as fresh.")
    max_records: int = Field(
        250_000, ge=100, description="Versions of one show that are kept; above it older ones are only counted."
    )
    max_projects: int = Field(50, ge=1, le=10_000, description="Shows that are kept fresh, those that changed last.")
    projects: list[str] = Field([], description="Codes or names of shows; left out, all that ShotGrid has.")
    registry: Path | None = Field(None, description="A dashboard-projects.json of an older service, taken over once.")
    statuses: dict[str, list[str]] = Field(
        {}, description="Statuses by what they mean, beside the usual ones: [dashboard.statuses] review = ['qc']."
    )


class TemplateSettings(Table):
    """Hierarchy templates of shows."""

    dir: Path | None = Field(None, description="Folder of named templates; left out, it lies in the state folder.")


class HostsSettings(Table):
    """What runs inside the DCCs."""

    central: Path | None = Field(
        None, description="Folder with one read-only copy of the host files per version, instead of each user's own."
    )
    version: HostVersion | None = Field(None, description="Version of the host files, as a project pins it.")
    shelves: list[Path] = Field([], description="Files with tools of the studio and the show, the strongest last.")


def _built_in_contexts() -> dict[str, ContextSettings]:
    names = ("vendor_in", "vendor_out", "client_in", "client_out")
    return {name: ContextSettings(bucket=name.replace("_", "-")) for name in names}


class Tables(Table):
    """Every table of ``onepiece.toml`` but the profiles, which hold these same tables."""

    shotgrid: ShotgridSettings = ShotgridSettings()
    tracker: TrackerSettings = TrackerSettings()
    aws: AwsSettings = AwsSettings()
    contexts: dict[str, ContextSettings] = Field(default_factory=_built_in_contexts)
    roots: dict[str, RootSettings] = {}
    naming: NamingSettings = NamingSettings()
    publish: PublishSettings = PublishSettings()
    workfiles: WorkfileSettings = WorkfileSettings()
    hosts: HostsSettings = HostsSettings()
    templates: TemplateSettings = TemplateSettings()
    reconcile: ReconcileSettings = ReconcileSettings()
    notify: NotifySettings = NotifySettings()
    render: RenderSettings = RenderSettings()
    server: ServerSettings = ServerSettings()
    dashboard: DashboardSettings = DashboardSettings()
    farms: dict[str, dict[str, Any]] = Field({}, description="Options of farms, by name: [farms.slurm].")
    sandbox: SandboxSettings = SandboxSettings()
    state_dir: Path | None = Field(None, description="Folder of the journal and the caches, on a local disk.")
    project_root: Path | None = Field(None, description="Folder of the project whose onepiece.toml is read.")
    commands: dict[str, Any] = Field({}, description="Default values of command options: [commands.dcc.publish].")


class Settings(Tables):
    """The settings in force, and where each one came from.

    Attributes:
        sources: dotted key -> ``default``, a file (with its profile), ``environment NAME`` or ``command line``.
        profile: the profile that was applied, or None.
        profiles: every profile that the files hold.
        files: the files that were read, the strongest last.
        warnings: what a person should know about the configuration.
    """

    sources: dict[str, str] = {}
    profile: str | None = None
    profiles: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    warnings: tuple[Warned, ...] = ()

    def roots_for(self, system: System) -> dict[str, Path]:
        """The roots that have a folder on ``system``."""
        found = {name: getattr(root, system) for name, root in self.roots.items()}
        return {name: Path(folder) for name, folder in found.items() if folder is not None}

    def values(self) -> dict[str, Any]:
        """The settings as JSON values, each secret masked."""
        return self.model_dump(mode="json", exclude={"sources", "profile", "profiles", "files", "warnings"})
