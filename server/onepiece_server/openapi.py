"""The API's description (OpenAPI 3.1): what FastAPI derives, with every failure, the keys and an example."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from onepiece_core.config.models import ServerSettings
from onepiece_core.errors import ErrorReport
from onepiece_server.auth.sessions import COOKIE

_OPEN = ("/health", "/ready")
_SCHEMA = "#/components/schemas/Envelope"
_FAILURES = {
    401: "No key or token, or one that is not valid.",
    403: "The key's roles do not allow it, or another site's page asked a browser that is signed in.",
    404: "There is no such job, task, farm or template.",
    408: "The body took too long to arrive.",
    409: "The state of the job, or an idempotency key that was used for another one, does not allow it.",
    413: "The body is too large.",
    422: "The request is not well formed, or cannot be rendered.",
    429: "Too many requests; see Retry-After.",
    500: "A mistake of the server.",
    501: "The farm cannot do this.",
    502: "The farm's answer makes no sense, or it does not accept the server.",
    503: "The farm, or the record of jobs, is not available; see Retry-After.",
    504: "The farm took too long.",
}
_EXAMPLE = {
    "error": {
        "code": "adapter.unavailable",
        "message": "The farm does not answer.",
        "hint": "Check that the farm runs and try again.",
        "context": {"farm": "slurm"},
    }
}
_JOB = {
    "dcc": "blender",
    "scene": "show:ep010/sc02/0010/comp_v004.blend",
    "frames": "1001-1010",
    "chunk_size": 5,
    "output": "show:ep010/sc02/0010/renders/comp_v004",
}


def describe(app: FastAPI, settings: ServerSettings, version: str) -> None:
    """Replace the app's own description."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app, settings, version)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _described(app: FastAPI, settings: ServerSettings, version: str) -> dict[str, Any]:
    told = get_openapi(title=app.title, version=version, routes=app.routes)
    parts = told.setdefault("components", {})
    parts.setdefault("schemas", {}).update(_envelope())
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    parts["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "header", "name": settings.api_key_header},
        "secret": {"type": "apiKey", "in": "header", "name": settings.api_secret_header},
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            _add_failures(operation, method)
            if not path.endswith(_OPEN):
                operation["security"] = [{"key": [], "secret": []}, {"token": []}, {"session": []}]
            if path.endswith(("/jobs", "/jobs/check")) and method == "post":
                operation["requestBody"]["content"]["application/json"]["example"] = _JOB
                if path.endswith("/jobs"):
                    again = {**operation["responses"]["201"], "description": "The key was used for this job before."}
                    operation["responses"]["200"] = again
    _add_links(told["paths"])
    return told


def _add_links(paths: dict[str, Any]) -> None:
    """What can be asked of a job, from the answers that name one; of its tasks, the first."""
    about = {path: told for path, told in paths.items() if "{job_id}" in path}
    for method, status, where in (
        ("post", "201", "job_id"),
        ("post", "200", "job_id"),
        ("get", "200", "items/0/job_id"),
    ):
        links = {
            each["operationId"]: {
                "operationId": each["operationId"],
                "parameters": {"job_id": f"$response.body#/{where}"} | ({"number": 0} if "{number}" in path else {}),
            }
            for path, told in about.items()
            for each in told.values()
        }
        paths["/render/v1/jobs"][method]["responses"][status]["links"] = links


def _add_failures(operation: dict[str, Any], method: str) -> None:
    for status, told in _FAILURES.items():
        if status in (408, 413) and method == "get":
            continue
        content = {"application/json": {"schema": {"$ref": _SCHEMA}, "example": _EXAMPLE}}
        operation["responses"][str(status)] = {"description": told, "content": content}


def _envelope() -> dict[str, Any]:
    report = ErrorReport.model_json_schema()
    return {
        "ErrorReport": report,
        "Envelope": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"$ref": "#/components/schemas/ErrorReport"}},
        },
    }
