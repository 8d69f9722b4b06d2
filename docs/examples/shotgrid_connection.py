"""What the shotgrid_ examples share: a connection from the environment, and errors as one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import shotgun_api3
from shotgun_api3 import Shotgun
from shotgun_api3.lib.httplib2 import HttpLib2Error

VARIABLES = ("ONEPIECE_SHOTGRID_URL", "ONEPIECE_SHOTGRID_SCRIPT", "ONEPIECE_SHOTGRID_KEY")
# What the client raises when a site refuses something (ShotgunError), answers with an HTTP error (Error) or cannot be
# reached (OSError, and HttpLib2Error for a name that nobody knows).
SITE_ERRORS = (shotgun_api3.ShotgunError, shotgun_api3.Error, OSError, HttpLib2Error)


class Failure(Exception):
    """Something that the person at the keyboard can put right."""


def connect(timeout_seconds: float = 60.0) -> Shotgun:
    """The site that the environment names; nobody is asked yet."""
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        raise Failure(f'{", ".join(missing)} not set; for a sandbox: eval "$(onepiece sandbox env)"')
    url, script, key = (os.environ[name] for name in VARIABLES)
    try:
        site = Shotgun(url, script_name=script, api_key=key, connect=False)
    except ValueError as error:
        raise Failure(f"{VARIABLES[0]} is no address of a site: {error}") from error
    # By itself the client waits for ever. It must be told before its first call.
    site.config.timeout_secs = timeout_seconds
    return site


def run(main: Callable[[], None]) -> None:
    """Run a script: what goes wrong is one line on stderr and status 1."""
    try:
        main()
    except Failure as failure:
        sys.exit(f"error: {failure}")
    except SITE_ERRORS as error:
        sys.exit(f"error: {type(error).__name__}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
