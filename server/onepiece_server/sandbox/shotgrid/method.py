"""What a method of the wire is: a function of the site, the caller and the arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onepiece_server.sandbox.shotgrid.site import Caller, Site

Method = Callable[[Site, Caller, Any], Any]
