"""Who may write a version: exclusive claims on a disk and in a store, with leases and fencing numbers.

A version is claimed by an exclusive create that holds on NFS (a hard link to a number that is not there yet) and
by a conditional put. A claim says which operation holds it, since when, and in which state it is. Its lease is
measured by the clock of the place alone: the mtime of the claim file against a file touched beside it, or the claim
object's LastModified against the server's Date. Whoever takes a claim over adds one to the fencing number; the
former holder notices at its next renewal, and writes nothing once its lease could be over.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.errors import LeaseLost, ObjectMissing, OperationBusy, PreconditionFailed, VersionExists
from onepiece_core.filesystems import create_file, make_folders, storage_error, sync_folder, write_file
from onepiece_core.journal import Owner
from onepiece_core.storage.store import IF_ABSENT, Condition, Store

CLAIM_NAME = "claim.json"
ClaimState = Literal["held", "released", "parked", "finished", "discarded"]


class Claim(BaseModel):
    """One claim as it is written. ``token`` tells two processes of one operation apart."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["onepiece.claim.1"] = Field(default="onepiece.claim.1", alias="schema")
    operation: str
    scene_name: str
    host: str
    user: str
    pid: int
    pid_started: float = 0.0
    token: str
    fence: int = 1
    state: ClaimState = "held"
    since: str
    lease_seconds: float

    @classmethod
    def mine(cls, operation: str, scene_name: str, *, user: str, since: str, lease_seconds: float) -> Claim:
        me = Owner.me()
        return cls(
            operation=operation,
            scene_name=scene_name,
            host=me.host,
            user=user,
            pid=me.pid,
            pid_started=me.pid_started,
            token=uuid.uuid4().hex,
            since=since,
            lease_seconds=lease_seconds,
        )

    def holder_is_gone(self) -> bool:
        """Whether the process that made this claim surely does not work on it any more: it is dead, or it is us."""
        holder = Owner(self.host, self.pid, self.pid_started)
        return holder == Owner.me() or not holder.is_alive()

    def to_bytes(self) -> bytes:
        return self.model_dump_json(by_alias=True, indent=1).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Standing:
    """A claim as found. ``age_seconds`` since its last renewal, by the clock of the place."""

    claim: Claim | None  # None: somebody is writing it just now, or it is damaged
    age_seconds: float

    @property
    def lease_is_over(self) -> bool:
        if self.claim is None:
            return self.age_seconds > 120
        return self.claim.state in ("released", "parked") or self.age_seconds > self.claim.lease_seconds


class ClaimPlace(Protocol):
    """Where one version can be claimed."""

    @property
    def where(self) -> str:
        """The place for people: a folder or an s3:// URI."""
        ...

    def look(self) -> Standing | None:
        """The claim in force, or None."""
        ...

    def acquire(self, claim: Claim, *, over: Standing | None) -> Claim:
        """Claim the version where ``over`` is still in force (None: where no claim is).

        Returns the claim with its fencing number. Raises VersionExists when somebody else was faster.
        """
        ...

    def renew(self, claim: Claim) -> None:
        """Start the lease anew. Raises LeaseLost when the claim is not ours any more."""
        ...

    def change(self, claim: Claim, state: ClaimState) -> None:
        """Give the held claim another state. Raises LeaseLost when it is not ours any more."""
        ...

    def erase(self, claim: Claim) -> None:
        """Remove our own claim where it was the first and nothing was written under it."""
        ...


def _parse(data: bytes) -> Claim | None:
    try:
        return Claim.model_validate_json(data)
    except ValidationError:
        return None


