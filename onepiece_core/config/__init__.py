"""Layered settings: ``onepiece.toml`` files, environment, command line. Each value knows where it came from."""

from __future__ import annotations

from onepiece_core.config.load import ConfigSources, load_settings
from onepiece_core.config.models import (
    AwsSettings,
    ContextSettings,
    HostsSettings,
    NamingSettings,
    PublishSettings,
    RootSettings,
    SandboxSettings,
    Settings,
    ShotgridSettings,
    TrackerSettings,
)

__all__ = [
    "AwsSettings",
    "ConfigSources",
    "ContextSettings",
    "HostsSettings",
    "NamingSettings",
    "PublishSettings",
    "RootSettings",
    "SandboxSettings",
    "Settings",
    "ShotgridSettings",
    "TrackerSettings",
    "load_settings",
]
