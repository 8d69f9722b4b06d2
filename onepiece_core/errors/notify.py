"""Messages to people."""

from __future__ import annotations

from onepiece_core.errors.base import OnePieceError


class NotifyError(OnePieceError):
    """A message that was not taken; it waits."""

    code = "notify.failed"
    hint = "It is kept and goes out with the next command that sends; do not give it again."


class NotifyNotConfigured(NotifyError):
    """The settings do not say by which server."""

    code = "notify.not_configured"
    hint = "Set [notify] webhook_url, or smtp_host and mail_from, in onepiece.toml."
