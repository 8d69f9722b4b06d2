"""OpenCue: jobs by specs, over gRPC, to a Cuebot. Each frame of ours is a frame there, whose command runs our task."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from onepiece_core.errors import ExtraMissing, FarmConfigurationError
from onepiece_core.farm.protocol import Farm, FarmSetup


class Options(BaseModel):
    """The table ``[farms.opencue]``.

    Attributes:
        cuebot: ``host:port``.
        jobs_dir: a folder that the render hosts see under the same path: what they render is written there.
        python: the Python of the render hosts that has OnePiece; by default the path of this one.
        show, facility: in OpenCue's own words; the show must exist there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cuebot: str = "localhost:8443"
    jobs_dir: Path | None = None
    python: str = sys.executable
    show: str = "testing"
    facility: str = "local"
    uid: int | None = None


def open_farm(setup: FarmSetup) -> Farm:
    """Options: see :class:`Options`. Raises ExtraMissing, FarmConfigurationError."""
    try:
        import grpc  # noqa: F401
        import opencue_proto  # noqa: F401
    except ImportError as cause:
        raise ExtraMissing(
            "The farm opencue needs more packages", hint="pip install 'onepiece-pipeline[opencue]'"
        ) from cause
    from onepiece_core.farm.engines.opencue.calls import Calls
    from onepiece_core.farm.engines.opencue.farm import OpenCueFarm

    options = _options(dict(setup.options))
    return OpenCueFarm(Calls(options.cuebot), options, options.jobs_dir or setup.state_dir / "jobs")


def _options(table: dict[str, Any]) -> Options:
    try:
        return Options.model_validate(table)
    except ValidationError as cause:
        wrong = "; ".join(f"farms.opencue.{error['loc'][0]}: {error['msg']}" for error in cause.errors())
        raise FarmConfigurationError(wrong, farm="opencue") from cause
