"""Style sheets and scripts: read once, sent zipped, kept by browsers for ever: their address names what is in them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from onepiece_core.errors import RouteMissing

_FOLDER = Path(__file__).parent / "static"
_ENDS = frozenset({".css", ".js", ".svg", ".txt"})
_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _File:
    plain: bytes
    zipped: bytes
    mark: str
    kind: str


class StaticFiles:
    """All that lies in ``static``; nothing else can be asked for."""

    def __init__(self) -> None:
        self._files = {
            path.relative_to(_FOLDER).as_posix(): _read(path)
            for path in sorted(_FOLDER.rglob("*"))
            if path.suffix in _ENDS and path.is_file()
        }

    def address(self, root: str, name: str) -> str:
        """Raises KeyError for a file that is not there: a mistake in a template."""
        return f"{root}/ui/static/{name}?v={self._files[name].mark}"

    def answer(self, request: Request) -> Response:
        """Raises RouteMissing."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise RouteMissing("There is nothing at this address")
        is_exact = request.query_params.get("v") == file.mark
        headers = {
            "Cache-Control": _FOREVER if is_exact else "no-cache",
            "ETag": f'W/"{file.mark}"',
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.zipped, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.kind)
        return Response(file.plain, headers=headers, media_type=file.kind)


def _read(path: Path) -> _File:
    plain = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    return _File(plain, gzip.compress(plain, 9, mtime=0), hashlib.blake2b(plain, digest_size=8).hexdigest(), kind)
