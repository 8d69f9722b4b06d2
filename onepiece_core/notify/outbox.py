"""Messages that wait until they are sent.

A message is an operation of the journal before it is sent and finished when it was taken, so none is lost and none is
sent twice: what could not be sent goes out with whoever sends next. The operation's id is its key (``Idempotency-Key``,
``Message-ID``): by it a receiver knows the one that came again because nobody heard its answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from onepiece_core.config.models import NotifyEvent, NotifyRule, NotifySettings
from onepiece_core.errors import ErrorReport
from onepiece_core.journal import Journal, Operation
from onepiece_core.notify.channels import SEND_ERRORS, Way, is_away, reason, send, ways
from onepiece_core.progress import Warned

KIND = "notify"


@dataclass(frozen=True, slots=True)
class Message:
    """What is told. ``key`` names the thing that happened: it is told once.

    Attributes:
        event: whose rule it follows; people may mute it.
        is_markup: its text is written for Slack, which may call people by it.
    """

    key: str
    subject: str
    text: str = ""
    event: NotifyEvent | None = None
    is_markup: bool = False


def queue_messages(journal: Journal, settings: NotifySettings, key: str, subject: str, text: str) -> None:
    """Write down what is to be sent to all that the settings name, once for each ``key``; sends nothing."""
    for way in ways(settings, needs_recipient=True):
        _park(journal, f"{KIND}-{way}-{key}", way, Message(key, subject, text))


def queue_by_rule(journal: Journal, settings: NotifySettings, rule: NotifyRule, message: Message) -> None:
    """The same for those whom a rule names. A way out that is not set up yet is waited for."""
    if "slack" in rule.channels:
        queue_slack(journal, message)
    if "email" in rule.channels:
        queue_mail(journal, message, rule.to or settings.mail_to)


def queue_slack(journal: Journal, message: Message) -> str:
    """Its id."""
    identifier = f"{KIND}-webhook-{message.key}"
    _park(journal, identifier, "webhook", message)
    return identifier


def queue_mail(journal: Journal, message: Message, recipients: Iterable[str]) -> list[str]:
    """Their ids: a message for each, so that one refused address keeps nobody else's back or makes it come twice."""
    identifiers = []
    for recipient in dict.fromkeys(recipients):
        mark = hashlib.sha256(recipient.encode()).hexdigest()[:12]
        identifiers.append(f"{KIND}-mail-{message.key}-{mark}")
        _park(journal, identifiers[-1], "mail", message, to=recipient)
    return identifiers


def send_messages(
    journal: Journal,
    settings: NotifySettings,
    *,
    is_muted: Callable[[str, str], bool] = lambda _recipient, _event: False,
) -> list[Warned]:
    """Send what waits; a warning for each message that still does. ``is_muted``: whether a recipient wants no event."""
    warnings = []
    able, away = set(ways(settings)), set[str]()
    for waiting in journal.list_unfinished(KIND):
        told = waiting.request
        if told["channel"] not in able or (told["channel"] == "mail" and not (told.get("to") or settings.mail_to)):
            continue
        if told["channel"] in away:
            warnings.append(_warning(f"The {told['channel']} message was not tried"))
            continue
        if not journal.take(waiting.id, unfinished=True):
            continue
        if told.get("event") and told.get("to") and is_muted(told["to"], told["event"]):
            journal.settle(waiting.id, "discarded")
            continue
        cause = _send(journal, waiting, settings)
        if cause is not None:
            warnings.append(_warning(f"The {told['channel']} message was not sent: {reason(cause)}"))
            if is_away(cause):
                away.add(told["channel"])
    return warnings


def _send(journal: Journal, waiting: Operation, settings: NotifySettings) -> Exception | None:
    try:
        send(waiting.id, waiting.request, settings)
    except SEND_ERRORS as cause:
        message = f"The {waiting.request['channel']} message: {reason(cause)}"
        journal.settle(waiting.id, "parked", error=ErrorReport(code="notify.failed", message=message))
        return cause
    journal.settle(waiting.id, "finished")
    return None


def _warning(message: str) -> Warned:
    return Warned(code="notify.failed", message=message, hint="It goes out with the next command that sends.")


def _park(journal: Journal, identifier: str, way: Way, message: Message, *, to: str | None = None) -> None:
    request: dict[str, Any] = {
        "channel": way,
        "key": message.key,
        "subject": message.subject,
        "text": message.text,
        "to": to,
        "event": message.event,
        "is_markup": message.is_markup,
    }
    journal.park(identifier, kind=KIND, name=" ".join(message.subject.split()), request=request)