def taken(standing: Standing | None, where: str, *, finished: bool | None = None) -> VersionExists:
    """The error for a version that somebody else holds."""
    claim = standing.claim if standing else None
    is_finished = finished if finished is not None else claim is not None and claim.state in ("parked", "finished")
    state = "finished" if is_finished else "in_progress"
    who = f" by {claim.user} on {claim.host}" if claim else ""
    words = "is published already" if is_finished else "is being published"
    hint = None
    if not is_finished and standing and standing.lease_is_over and claim:
        hint = f"Its lease is over: `onepiece recover --adopt {claim.operation} --at {where}` completes or discards it."
    return VersionExists(
        f"{claim.scene_name if claim else 'The version'} {words}{who}.",
        hint=hint,
        state=state,
        place=where,
        **(
            {"operation": claim.operation, "user": claim.user, "host": claim.host, "since": claim.since}
            if claim
            else {}
        ),
    )


def may_take(standing: Standing | None, operation: str, where: str, *, owner_is_dead: bool, has_record: bool) -> None:
    """Raise unless ``operation`` may claim a place in this standing.

    ``owner_is_dead``: the caller's journal says that the operation's former owner is gone: then its lease does not
    matter. It does matter where another machine has adopted the operation since.
    """
    if standing is None:
        return
    claim = standing.claim
    if claim is not None and claim.state == "discarded":
        return
    if claim is not None and claim.operation == operation:
        if (owner_is_dead and claim.holder_is_gone()) or standing.lease_is_over or claim.state == "finished":
            return
        raise OperationBusy(
            f"{claim.scene_name} is being worked on by {claim.user} on {claim.host}.",
            operation=operation,
            place=where,
            lease_seconds_left=round(claim.lease_seconds - standing.age_seconds, 1),
        )
    # Its owner died before it wrote what it was about to do: there is nothing that could be recovered.
    if standing.lease_is_over and not has_record and not (claim and claim.state == "finished"):
        return
    raise taken(standing, where)


class DiskClaims:
    """Claims in a folder, as numbered files: the highest number is in force.

    A number is taken by linking a complete file to it, which exactly one of many racers can do, on NFS too.
    """

    def __init__(self, folder: Path, shown: Path) -> None:
        self._folder = folder
        self._shown = shown

    @property
    def where(self) -> str:
        return str(self._shown)

    def _numbered(self) -> list[Path]:
        return sorted(self._folder.glob("claim-[0-9]*.json")) if self._folder.is_dir() else []

    def _path(self, fence: int) -> Path:
        return self._folder / f"claim-{fence:06d}.json"

    def look(self) -> Standing | None:
        for path in reversed(self._numbered()):
            try:
                data, modified = path.read_bytes(), path.stat().st_mtime
            except FileNotFoundError:
                continue
            return Standing(_parse(data), self._now() - modified)
        return None

    def _now(self) -> float:
        """The clock of the filesystem, which may be another machine's."""
        probe = self._folder / f".clock-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        try:
            probe.touch()
            return probe.stat().st_mtime
        except OSError as error:
            raise storage_error(error, self._folder) from error
        finally:
            probe.unlink(missing_ok=True)

    def acquire(self, claim: Claim, *, over: Standing | None) -> Claim:
        for _ in range(3):
            try:
                return self._acquire(claim, over)
            except FileNotFoundError:  # a racer that lost has just removed the empty folder
                continue
            except FileExistsError as error:
                raise taken(self.look(), self.where) from error
            except OSError as error:
                raise storage_error(error, self._folder) from error
        raise taken(self.look(), self.where)

    def _acquire(self, claim: Claim, over: Standing | None) -> Claim:
        make_folders(self._folder)
        numbers = [int(path.stem.removeprefix("claim-")) for path in self._numbered()]
        held = claim.model_copy(update={"fence": max(numbers, default=0) + 1})
        self._refuse_changed(over)
        complete, target = self._folder / f".{held.token}.tmp", self._path(held.fence)
        try:
            create_file(complete, held.to_bytes())
            self._link(complete, target)
        finally:
            complete.unlink(missing_ok=True)
        if self._numbered()[-1] != target:  # two others came and went since we counted
            target.unlink(missing_ok=True)
            raise FileExistsError(str(target))
        sync_folder(self._folder)
        for number in numbers:
            self._path(number).unlink(missing_ok=True)
        return held

    def _refuse_changed(self, over: Standing | None) -> None:
        """Between the look and the number somebody may have claimed, finished and gone."""
        now = self.look()
        before = over.claim.token if over and over.claim else None
        if (now is None) != (over is None) or (now and now.claim and now.claim.token != before):
            raise taken(now, self.where)

    @staticmethod
    def _link(complete: Path, target: Path) -> None:
        try:
            os.link(complete, target)
        except FileExistsError:
            raise
        except OSError:  # a filesystem without hard links (exFAT, some SMB servers)
            create_file(target, complete.read_bytes())

    def _mine(self, claim: Claim) -> Path:
        path = self._path(claim.fence)
        standing = self.look()
        if standing is None or (standing.claim is not None and standing.claim.token != claim.token):
            raise LeaseLost(f"The claim on {claim.scene_name} in {self.where} was taken over.", place=self.where)
        return path

    def renew(self, claim: Claim) -> None:
        try:
            os.utime(self._mine(claim))
        except OSError as error:
            raise storage_error(error, self._folder) from error

    def change(self, claim: Claim, state: ClaimState) -> None:
        write_file(self._mine(claim), claim.model_copy(update={"state": state}).to_bytes())

    def erase(self, claim: Claim) -> None:
        self._mine(claim).unlink(missing_ok=True)
        for folder in (self._folder, self._folder.parent):
            try:
                folder.rmdir()
            except OSError:  # somebody else's claims are in it
                break


