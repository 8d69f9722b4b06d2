"""Every operation of the API as its own description says: schemathesis sends what fits it and what does not."""

from __future__ import annotations

import os

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.server.conftest import SECRET

HEADERS = {"X-API-Key": "dashboard-manage", "X-API-Secret": SECRET}
# The battery asks for far more: ONEPIECE_SCHEMA_EXAMPLES=200
EXAMPLES = int(os.environ.get("ONEPIECE_SCHEMA_EXAMPLES", "8"))
# It never ends.
STREAM = "/render/v1/jobs/stream"
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


def test_the_api_is_as_it_is_described(address: str) -> None:
    told = httpx.get(f"{address}/openapi.json", trust_env=False).json()
    del told["paths"][STREAM]
    schema = schemathesis.openapi.from_dict(told)
    schema.config.update(base_url=address)
    wrong: list[str] = []
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 14
    for operation in operations:

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=HEADERS, checks=CHECKS)

        try:
            ask()
        except BaseException as error:
            wrong.append(f"{operation.label}: {error}")
    if wrong:
        pytest.fail("\n\n".join(wrong)[:5000])
