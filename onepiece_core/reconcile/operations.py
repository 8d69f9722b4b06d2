"""Work that was begun and not finished: in the journal, and by claims whose lease is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from onepiece_core.journal import Operation
from onepiece_core.publish.claims import CLAIM_NAME, DiskClaims, Standing, StoreClaims
from onepiece_core.publish.record import ONEPIECE_FOLDER, RECORD_NAME
from onepiece_core.reconcile.model import Action, ParkFile, ParkObject, Recover, finding
from onepiece_core.reconcile.parts import Abandoned, World
from onepiece_core.reconcile.units import Item
from onepiece_core.storage.places import Place

# Claims that say that nothing is left to do.
_OVER = ("finished", "discarded")


def read_journal(world: World) -> None:
    """Operations of this machine. One whose process lives is at work and told of by nobody."""
    for operation in world.parts.journal.list_unfinished():
        if not _is_of_show(world, operation):
            continue
        world.operations += 1
        world.unfinished.add(operation.name)
        is_running = operation.state == "running" and operation.owner.is_alive()
        if is_running or operation.kind == "repair-row":
            continue
        can_recover = operation.kind == "publish"
        world.add(
            finding(
                "operation.unfinished",
                operation.id,
                f"{operation.kind} {operation.name} is {operation.state}",
                repair=(Recover(operation=operation.id),) if can_recover else None,
                **({} if can_recover else {"hint": _hint(operation)}),
            )
        )


def _hint(operation: Operation) -> str:
    if operation.kind in ("repair", "unpublish"):
        return "The same command again goes on with it."
    return "`onepiece recover`, or the same command again, goes on with it."


def _is_of_show(world: World, operation: Operation) -> bool:
    """What names neither project nor show may be this one's."""
    told = operation.request
    inner = told.get("request") if isinstance(told.get("request"), dict) else told
    assert isinstance(inner, dict)
    show, project = inner.get("show_code"), inner.get("project")
    if isinstance(show, str):
        return show == world.show_code
    return not isinstance(project, str) or project in (world.project.get("name"), world.show_code)


def check_disk_claims(world: World, folder: str, hidden: list[Item]) -> None:
    """``hidden``: what lies in the ``.onepiece`` of ``folder``."""
    scenes: dict[str, list[Item]] = {}
    for item in hidden:
        scene, slash, name = item.path.partition("/")
        if slash and scene != "parked":
            scenes.setdefault(scene, []).append(Item(name, item.size_bytes, item.mark))
    for scene, items in scenes.items():
        names = {item.path for item in items}
        if not any(name.startswith("claim-") for name in names):
            continue
        claims = DiskClaims(Path(folder) / ONEPIECE_FOLDER / scene, Path(folder))
        actions = tuple(_park_claim(world, folder, scene, items))
        _check(world, claims.look(), scene, folder, RECORD_NAME in names, actions)


def _park_claim(world: World, folder: str, scene: str, items: list[Item]) -> Iterator[Action]:
    for item in items:
        path = f"{folder}/{ONEPIECE_FOLDER}/{scene}/{item.path}"
        yield ParkFile(
            path=world.persist(path), base=world.base_of(path), size_bytes=item.size_bytes, mtime_ns=int(item.mark)
        )


def check_stored_claim(world: World, place: Place, folder: str, hidden: list[Item]) -> None:
    """``hidden``: what lies below ``folder``'s ``.onepiece`` in S3."""
    names = {item.path for item in hidden}
    if CLAIM_NAME not in names:
        return
    prefix = place.key(folder).rstrip("/")
    claims = StoreClaims(world.parts.open_store(place.bucket), prefix)
    actions = tuple(
        ParkObject(
            bucket=place.bucket,
            key=f"{prefix}/{ONEPIECE_FOLDER}/{item.path}",
            base=place.prefix,
            size_bytes=item.size_bytes,
            etag=item.mark,
        )
        for item in hidden
        if not item.path.startswith("parked/")
    )
    where = f"s3://{place.bucket}/{prefix}"
    _check(world, claims.look(), folder.rpartition("/")[2], where, RECORD_NAME in names, actions)


def _check(
    world: World, standing: Standing | None, scene: str, where: str, has_record: bool, park: tuple[Action, ...]
) -> None:
    if standing is None or (standing.claim is not None and standing.claim.state in _OVER):
        return
    if scene in world.unfinished and scene not in world.abandoned:
        return  # the journal tells of it, or somebody is at work
    world.unfinished.add(scene)
    if not standing.lease_is_over:
        return
    claim = standing.claim
    who = f" by {claim.user} on {claim.host}" if claim else ""
    recover = Recover(operation=claim.operation, at=where) if claim and has_record else None
    world.abandoned.setdefault(scene, []).append(Abandoned(where, who, recover, park))


def report_abandoned(world: World) -> None:
    """Each publish whose claims are abandoned once, wherever they lie."""
    for scene, claims in world.abandoned.items():
        world.operations += 1
        recover = next((each.recover for each in claims if each.recover is not None), None)
        parked = tuple(action for each in claims for action in each.park)
        first = claims[0]
        world.add(
            finding(
                "operation.unfinished",
                first.where if first.where.endswith(f"/{scene}") else f"{first.where}/{scene}",
                f"{scene} was begun{first.who} and not finished; its lease is over",
                paths=tuple(each.where for each in claims),
                repair=parked if recover is None else (recover,),
            )
        )
