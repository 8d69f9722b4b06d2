"""What a method of the wire is: a function of the site, the caller and the arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid.site import Caller, Site

Method = Callable[[Site, Caller, Any], Any]


@dataclass(frozen=True)
class Reply:
    """The body of an HTTP answer. A method that gives one back instead of JSON answers without the envelope."""

    body: bytes
    media_type: str = "application/json; charset=utf-8"
