"""AWS Deadline Cloud on loopback: every request and answer is checked against AWS's own model of the service.

What the service keeps is :mod:`tests.support.deadline_farm`; here is the wire: routes, errors, CloudWatch's one call.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from tests.support.deadline_farm import DeadlineFarm, Refused

FARM, QUEUE = f"farm-{'0' * 31}1", f"queue-{'0' * 31}2"
ENVIRON = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


class Service:
    """A running service. ``calls`` are the operations that were asked for; ``answers`` False: it hangs up."""

    def __init__(self, folder: Path) -> None:
        session = botocore.session.Session()
        self.model = session.get_service_model("deadline")
        self.routes = [_route(self.model.operation_model(name)) for name in self.model.operation_names]
        self.farm = DeadlineFarm(folder, FARM, QUEUE)
        self.calls: list[str] = []
        self.answers = True
        self.denies = False
        self.url = ""

    @property
    def options(self) -> dict[str, Any]:
        return {"farm_id": FARM, "queue_id": QUEUE, "endpoint_url": self.url}

    @property
    def environ(self) -> dict[str, str]:
        return {
            **ENVIRON,
            "AWS_ENDPOINT_URL_DEADLINE": self.url,
            "AWS_ENDPOINT_URL_LOGS": self.url,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], Any]:
        if headers.get("X-Amz-Target", "").endswith("GetLogEvents"):
            self.calls.append("GetLogEvents")
            return 200, {}, self.farm.log_events(**json.loads(body))
        operation, arguments = self._parsed(method, target, headers, body)
        self.calls.append(operation.name)
        try:
            if self.denies:
                raise Refused("AccessDeniedException", "User is not authorized")
            report = ParamValidator().validate(arguments, operation.input_shape)
            if report.has_errors():
                raise Refused("ValidationException", report.generate_report())
            told = self.farm.call(operation.name, arguments)
        except Refused as refused:
            shape = self.model.shape_for(refused.code)
            return shape.metadata["error"]["httpStatusCode"], {"x-amzn-ErrorType": refused.code}, refused.told()
        report = ParamValidator().validate(told, operation.output_shape)
        assert not report.has_errors(), (operation.name, report.generate_report())
        return 200, {}, told

    def _parsed(self, method: str, target: str, headers: Any, body: bytes) -> tuple[OperationModel, dict[str, Any]]:
        parts = urlsplit(target)
        for operation, pattern in self.routes:
            found = pattern.fullmatch(parts.path)
            if operation.http["method"] == method and found:
                break
        else:
            raise LookupError(f"{method} {target} is no call of Deadline Cloud")
        arguments: dict[str, Any] = {name: unquote(value) for name, value in found.groupdict().items()}
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for name, shape in operation.input_shape.members.items():
            where, wire = shape.serialization.get("location"), shape.serialization.get("name", name)
            given = query.get(wire) if where == "querystring" else headers.get(wire) if where == "header" else None
            if given is not None:
                arguments[name] = int(given) if shape.type_name == "integer" else given
        return operation, {**(json.loads(body) if body else {}), **arguments}


def _route(operation: OperationModel) -> tuple[OperationModel, re.Pattern[str]]:
    uri = operation.http["requestUri"].partition("?")[0]
    return operation, re.compile(re.sub(r"\{(\w+)\+?\}", r"(?P<\1>[^/]+)", uri))


@contextmanager
def deadline_service(folder: Path) -> Iterator[Service]:
    """A service with one farm and one queue, whose two workers render for real in ``folder``."""
    service = Service(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not service.answers:
                self.close_connection = True
                return
            status, headers, told = service.answer(self.command, self.path, self.headers, body)
            data = json.dumps(told, default=_json).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json", "Content-Length": len(data)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        service.farm.close()


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value))
