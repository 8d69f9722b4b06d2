"""The libraries of the ``[media]`` extra, imported when they are used."""

from __future__ import annotations

import importlib
from typing import Any

from onepiece_core.errors import ExtraMissing


def load_openimageio() -> Any:
    """OpenImageIO. Raises ExtraMissing."""
    return _load("OpenImageIO", "OpenImageIO")


def load_av() -> Any:
    """PyAV. Raises ExtraMissing."""
    return _load("av", "PyAV")


def load_numpy() -> Any:
    """numpy. Raises ExtraMissing."""
    return _load("numpy", "numpy")


def _load(module: str, name: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as cause:
        raise ExtraMissing(
            f"Pictures and movies need {name}, which is not installed here.",
            hint='Install it with: pip install "onepiece-pipeline[media]"',
            extra="media",
            module=module,
        ) from cause
