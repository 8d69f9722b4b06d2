"""Whether a browser sends what a page of this server asked it to, or of another site.

Needed wherever a cookie lets somebody in: browsers send cookies along, whoever asks.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from onepiece_core.errors import CrossOrigin

_PORTS = {"http": 80, "https": 443}


def check_same_origin(connection: HTTPConnection) -> None:
    """Raises CrossOrigin, also where the browser does not tell.

    ``Sec-Fetch-Site`` decides: no page can forge it, and no proxy changes it. Browsers leave it out over plain HTTP;
    then ``Origin`` has to be the host that they asked.
    """
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        is_ours = site in ("same-origin", "none")  # none: typed, or a bookmark
    else:
        is_ours = _is_own(connection.headers.get("origin", ""), connection)
    if not is_ours:
        raise CrossOrigin("A page of another site asked for this")


def _is_own(origin: str, connection: HTTPConnection) -> bool:
    scheme = origin.partition(":")[0]
    if scheme not in ("http", "https"):
        return False
    if connection.scope.get("scheme") in ("https", "wss") and scheme != "https":
        return False
    there, here = _host(origin, scheme), _host(f"{scheme}://{connection.headers.get('host', '')}", scheme)
    return there is not None and there == here


def _host(url: str, scheme: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port or _PORTS[scheme]) if parts.hostname else None
    except ValueError:
        return None
