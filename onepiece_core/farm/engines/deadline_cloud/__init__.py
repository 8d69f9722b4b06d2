"""AWS Deadline Cloud: the same job template, run by AWS's workers."""

from __future__ import annotations

from onepiece_core.farm.protocol import Farm, FarmSetup


def open_farm(setup: FarmSetup) -> Farm:
    """Options: ``farm_id``, ``queue_id``; ``region``, ``profile``, ``endpoint_url``, ``logs_endpoint_url``.

    Raises FarmConfigurationError for options that are missing or unknown.
    """
    from onepiece_core.farm.engines.deadline_cloud.calls import Calls, Options
    from onepiece_core.farm.engines.deadline_cloud.farm import DeadlineCloudFarm

    return DeadlineCloudFarm(Calls(Options.from_table(setup.options), setup.environ))