class StoreClaims:
    """Claims as one object, replaced only by conditional puts."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._key = f"{prefix}/.onepiece/{CLAIM_NAME}"
        self._where = f"{store.uri}/{prefix}"
        self._etag: str | None = None

    @property
    def where(self) -> str:
        return self._where

    def _read(self) -> tuple[Claim | None, str, float] | None:
        try:
            data, info = self._store.read(self._key)
        except ObjectMissing:
            return None
        return _parse(data), info.etag, info.modified

    def look(self) -> Standing | None:
        found = self._read()
        if found is None:
            self._etag = None
            return None
        claim, self._etag, modified = found
        return Standing(claim, self._store.now() - modified)

    def acquire(self, claim: Claim, *, over: Standing | None) -> Claim:
        """``over`` must be this object's latest look: its etag is the condition."""
        fence = (over.claim.fence if over and over.claim else 0) + 1
        held = claim.model_copy(update={"fence": fence})
        condition = IF_ABSENT if over is None else Condition(if_match=self._etag)
        try:
            self._etag = self._store.put(self._key, held.to_bytes(), condition=condition).etag
        except PreconditionFailed as error:
            if not self._is_mine(held):  # a lost reply makes the second try meet our own claim
                raise taken(self.look(), self.where) from error
        return held

    def _is_mine(self, claim: Claim) -> bool:
        found = self._read()
        if found is None or found[0] is None or found[0].token != claim.token:
            return False
        self._etag = found[1]
        return True

    def _put(self, claim: Claim) -> None:
        for _ in range(3):
            try:
                self._etag = self._store.put(self._key, claim.to_bytes(), condition=Condition(if_match=self._etag)).etag
            except PreconditionFailed as error:
                if not self._is_mine(claim):
                    words = f"The claim on {claim.scene_name} in {self.where} was taken over."
                    raise LeaseLost(words, place=self.where) from error
            else:
                return
        raise LeaseLost(f"The claim on {claim.scene_name} in {self.where} cannot be renewed.", place=self.where)

    def renew(self, claim: Claim) -> None:
        self._put(claim)

    def change(self, claim: Claim, state: ClaimState) -> None:
        self._put(claim.model_copy(update={"state": state}))

    def erase(self, claim: Claim) -> None:
        if self._is_mine(claim):
            self._store.delete(self._key)
