"""The two ways out: a webhook as Slack has them, and e-mail."""

from __future__ import annotations

import http.client
import json
import smtplib
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from typing import Any, Literal

from onepiece_core.config.models import NotifySettings

Way = Literal["webhook", "mail"]
SEND_ERRORS = (OSError, http.client.HTTPException, smtplib.SMTPException, ValueError)
_TIMEOUT_SECONDS = 10.0
_BUSY = 429


def ways(settings: NotifySettings, *, needs_recipient: bool = False) -> Iterator[Way]:
    """Those that are set up. ``needs_recipient``: a message names nobody, so ``mail_to`` must."""
    if settings.webhook_url is not None:
        yield "webhook"
    if settings.smtp_host and settings.mail_from and (settings.mail_to or not needs_recipient):
        yield "mail"


def send(key: str, told: Mapping[str, Any], settings: NotifySettings) -> None:
    """Raises one of SEND_ERRORS when nobody confirmed that it was taken."""
    if told["channel"] == "webhook":
        _post(key, told, settings)
    else:
        _mail(key, told, settings)


def reason(cause: Exception) -> str:
    """Neither the address nor what a server repeats of it: they are secrets."""
    return f"status {cause.code}" if isinstance(cause, urllib.error.HTTPError) else type(cause).__name__


def is_away(cause: Exception) -> bool:
    """Whether the server takes no message at all now, whatever is in it."""
    if isinstance(cause, urllib.error.HTTPError):
        return cause.code == _BUSY or cause.code >= 500
    return isinstance(cause, urllib.error.URLError | TimeoutError | ConnectionRefusedError | socket.gaierror)


def _post(key: str, told: Mapping[str, Any], settings: NotifySettings) -> None:
    assert settings.webhook_url is not None
    url = settings.webhook_url.get_secret_value()
    if not url.startswith(("https://", "http://")):
        raise ValueError("no web address")
    text = "\n".join(part for part in (told["subject"], told["text"]) if part)
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    data = json.dumps({"text": text if told.get("is_markup") else _plain(text)}).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - checked above
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as reply:  # noqa: S310
        reply.read(1024)


def _plain(text: str) -> str:
    """A name like ``<!channel>`` calls nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mail(key: str, told: Mapping[str, Any], settings: NotifySettings) -> None:
    message = EmailMessage()
    message["Subject"] = " ".join(str(told["subject"]).split())
    message["From"], message["To"] = settings.mail_from, told.get("to") or ", ".join(settings.mail_to)
    message["Message-ID"] = f"<{key}@onepiece>"
    message.set_content(told["text"])
    with smtplib.SMTP(settings.smtp_host or "", settings.smtp_port, timeout=_TIMEOUT_SECONDS) as server:
        if settings.smtp_starttls:
            server.starttls()
        if settings.smtp_user and settings.smtp_password is not None:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(message)
