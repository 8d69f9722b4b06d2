"""The optional parts of the distribution, and what each one's absence costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from onepiece_cli.info.report import ExtraInfo
from onepiece_core.errors import ExtraMissing

WEED = "weed"  # the sandbox's S3 server: a program, not a module


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra of the distribution, with the modules that come with it."""

    modules: tuple[str, ...]
    costs: str


EXTRAS: Mapping[str, Extra] = {
    "media": Extra(
        ("OpenImageIO", "av", "numpy"),
        "no thumbnails and contact sheets, no demo; movies are not checked frame by frame",
    ),
    "sandbox": Extra(("starlette", "uvicorn", "multipart", WEED), "no `onepiece sandbox`, no demo"),
    "server": Extra(("fastapi", "uvicorn"), "no web service"),
    "panels": Extra(("Qt",), "no windows of OnePiece outside a DCC"),
    "crt": Extra(("awscrt",), "no --engine crt"),
    "scenes": Extra(("zstandard",), "compressed .blend files cannot be read without Blender"),
}


def check_extras() -> tuple[ExtraInfo, ...]:
    """Each extra, and which of its modules are missing. Nothing is imported."""
    return tuple(_check(name, extra) for name, extra in EXTRAS.items())


def _check(name: str, extra: Extra) -> ExtraInfo:
    missing = tuple(module for module in extra.modules if not _is_there(module))
    hint = f'Install it with: pip install "onepiece-pipeline[{name}]"' if missing else None
    return ExtraInfo(name=name, ok=not missing, missing=missing, costs=extra.costs, hint=hint)


def _is_there(module: str) -> bool:
    if module == WEED:
        return _has_weed()
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # a module that is half there
        return False


def _has_weed() -> bool:
    from onepiece_server.sandbox.objects import find_weed

    try:
        find_weed()
    except ExtraMissing:
        return False
    return True
