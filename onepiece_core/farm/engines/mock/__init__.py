"""``mock``: a farm for demonstrations and for trying out what stands in front of farms. Nothing is rendered.

Jobs lie in one SQLite file and go on as time goes by, whoever looks, also while no process runs.
"""

from __future__ import annotations

from pydantic import ValidationError

from onepiece_core.errors import FarmConfigurationError
from onepiece_core.farm.engines.mock.farm import MockFarm
from onepiece_core.farm.engines.mock.jobs import MockJobs
from onepiece_core.farm.engines.mock.rules import Rules
from onepiece_core.farm.protocol import FarmSetup

__all__ = ["MockFarm", "Rules", "open_farm"]


def open_farm(setup: FarmSetup) -> MockFarm:
    """Options: see :class:`Rules`."""
    try:
        rules = Rules.model_validate(dict(setup.options))
    except ValidationError as cause:
        wrong = "; ".join(f"farms.mock.{error['loc'][0]}: {error['msg']}" for error in cause.errors())
        raise FarmConfigurationError(wrong, farm="mock") from cause
    return MockFarm(MockJobs(setup.state_dir), rules, setup.state_dir)
