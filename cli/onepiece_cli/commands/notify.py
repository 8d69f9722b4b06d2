"""``onepiece notify``: messages to people, and who hears of what."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.journal import Journal
    from onepiece_core.notify.outbox import Message

app = typer.Typer(
    help="Tell people by Slack or e-mail; choose what you are told.", no_args_is_help=True, add_completion=False
)

SLACK_EPILOG = """Examples:

onepiece notify slack "Dailies are up"

onepiece notify slack "Night render of FG is done" --key fg-night-2026-03-01"""

EMAIL_EPILOG = """Examples:

onepiece notify email "Dailies are up" --to anna@example.com --text "Room 2, at ten."

onepiece notify email "Dailies are up" --to anna@example.com --to ben@example.com --dry-run"""

MUTE_EPILOG = """Examples:

onepiece notify mute render_failed

onepiece notify mute publish_failed ingest_refused --user anna@example.com"""


class EventName(StrEnum):
    """What rules are about."""

    PUBLISH_FAILED = "publish_failed"
    DELIVERY_SENT = "delivery_sent"
    INGEST_REFUSED = "ingest_refused"
    RENDER_FAILED = "render_failed"


Key = Annotated[
    str | None, typer.Option(metavar="NAME", help="What is told: a message with this name is sent only once.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; send and write nothing.")]
Events = Annotated[list[EventName] | None, typer.Argument(metavar="[EVENT]...", help="Left out, every event.")]
User = Annotated[str | None, typer.Option(metavar="NAME", help="An address, or the name before its @; by default you.")]


@app.command("slack", epilog=SLACK_EPILOG)
def slack(
    ctx: typer.Context,
    message: Annotated[str, typer.Argument(help="The text; Slack's own markup counts.")],
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send a message to the webhook of the settings. One that is not taken is sent later."""
    from onepiece_core.errors import NotifyNotConfigured, UsageError
    from onepiece_core.notify.outbox import Message, queue_slack

    if not message.strip():
        raise UsageError("The message is empty.")
    session = session_of(ctx)
    settings = session.settings()
    if settings.notify.webhook_url is None:
        raise NotifyNotConfigured("There is no webhook: notify.webhook_url is not set")
    told = Message(_key(key), message, is_markup=True)
    if dry_run:
        _show(session, told, "slack", [], state="dry_run", as_json=as_json)
        return
    with _journal(session, settings) as journal:
        state = _send(journal, settings, [queue_slack(journal, told)])
    _show(session, told, "slack", [], state=state, as_json=as_json)


