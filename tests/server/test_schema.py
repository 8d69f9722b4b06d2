"""Every operation of the API as its own description says: schemathesis sends what fits it and what does not."""

from __future__ import annotations

from tests.server.conftest import SECRET
from tests.torture.api_description import ask_every_operation

HEADERS = {"X-API-Key": "dashboard-manage", "X-API-Secret": SECRET}


def test_the_api_is_as_it_is_described(address: str) -> None:
    assert ask_every_operation(address, HEADERS, 8, seed=1).total() > 8 * 5
