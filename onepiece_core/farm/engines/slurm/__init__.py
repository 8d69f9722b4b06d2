"""Slurm: jobs as arrays of its own, by its command line clients. Each element of an array runs one task of ours.

What a job is and how each attempt ended lies in a folder that the nodes share with us: Slurm forgets jobs that ended,
the folder does not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.errors import FarmConfigurationError
from onepiece_core.farm.protocol import Farm, FarmSetup

NAME = "slurm"


class Options(BaseModel):
    """The table ``[farms.slurm]``.

    Attributes:
        jobs_dir: a folder that the nodes see under the same path: jobs, ends and logs of tasks lie there.
        python: the Python of the nodes that has OnePiece; by default the path of this one.
        partition: where jobs run; by default Slurm's own choice.
        conf: Slurm's configuration, where it is not in its usual place.
        bin_dir: folder of sbatch, squeue, scancel and scontrol; by default they are looked for in PATH.
        arguments: more options of sbatch, ``["--account=film", "--mem=8G"]``.
        max_array: tasks of one array; at most the cluster's MaxArraySize less one.
        max_running: tasks of a job that run at a time; None: as many as Slurm likes.
        timeout_seconds: longest that a client may take: without a controller they block for nine seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    jobs_dir: Path | None = None
    python: str = sys.executable
    partition: str | None = None
    conf: Path | None = None
    bin_dir: Path | None = None
    arguments: list[str] = []
    max_array: int = Field(1000, ge=1)
    max_running: int | None = Field(None, ge=1)
    timeout_seconds: float = Field(5.0, gt=0)


def open_farm(setup: FarmSetup) -> Farm:
    """Options: see :class:`Options`. Raises FarmConfigurationError."""
    from onepiece_core.farm.engines.slurm.clients import Clients
    from onepiece_core.farm.engines.slurm.farm import SlurmFarm

    options = _options(dict(setup.options))
    jobs_dir = (options.jobs_dir or setup.state_dir / "jobs").absolute()
    return SlurmFarm(Clients(options, setup.environ), options, jobs_dir)


def _options(table: dict[str, Any]) -> Options:
    try:
        return Options.model_validate(table)
    except ValidationError as cause:
        wrong = "; ".join(f"farms.slurm.{error['loc'][0]}: {error['msg']}" for error in cause.errors())
        raise FarmConfigurationError(wrong, farm=NAME) from cause
