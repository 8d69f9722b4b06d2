"""Which HTTP status an error's code has, and the one form of every failure: ``{"error": {...}}``."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from onepiece_core.errors import ErrorReport, MethodNotAllowed, OnePieceError, RequestInvalid, RouteMissing
from onepiece_core.log import get_logger

# The whole code first, then its first part.
STATUS: Mapping[str, int] = {
    "adapter.configuration_error": 400,
    "adapter.job_rejected": 409,
    "adapter.unavailable": 503,
    "adapter.unauthorized": 502,
    "adapter.timeout": 504,
    "adapter.not_implemented": 501,
    "adapter.cancellation_unsupported": 409,
    "adapter.protocol_error": 502,
    "adapter.job_unknown": 404,
    "adapter": 502,
    "render.farm_not_found": 404,
    "render.job_not_found": 404,
    "render.task_not_found": 404,
    "render.template_not_found": 404,
    "render.conflict": 409,
    "render.invalid": 422,
    "render.store_unavailable": 503,
    "render.store_broken": 503,
    "dashboard.not_found": 404,
    "dashboard.invalid": 422,
    "dashboard.store_unavailable": 503,
    "dashboard.media_unavailable": 502,
    "dashboard": 503,
    "notify": 502,
    # What a picture is asked of in vain, where nothing is kept.
    "tracker": 502,
    "paths.escapes": 422,
    "naming": 422,
    "sequences": 422,
    "dcc.scene_missing": 422,
    "storage.disk_full": 507,
    "auth.unusable": 503,
    "auth.forbidden": 403,
    "auth.cross_origin": 403,
    "auth": 401,
    "server.request_invalid": 422,
    "server.not_found": 404,
    "server.method_not_allowed": 405,
    "server.body_too_large": 413,
    "server.body_too_slow": 408,
    "server.rate_limited": 429,
    "server.range_not_there": 416,
    "onepiece.extra_missing": 400,
}
INTERNAL = "onepiece.internal"
_RETRY_AFTER = "5"

log = get_logger(__name__)


def http_status(code: str) -> int:
    """The status of an error's code; 500 for one that the table does not know."""
    return STATUS.get(code) or STATUS.get(code.split(".", maxsplit=1)[0]) or 500


def envelope(report: ErrorReport, headers: Mapping[str, str] | None = None) -> JSONResponse:
    status = http_status(report.code)
    sent = dict(headers or {})
    if status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    if status in (429, 503, 507):
        sent.setdefault("Retry-After", str(report.context.get("retry_after_seconds", _RETRY_AFTER)))
    return JSONResponse({"error": report.model_dump(mode="json")}, status, sent)


def internal() -> JSONResponse:
    """Of a mistake of ours: what happened is in the log, never in the answer."""
    return envelope(ErrorReport(code=INTERNAL, message="The server made a mistake; its log says more."))


def answer_with_envelopes(app: FastAPI) -> None:
    """Give every failure of the app's routes its envelope."""
    app.add_exception_handler(OnePieceError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OnePieceError)
    return envelope(error.report)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Values stay out: one may be a secret.
    found = [
        {"at": ".".join(str(part) for part in each["loc"])[:200], "problem": each["msg"][:200]}
        for each in error.errors()[:20]
    ]
    lines = "; ".join(f"{each['at']}: {each['problem']}" for each in found[:3])
    return envelope(RequestInvalid(f"The request does not fit: {lines}", problems=found).report)


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return envelope(RouteMissing("There is nothing at this address").report)
    if error.status_code == 405:
        refused = MethodNotAllowed(f"This address does not take {request.method}")
        return envelope(refused.report, error.headers)
    if error.status_code < 500:
        return envelope(RequestInvalid("The request cannot be read").report)
    log.error("server.http_error", status=error.status_code)
    return internal()
