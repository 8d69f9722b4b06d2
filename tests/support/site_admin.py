"""What the owner of a sandbox site's key may ask: planned faults and the journal of calls."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# The calls that make rows.
ROW_MAKING = ["create", "batch", "upload_file", "publish_thumbnail", "api_link_file"]


class Administered:
    """A site with an address and a script user's key."""

    url: str
    key: str

    def set_faults(self, plan: dict[str, Any] | list[dict[str, Any]]) -> None:
        """From now on this goes wrong: a plan, or its rules."""
        document = plan if isinstance(plan, dict) else {"schema": "onepiece.faults.1", "rules": plan}
        self.ask("PUT", "/sandbox/faults", document)

    def clear_faults(self) -> None:
        self.ask("DELETE", "/sandbox/faults")

    def spoilt(self) -> int:
        """How many calls the plan has spoilt."""
        return sum(each["spoilt"] for each in self.ask("GET", "/sandbox/faults")["counts"])

    @contextmanager
    def spoils(self, fault: str, **rule: Any) -> Iterator[None]:
        """One rule for the calls that make rows; at the end what was held back is done."""
        self.set_faults([{"method": ROW_MAKING, "fault": fault, **rule}])
        try:
            yield
        finally:
            self.settle()
            self.clear_faults()

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        """The journal's calls after number ``since``."""
        told: list[dict[str, Any]] = self.ask("GET", f"/sandbox/calls?since={since}")["calls"]
        return told

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until nothing is under way any more, not even what is carried out late."""
        deadline = time.monotonic() + seconds
        while self.ask("GET", "/sandbox/calls?limit=1")["under_way"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def ask(self, method: str, path: str, document: object = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            body = None if document is None else json.dumps(document)
            connection.request(method, path, body, {"Authorization": f"Bearer {self.key}"})
            response = connection.getresponse()
            told = json.loads(response.read())
        finally:
            connection.close()
        assert response.status == 200, told
        return told


@dataclass(frozen=True)
class SiteAdmin(Administered):
    """A site that somebody else has started."""

    url: str
    key: str
