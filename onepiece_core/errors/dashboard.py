"""The dashboard and its mirror of the tracker."""

from __future__ import annotations

from onepiece_core.errors.base import OnePieceError


class DashboardError(OnePieceError):
    code = "dashboard.failed"


class DashboardMissing(DashboardError):
    """A show, episode, shot, delivery, ingest or playlist that the mirror does not have."""

    code = "dashboard.not_found"
    hint = "What was made in ShotGrid a moment ago appears with the next refresh."


class DashboardInvalid(DashboardError):
    """A limit, cursor or filter that makes no sense."""

    code = "dashboard.invalid"


class DashboardStoreFailed(DashboardError):
    """The mirror cannot be read or written."""

    code = "dashboard.store_unavailable"
    hint = "Check the disk of the state folder; the mirror is only a copy and may be deleted."


class DashboardMediaFailed(DashboardError):
    """A picture or movie that the tracker has, and its server does not give."""

    code = "dashboard.media_unavailable"
    hint = "Try again, or look at it in ShotGrid."
