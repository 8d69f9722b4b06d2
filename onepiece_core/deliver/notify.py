"""Tell people of a delivery: a Slack-compatible webhook and e-mail.

A message is an operation of the journal before it is sent and finished when it was taken, so none is lost and none is
sent twice: what could not be sent goes out with the next delivery. The operation's id is its key (``Idempotency-Key``,
``Message-ID``): by it a receiver knows the one that came again because nobody heard its answer.
"""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from typing import Any

from onepiece_core.config.models import NotifySettings
from onepiece_core.errors import ErrorReport
from onepiece_core.journal import Journal, Operation
from onepiece_core.progress import Warned

KIND = "notify"
_TIMEOUT_SECONDS = 10.0


def queue_messages(journal: Journal, settings: NotifySettings, key: str, subject: str, text: str) -> None:
    """Write down what is to be sent, once for each ``key``; sends nothing."""
    for channel in _channels(settings):
        identifier = f"{KIND}-{channel}-{key}"
        if journal.find(identifier) is None:
            request = {"channel": channel, "key": key, "subject": subject, "text": text}
            journal.begin(identifier, kind=KIND, fingerprint=identifier, name=subject, request=request)
            journal.settle(identifier, "parked")


def send_messages(journal: Journal, settings: NotifySettings) -> list[Warned]:
    """Send what waits; a warning for each message that still does."""
    warnings = []
    for waiting in journal.list_unfinished(KIND):
        if waiting.request["channel"] not in set(_channels(settings)):
            continue
        if not journal.take(waiting.id, unfinished=True):
            continue
        try:
            _send(waiting, settings)
        except (OSError, smtplib.SMTPException, ValueError) as cause:
            # Neither the address nor what a server repeats of it is shown: it is a secret.
            report = ErrorReport(
                code="notify.failed", message=f"The {waiting.request['channel']} message: {_told(cause)}"
            )
            journal.settle(waiting.id, "parked", error=report)
            hint = "It goes out with the next delivery."
            warnings.append(Warned(code="notify.failed", message=f"{report.message} was not sent", hint=hint))
        else:
            journal.settle(waiting.id, "finished")
    return warnings


def _channels(settings: NotifySettings) -> Iterator[str]:
    if settings.webhook_url is not None:
        yield "webhook"
    if settings.smtp_host and settings.mail_from and settings.mail_to:
        yield "mail"


def _told(cause: Exception) -> str:
    if isinstance(cause, urllib.error.HTTPError):
        return f"status {cause.code}"
    return type(cause).__name__


def _send(waiting: Operation, settings: NotifySettings) -> None:
    told: Mapping[str, Any] = waiting.request
    if told["channel"] == "webhook":
        _post(waiting.id, told, settings)
    else:
        _mail(waiting.id, told, settings)


def _post(key: str, told: Mapping[str, Any], settings: NotifySettings) -> None:
    assert settings.webhook_url is not None
    url = settings.webhook_url.get_secret_value()
    if not url.startswith(("https://", "http://")):
        raise ValueError("no web address")
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    data = json.dumps({"text": f"{told['subject']}\n{told['text']}"}).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - checked above
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as reply:  # noqa: S310
        reply.read(1024)


def _mail(key: str, told: Mapping[str, Any], settings: NotifySettings) -> None:
    message = EmailMessage()
    message["Subject"] = " ".join(str(told["subject"]).split())
    message["From"], message["To"] = settings.mail_from, ", ".join(settings.mail_to)
    message["Message-ID"] = f"<{key}@onepiece>"
    message.set_content(told["text"])
    with smtplib.SMTP(settings.smtp_host or "", settings.smtp_port, timeout=_TIMEOUT_SECONDS) as server:
        if settings.smtp_starttls:
            server.starttls()
        if settings.smtp_user and settings.smtp_password is not None:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(message)
