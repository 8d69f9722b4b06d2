"""What a package of a playlist is asked for, and what its plan holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from onepiece_core.deliver.model import DeliveryPlan

Recipient = Literal["client", "vendor"]
NotesFor = Literal["client", "all", "none"]


@dataclass(frozen=True, slots=True)
class PlaylistRequest:
    """The options of one package.

    Attributes:
        destination: the folder in which the package appears.
        name: of the package; None: made of show, playlist and recipient.
        statuses: empty: of a client those of the preset, of a vendor any.
        notes: None: by recipient; a client reads only what was written for clients.
        leave_out: package the rest without the Versions that are refused.
    """

    project: str
    playlist: str
    destination: Path
    recipient: Recipient
    name: str | None = None
    zipped: bool = False
    preset: str = "studio"
    statuses: tuple[str, ...] = ()
    notes: NotesFor | None = None
    leave_out: bool = False

    @property
    def notes_for(self) -> NotesFor:
        return self.notes or ("client" if self.recipient == "client" else "all")


@dataclass(frozen=True, slots=True)
class VersionNote:
    """A Note on a Version."""

    subject: str
    content: str
    author: str | None
    created_at: str | None
    kind: str | None

    def told(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "content": self.content,
            "author": self.author,
            "created_at": self.created_at,
            "type": self.kind,
        }


@dataclass(frozen=True, slots=True)
class PlaylistPlan(DeliveryPlan):
    """What would be packaged, in the playlist's order.

    Attributes:
        recipient: whom it is for.
        notes: by id of the Version.
        notes_left_out: how many are not for the recipient.
    """

    playlist: dict[str, Any] = field(default_factory=dict)
    recipient: Recipient = "client"
    notes: dict[int, tuple[VersionNote, ...]] = field(default_factory=dict)
    notes_left_out: int = 0

    @property
    def output(self) -> Path:
        return self.request.output

    @property
    def folder(self) -> str:
        """What the one folder at the top is called."""
        return self.request.name

    def told(self) -> dict[str, Any]:
        """The plan as JSON values. Zero-argument super() knows no slots."""
        told = DeliveryPlan.told(self)
        del told["context"], told["destination"]
        notes = sum(map(len, self.notes.values()))
        more = {"recipient": self.recipient, "notes": notes, "notes_left_out": self.notes_left_out}
        return {"playlist": {"id": self.playlist["id"], "code": self.playlist.get("code")}, **told, **more}
