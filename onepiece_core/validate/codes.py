"""What the checks beside an ingest may say; the codes of drops are in ``rules.ingest_codes``."""

from __future__ import annotations

from collections.abc import Mapping

from onepiece_core.rules.ingest_codes import CODES, Code
from onepiece_core.validate.report import Finding

PATHS: Mapping[str, Code] = {
    "path.escapes": Code("error", "a path is plain, relative and stays below its root"),
    "path.missing": Code("error", "the path is there", "Check the path, and that the disk is mounted."),
    "path.no_root": Code("warning", "an absolute path lies below one of the settings' roots"),
}

ASSETS: Mapping[str, Code] = {
    "asset.version_gap": Code("warning", "the versions of an asset have no holes"),
    "asset.padding": Code("warning", "the versions of an asset are written with the same digits"),
    "asset.resolution": Code("warning", "the versions of an asset have one resolution"),
    "asset.channels": Code("warning", "the versions of an asset have the same channels"),
    "asset.pixel_type": Code("warning", "the versions of an asset have one pixel type"),
    "asset.rate": Code("warning", "the versions of an asset have one rate"),
    "asset.range": Code("warning", "the versions of an asset have the same frames"),
    "asset.not_tracked": Code("error", "the tracker has each version that is here"),
    "asset.not_here": Code("warning", "each version that the tracker has is here"),
}

ENVIRONMENT: Mapping[str, Code] = {
    "dcc.not_found": Code("error", "the host is installed", "Install it, or put its program on PATH."),
    "dcc.python_too_old": Code("error", "the host's Python runs the code of our panels", "Use a newer version of it."),
    "dcc.not_installed": Code("warning", "OnePiece is installed for the host", "Run `onepiece dcc install`."),
    "dcc.other_version": Code("warning", "the host loads the OnePiece that runs here", "Run `onepiece dcc install`."),
    "dcc.files_missing": Code("error", "everything that an install added is there", "Run `onepiece dcc install`."),
    "dcc.python_variable": Code("warning", "no variable leads a host's Python elsewhere", "Unset it for the host."),
    "dcc.shelves_missing": Code("error", "the files of the studio's shelves are there", "Correct hosts.shelves."),
}

VALIDATE_CODES: Mapping[str, Code] = {**PATHS, **ASSETS, **ENVIRONMENT}


def says(
    path: str, code: str, message: str, *, hint: str | None = None, line: int | None = None, frames: str | None = None
) -> Finding:
    """A finding with the severity and the hint of its code."""
    known = VALIDATE_CODES.get(code) or CODES[code]
    return Finding(
        path=path,
        code=code,
        severity=known.severity,
        message=message,
        hint=hint or known.hint,
        line=line,
        frames=frames,
    )
