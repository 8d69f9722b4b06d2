"""Change, retire and register rows; go on with interrupted publishes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from onepiece_core.errors import OnePieceError, PublishError, TrackerError
from onepiece_core.manifest.package import MANIFEST_NAME, PackageManifest, load_manifest
from onepiece_core.publish.recover import adopt, recover_one
from onepiece_core.publish.registration import RegistrationTarget, registration_writes
from onepiece_core.publish.target import guess_context
from onepiece_core.reconcile.doing import DONE, TODO, Changed, Job
from onepiece_core.reconcile.doubles import LINKS, linked_ids
from onepiece_core.reconcile.links import link_of
from onepiece_core.reconcile.model import Recover, Register, RetireRow, UpdateRow
from onepiece_core.storage.places import is_s3_uri, parse_s3_uri
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.outbox import drain
from onepiece_core.tracker.tracker import Entity, Tracker

# The site makes it out of the path.
_DERIVED = "path_cache"


_FORGOTTEN: dict[str, Callable[[str], dict[str, Any]]] = {
    "Version": lambda name: {"code": f"undone {name}", "sg_path_to_frames": None, "sg_path_to_movie": None},
    "PublishedFile": lambda name: {"code": f"undone {name}", "path": None, "path_cache": None},
}


class Update:
    """See UpdateRow."""

    def state(self, job: Job, action: UpdateRow) -> str:
        now = _values(job.parts.tracker, action)
        if now is None:
            return f"{action.type} {action.id} is not there any more"
        if _same(now, action.after):
            return DONE
        return TODO if _same(now, action.before) else f"{action.type} {action.id} has changed"

    def do(self, job: Job, action: UpdateRow) -> None:
        job.parts.tracker.update(action.type, action.id, action.after)

    def undo(self, job: Job, action: UpdateRow) -> str:
        now = _values(job.parts.tracker, action)
        if now is None:
            return f"{action.type} {action.id} is not there any more"
        if _same(now, action.before):
            return ""
        if not _same(now, action.after):
            return f"{action.type} {action.id} has changed since"
        job.parts.tracker.update(action.type, action.id, action.before)
        return ""


def _values(tracker: Tracker, action: UpdateRow) -> dict[str, Any] | None:
    return tracker.find_one(action.type, [["id", "is", action.id]], list(action.before))


def _same(now: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(_plain(now.get(name)) == _plain(value) for name, value in wanted.items() if name != _DERIVED)


def _plain(value: Any) -> Any:
    """A file link by what it leads to."""
    if not isinstance(value, dict):
        return value
    link = link_of(value) or {}
    return link.get("relative_path"), (link.get("local_storage") or {}).get("id"), link.get("url")


class Retire:
    """See RetireRow."""

    def state(self, job: Job, action: RetireRow) -> str:
        tracker = job.parts.tracker
        if tracker.find(action.type, [["id", "is", action.id]]):
            if not action.even_linked and action.type in LINKS and linked_ids(tracker, action.type, [action.id]):
                return f"something links to {action.type} {action.id} by now"
            return TODO
        retired = tracker.find(action.type, [["id", "is", action.id]], retired_only=True)
        return DONE if retired else f"{action.type} {action.id} is not there any more"

    def do(self, job: Job, action: RetireRow) -> None:
        job.parts.tracker.delete(action.type, action.id)

    def undo(self, job: Job, action: RetireRow) -> str:
        tracker = job.parts.tracker
        if not tracker.find(action.type, [["id", "is", action.id]]):
            tracker.revive(action.type, action.id)
        return ""


class Registering:
    """See Register. Its rows are writes of an operation of its own, so each is made once."""

    def state(self, job: Job, action: Register) -> str:
        mine = job.parts.journal.find(job.sub_operation)
        if mine is not None:
            return DONE if mine.state == "finished" else TODO
        tracker = job.parts.tracker
        filters = [["project.Project.name", "is", job.plan.project], ["code", "is", action.scene_name]]
        if tracker.find("Version", filters):
            return f"there is a Version {action.scene_name} by now"
        try:
            manifest = _manifest(job, action)
        except (OnePieceError, OSError):
            return f"{action.place} has no manifest any more"
        return TODO if manifest.operation == action.operation else f"{action.place} is another package by now"

    def do(self, job: Job, action: Register) -> None:
        parts, name = job.parts, job.sub_operation
        outbox = JournalOutbox(parts.journal, name)
        if parts.journal.find(name) is None:
            writes = registration_writes(_manifest(job, action), self._target(job, action))
            if is_s3_uri(action.place):
                writes = tuple(write for write in writes if write.kind not in ("thumbnail", "movie"))
            told = {"project": job.plan.project, "show_code": job.plan.show_code}
            parts.journal.begin(name, kind="repair-row", fingerprint=name, name=action.scene_name, request=told)
            outbox.fill(writes)
        options = parts.publish.options
        outcome = drain(
            outbox,
            parts.tracker,
            clock=parts.publish.clock,
            settle_seconds=options.settle_seconds,
            timeout_seconds=options.timeout_seconds,
            wait=True,
            reporter=parts.reporter,
            guard=lambda: None,
        )
        if not outcome.done:
            why = outcome.reason.message if outcome.reason else "the tracker did not say why"
            raise TrackerError(f"{action.scene_name} is not registered: {why}")
        parts.journal.settle(name, "finished")

    def undo(self, job: Job, action: Register) -> str:  # noqa: ARG002
        journal, tracker = job.parts.journal, job.parts.tracker
        if journal.find(job.sub_operation) is None:
            return ""
        made: list[Entity] = []
        for row in JournalOutbox(journal, job.sub_operation).rows():
            if row.write.kind == "version" and row.result:
                made.append(row.result)
            elif row.write.kind == "files" and row.result:
                made += row.result.values()
        files = [link for link in made if link["type"] == "PublishedFile"]
        filters = [["published_file", "in", files]]
        links = tracker.find("PublishedFileDependency", filters) if files else []
        for each in (*links, *reversed(made)):
            if each["type"] in _FORGOTTEN and tracker.find(each["type"], [["id", "is", each["id"]]]):
                # A retired row that names the package would still stand for it.
                tracker.update(each["type"], each["id"], _FORGOTTEN[each["type"]](job.sub_operation))
            tracker.delete(each["type"], each["id"])
        journal.settle(job.sub_operation, "discarded")
        return ""

    @staticmethod
    def _target(job: Job, action: Register) -> RegistrationTarget:
        convention = job.parts.convention
        guessed = guess_context(action.scene_name, convention)
        path = guessed.shot_path
        root = action.place if is_s3_uri(action.place) else str(job.local(action.place))
        return RegistrationTarget(
            project={"name": job.plan.project},
            named=True,
            shot=path and path.replace("/", "_"),
            shot_hint=path,
            shot_named=False,
            task=guessed.task or guessed.asset,
            task_named=False,
            package_root=root,
            s3_uri=action.s3_uri,
            user=job.parts.publish.user,
        )


def _manifest(job: Job, action: Register) -> PackageManifest:
    if not is_s3_uri(action.place):
        path: Path = job.local(action.place) / MANIFEST_NAME
        return load_manifest(path.read_bytes(), where=str(path))
    place = parse_s3_uri(action.place)
    data, _ = job.parts.open_store(place.bucket).read(place.key(MANIFEST_NAME))
    return load_manifest(data, where=f"{action.place}/{MANIFEST_NAME}")


class Recovering:
    """See Recover."""

    def state(self, job: Job, action: Recover) -> str:
        known = job.parts.journal.find(action.operation)
        if known is not None and not known.is_unfinished:
            return DONE
        if known is None and not action.at:
            return f"the journal has no operation {action.operation}"
        return TODO

    def do(self, job: Job, action: Recover) -> None:
        publish = job.parts.publish
        if action.at:
            recovered = adopt(action.operation, action.at, publish)
        else:
            recovered = recover_one(job.parts.journal.get(action.operation), publish)
        if recovered.outcome == "busy":
            raise Changed(f"somebody works on {recovered.scene_name}", operation=action.operation)
        if recovered.outcome in ("failed", "waiting"):
            why = recovered.error.message if recovered.error else "it waits for the tracker"
            raise PublishError(f"{recovered.scene_name}: {why}", operation=action.operation)

    def undo(self, job: Job, action: Recover) -> str:
        known = job.parts.journal.find(action.operation)
        if known is None or known.state != "finished":
            return ""
        return f"{known.name} was completed; `onepiece unpublish {known.name}` takes it back"
