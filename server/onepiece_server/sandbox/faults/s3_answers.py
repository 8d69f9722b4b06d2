"""Answers that the S3 server did not give."""

from __future__ import annotations

from xml.sax.saxutils import escape

from onepiece_server.sandbox.faults.plan import Rule

STATUS = {"too_many": 429, "unavailable": 503, "slow_down": 503, "error": 500}
_CODE = {
    "too_many": "TooManyRequests",
    "unavailable": "ServiceUnavailable",
    "slow_down": "SlowDown",
    "error": "InternalError",
}
_REASON = {400: "Bad Request", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


def refusal(rule: Rule, method: str, *, is_over: bool) -> bytes:
    """What a rule says instead of the server; ``is_over``: the connection ends with it."""
    status = rule.error_code or STATUS[rule.fault]
    message = escape(rule.message or "A planned fault of the sandbox.")
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{_CODE[rule.fault]}</Code><Message>{message}</Message>'
    headers = {"content-type": "application/xml", "connection": "close" if is_over else "keep-alive"}
    if rule.fault != "error":
        headers["retry-after"] = str(1 if rule.retry_after_seconds is None else rule.retry_after_seconds)
    return _answer(status, headers, (body + "</Error>").encode(), is_bare=method == "HEAD")


def document(status: int, body: bytes) -> bytes:
    """JSON for the studio's owner."""
    return _answer(status, {"content-type": "application/json"}, body)


def plain(status: int, text: str) -> bytes:
    """A last word to whoever does not speak HTTP."""
    return _answer(status, {"content-type": "text/plain", "connection": "close"}, text.encode())


def _answer(status: int, headers: dict[str, str], body: bytes, *, is_bare: bool = False) -> bytes:
    lines = [f"HTTP/1.1 {status} {_REASON.get(status, 'Planned')}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if is_bare else body)