@app.command("email", epilog=EMAIL_EPILOG)
def email(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(help="The subject.")],
    to: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Who gets it; can be repeated. Else notify.mail_to.")
    ] = None,
    text: Annotated[str, typer.Option(help="What it says.")] = "",
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send an e-mail by the server of the settings, to each alone. One that is not taken is sent later."""
    from onepiece_core.errors import NotifyNotConfigured
    from onepiece_core.notify.outbox import Message, queue_mail

    session = session_of(ctx)
    settings = session.settings()
    if not settings.notify.smtp_host or not settings.notify.mail_from:
        raise NotifyNotConfigured("There is no e-mail server: notify.smtp_host or notify.mail_from is not set")
    recipients = _addresses(to or settings.notify.mail_to)
    told = Message(_key(key), subject, text)
    if dry_run:
        _show(session, told, "email", recipients, state="dry_run", as_json=as_json)
        return
    with _journal(session, settings) as journal:
        state = _send(journal, settings, queue_mail(journal, told, recipients))
    _show(session, told, "email", recipients, state=state, as_json=as_json)


@app.command("mute", epilog=MUTE_EPILOG)
def mute(ctx: typer.Context, events: Events = None, user: User = None, as_json: Json = False) -> None:
    """Send somebody no e-mail about these events any more. A webhook has no people: it is not muted."""
    _change(session_of(ctx), events, user, is_muted=True, as_json=as_json)


@app.command("unmute", epilog=MUTE_EPILOG.replace("notify mute", "notify unmute"))
def unmute(ctx: typer.Context, events: Events = None, user: User = None, as_json: Json = False) -> None:
    """Send somebody e-mail about these events again."""
    _change(session_of(ctx), events, user, is_muted=False, as_json=as_json)


@app.command("list", epilog="Examples:\n\nonepiece notify list\n\nonepiece notify list --json")
def list_all(ctx: typer.Context, as_json: Json = False) -> None:
    """Show the rules, the mutes and what waits."""
    from onepiece_core.notify.memory import NotifyMemory
    from onepiece_core.notify.outbox import KIND

    session = session_of(ctx)
    settings = session.settings()
    rules = {event: rule.model_dump(mode="json") for event, rule in settings.notify.rules.items()}
    mutes = NotifyMemory(_state_dir(session, settings)).list_mutes()
    with _journal(session, settings) as journal:
        found = journal.list_unfinished(KIND)
    waiting = [(each.name, str(each.request["channel"]), _why(each.error)) for each in found]
    if as_json:
        told_mutes = [{"user": who, "event": muted} for who, muted in mutes]
        told_waiting = [{"subject": name, "channel": way, "reason": why} for name, way, why in waiting]
        answer = {"schema": "onepiece.notify_list.1", "rules": rules, "mutes": told_mutes, "waiting": told_waiting}
        typer.echo(session.told(answer))
        return
    for event, rule in rules.items():
        typer.echo(printable(f"rule   {event}  {', '.join(rule['channels'])}  {', '.join(rule['to'])}".rstrip()))
    for who, muted in mutes:
        typer.echo(printable(f"muted  {muted}  {who}"))
    for name, way, why in waiting:
        typer.echo(printable(f"waits  {name}  {way}  {why}".rstrip()))
    if not (rules or mutes or waiting):
        typer.echo("There are no rules, and nothing waits.")


def _change(
    session: Session, events: Sequence[EventName] | None, user: str | None, *, is_muted: bool, as_json: bool
) -> None:
    from onepiece_core.errors import UsageError
    from onepiece_core.notify.memory import EVENTS, NotifyMemory

    who = getpass.getuser() if user is None else user.strip()
    if not who:
        raise UsageError("--user names nobody.")
    memory = NotifyMemory(_state_dir(session, session.settings()))
    chosen = [event for event in EVENTS if not events or event in events]
    for event in chosen:
        if is_muted:
            memory.mute(who, event)
        else:
            memory.unmute(who, event)
    if as_json:
        answer = {"schema": "onepiece.notify_mute.1", "user": who, "events": chosen, "muted": is_muted}
        typer.echo(session.told(answer))
    else:
        typer.echo(printable(f"{who} {'hears no more' if is_muted else 'hears again'} of {', '.join(chosen)}"))


def _key(told: str | None) -> str:
    """A name of the message; as its id goes into headers, only plain letters."""
    import re
    import uuid

    from onepiece_core.errors import UsageError

    if told is None:
        return uuid.uuid4().hex
    if not re.fullmatch(r"[\w.-]{1,100}", told, re.ASCII):
        raise UsageError("--key takes up to 100 letters, digits, dots, dashes and underscores.")
    return f"named-{told}"


def _addresses(told: Sequence[str]) -> list[str]:
    from pydantic import TypeAdapter, ValidationError

    from onepiece_core.config.models import MailAddress
    from onepiece_core.errors import UsageError

    if not told:
        raise UsageError("Nobody gets it.", hint="Give --to ADDRESS, or set notify.mail_to.")
    try:
        return TypeAdapter(list[MailAddress]).validate_python(list(told))
    except ValidationError as cause:
        raise UsageError("--to takes an e-mail address: name@example.com") from cause


def _state_dir(session: Session, settings: Settings) -> Path:
    from onepiece_cli.settings import default_state_dir

    return settings.state_dir or default_state_dir(session.environ)


@contextmanager
def _journal(session: Session, settings: Settings) -> Iterator[Journal]:
    from onepiece_core.journal import Journal

    with closing(Journal(_state_dir(session, settings))) as journal:
        yield journal


def _send(journal: Journal, settings: Settings, identifiers: Sequence[str]) -> str:
    """Everything that waits goes out. Raises NotifyError when one of these does not."""
    from onepiece_core.errors import NotifyError
    from onepiece_core.notify.pending import send_waiting

    send_waiting(journal, settings)
    left = [each for each in (journal.get(identifier) for identifier in identifiers) if each.is_unfinished]
    if left:
        why = _why(left[0].error) or "somebody else is sending it, or its server does not answer"
        raise NotifyError(f"{len(left)} of {len(identifiers)} messages were not sent: {why}")
    return "sent"


def _why(error: dict[str, Any] | None) -> str:
    return str(error["message"]) if error else ""


def _show(
    session: Session, message: Message, channel: str, recipients: Sequence[str], *, state: str, as_json: bool
) -> None:
    if as_json:
        told = {"channel": channel, "state": state, "subject": message.subject, "text": message.text}
        typer.echo(session.told({"schema": "onepiece.notify.1", **told, "to": list(recipients)}))
        return
    to = ", ".join(recipients) or "Slack"
    typer.echo(printable(f"{'would send' if state == 'dry_run' else 'sent'} to {to}: {message.subject}"))
