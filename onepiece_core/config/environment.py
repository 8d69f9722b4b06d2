"""The environment variables that are settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onepiece_core.config.layers import Key
from onepiece_core.errors import ConfigError
from onepiece_core.shown import is_text

# Setting -> the variables that hold it, the strongest first.
VARIABLES: Mapping[Key, tuple[str, ...]] = {
    ("shotgrid", "url"): ("ONEPIECE_SHOTGRID_URL",),
    ("shotgrid", "script"): ("ONEPIECE_SHOTGRID_SCRIPT",),
    ("shotgrid", "key"): ("ONEPIECE_SHOTGRID_KEY",),
    ("tracker", "timeout_seconds"): ("ONEPIECE_TRACKER_TIMEOUT_SECONDS",),
    ("tracker", "settle_seconds"): ("ONEPIECE_TRACKER_SETTLE_SECONDS",),
    ("aws", "profile"): ("AWS_PROFILE",),
    ("aws", "region"): ("AWS_REGION", "AWS_DEFAULT_REGION"),
    ("aws", "endpoint_url"): ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    ("aws", "access_key_id"): ("AWS_ACCESS_KEY_ID",),
    ("aws", "secret_access_key"): ("AWS_SECRET_ACCESS_KEY",),
    ("aws", "session_token"): ("AWS_SESSION_TOKEN",),
    ("sandbox", "dir"): ("ONEPIECE_SANDBOX_DIR",),
    ("sandbox", "studio"): ("ONEPIECE_SANDBOX",),
    ("render", "server"): ("TRAFALGAR_URL",),
    ("render", "api_key"): ("TRAFALGAR_API_KEY",),
    ("render", "api_secret"): ("TRAFALGAR_API_SECRET",),
    ("render", "token"): ("TRAFALGAR_TOKEN",),
    ("render", "jobs_path"): ("TRAFALGAR_RENDER_JOBS_PATH",),
    ("render", "database_url"): ("TRAFALGAR_DATABASE_URL",),
    ("render", "jobs_history_limit"): ("TRAFALGAR_RENDER_JOBS_HISTORY_LIMIT",),
    ("render", "jobs_retention_hours"): ("TRAFALGAR_RENDER_JOBS_RETENTION_HOURS",),
    ("render", "sse_keepalive_interval"): ("TRAFALGAR_RENDER_SSE_KEEPALIVE_INTERVAL",),
    ("server", "api_key_header"): ("TRAFALGAR_API_KEY_HEADER",),
    ("server", "api_secret_header"): ("TRAFALGAR_API_SECRET_HEADER",),
    ("server", "service_credentials"): ("TRAFALGAR_SERVICE_CREDENTIALS",),
    ("server", "service_credential_file"): ("TRAFALGAR_SERVICE_CREDENTIAL_FILE",),
    ("server", "dashboard_token"): ("TRAFALGAR_DASHBOARD_TOKEN",),
    ("dashboard", "cache_ttl"): ("ONEPIECE_DASHBOARD_CACHE_TTL",),
    ("dashboard", "max_records"): ("ONEPIECE_DASHBOARD_MAX_RECORDS",),
    ("dashboard", "max_projects"): ("ONEPIECE_DASHBOARD_MAX_PROJECTS",),
    ("dashboard", "registry"): ("ONEPIECE_DASHBOARD_REGISTRY",),
    ("state_dir",): ("ONEPIECE_STATE_DIR",),
    ("project_root",): ("ONEPIECE_PROJECT_ROOT",),
}

# Read beside the settings.
PROFILE_VARIABLE = "ONEPIECE_PROFILE"
CONFIG_HOME_VARIABLE = "XDG_CONFIG_HOME"

_NUMBERS = frozenset(
    [
        ("tracker", "timeout_seconds"),
        ("tracker", "settle_seconds"),
        ("render", "jobs_retention_hours"),
        ("render", "sse_keepalive_interval"),
        ("dashboard", "cache_ttl"),
    ]
)
_WHOLE_NUMBERS = frozenset(
    [("render", "jobs_history_limit"), ("dashboard", "max_records"), ("dashboard", "max_projects")]
)
_SECRETS = frozenset(
    [
        ("shotgrid", "key"),
        ("aws", "secret_access_key"),
        ("aws", "session_token"),
        ("notify", "webhook_url"),
        ("notify", "smtp_password"),
        ("render", "api_secret"),
        ("render", "token"),
        ("render", "database_url"),
        ("server", "service_credentials"),
        ("server", "dashboard_token"),
    ]
)


def read_environment(environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[Key, str]]:
    """The settings in ``environ`` and the variable of each. An empty variable counts as not set. Raises ConfigError."""
    data: dict[str, Any] = {}
    sources: dict[Key, str] = {}
    for key, names in VARIABLES.items():
        name = next((name for name in names if environ.get(name)), None)
        if name is None:
            continue
        value = _text(name, environ[name])
        table = data
        for part in key[:-1]:
            table = table.setdefault(part, {})
        table[key[-1]] = _typed(key, name, value)
        sources[key] = f"environment {name}"
    return data, sources


def is_secret(key: Key) -> bool:
    return key in _SECRETS


def _text(name: str, value: str) -> str:
    if not is_text(value):
        raise ConfigError(f"{name} is not UTF-8", key=name)
    return value


def _typed(key: Key, name: str, text: str) -> str | float | int:
    if key in _NUMBERS:
        return _number(name, text, float)
    return _number(name, text, int) if key in _WHOLE_NUMBERS else text


def _number(name: str, text: str, kind: type[int] | type[float]) -> float | int:
    try:
        return kind(text)
    except ValueError as cause:
        raise ConfigError(f"{name} must be a number, not {text!r}", key=name) from cause
