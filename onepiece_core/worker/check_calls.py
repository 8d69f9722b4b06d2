"""``publish.check``: what the rules say of an open scene, what a publish of it would hold, and the request for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from onepiece_core.context import Context
from onepiece_core.errors import TrackerError, TrackerUnavailable, UsageError
from onepiece_core.publish import tree
from onepiece_core.publish.build import build_roots
from onepiece_core.publish.outputs import find_outputs
from onepiece_core.publish.propose import Proposal, PublishContext, propose_request
from onepiece_core.publish.request import PublishRequest
from onepiece_core.publish.scene_check import Taken, find_taken, gather_scene
from onepiece_core.rules.host_facts import SceneFacts, parse_facts
from onepiece_core.rules.host_rule import HostFinding
from onepiece_core.rules.host_rules import check_scene
from onepiece_core.tracker.placing import find_way
from onepiece_core.tracker.tracker import Entity
from onepiece_core.worker.context import choices_of, link, place_of
from onepiece_core.worker.loop import Call, Method
from onepiece_core.worker.session import Session

_LINKS = ("project", "entity", "task")
_AWAY = "ShotGrid does not answer"
# What a publish can be about, and the field that names it.
_SHOTS = ("Shot", "Asset")
_NAMES = {"Project": "name", "Task": "content"}


def check(session: Session, call: Call) -> Any:
    """The context, the tree of items, the findings and the proposed request of the facts of a scene."""
    facts = parse_facts(call.params.get("facts"))
    overrides = call.params.get("request")
    overrides = {} if overrides is None else overrides
    if not isinstance(overrides, dict):
        raise UsageError("request must hold the values that the artist changed.")
    told, links = _place(session, facts, _chosen(call.params))
    links["entity"] = _with_way(session, links)
    context = _publish_context(session, told, links)
    outputs = find_outputs(facts)
    proposal = propose_request(facts, outputs, context, session.settings, overrides)
    choices = () if links["entity"] else tuple(choices_of(session, told))
    findings = _findings(session, facts, context, links, proposal, choices)
    errors = sum(1 for finding in findings if finding.severity == "error")
    return {
        "context": {**told.values(), "show_code": context.show_code, **links},
        "items": tree.as_json(tree.publish_tree(facts, outputs, proposal.request)),
        "findings": [finding.model_dump(mode="json") for finding in findings],
        "request": proposal.request.model_dump(mode="json", by_alias=True) if proposal.request else None,
        "lacking": list(proposal.lacking),
        "summary": {"errors": errors, "warnings": len(findings) - errors},
    }


def _findings(
    session: Session,
    facts: SceneFacts,
    context: PublishContext,
    links: Mapping[str, Entity | None],
    proposal: Proposal,
    choices: Sequence[Entity],
) -> tuple[HostFinding, ...]:
    request = proposal.request
    entity = _named(session, links["entity"])
    taken = _taken(session, request, links["project"]) if request else Taken()
    return check_scene(
        gather_scene(
            facts,
            project=links["project"],
            entity=entity if entity and entity["type"] in _SHOTS else None,
            scene_name=request.scene_name if request else facts.scene and PurePath(facts.scene).stem,
            convention=session.settings.naming.convention(context.show_code),
            roots=build_roots(session.settings).folders,
            tracker=session.tracker,
            taken=taken,
            lacking=proposal.lacking,
            choices=choices,
            request=request,
            ask=lambda key, types, ask: session.kept(key, types, ask).value,
        )
    )


def _taken(session: Session, request: PublishRequest, project: Entity | None) -> Taken:
    """Whether the version is there; that it is not is believed only while the site answers."""

    def ask(key: str, types: Iterable[str], question: Callable[[], Any]) -> Any:
        found = session.kept(key, types, question)
        if found.value is None and session.is_online is False:
            raise TrackerUnavailable(_AWAY)
        return found.value

    taken = find_taken(request.scene_name, request.destination, project, session.tracker, ask)
    is_unknown = project is None and taken.place is None and session.tracker is not None
    return Taken(unasked=_AWAY) if is_unknown and session.is_online is False else taken


def _with_way(session: Session, links: Mapping[str, Entity | None]) -> Entity | None:
    """The shot, named so that nothing takes another one of its code for it."""
    project, shot, site = links["project"], _named(session, links["entity"]), session.find_site()
    if site is None or project is None or shot is None or shot["type"] != "Shot" or not shot.get("name"):
        return links["entity"]
    key, tracker, row = f"way {shot['id']} {shot['name']}", site, shot
    try:
        way = session.kept(key, ("Shot", "Sequence", "Episode"), lambda: find_way(tracker, project, row)).value
    except TrackerError:
        return links["entity"]
    return {**row, "name": way}


def _chosen(params: Mapping[str, Any]) -> dict[str, Entity | None]:
    """The links that the artist chose. Raises UsageError."""
    context = params.get("context") or {}
    if not isinstance(context, dict):
        raise UsageError("context must hold project, entity and task.")
    chosen: dict[str, Entity | None] = {}
    for name in _LINKS:
        value = context.get(name)
        chosen[name] = None
        if value:
            found = link(context, name)
            chosen[name] = found | {key: value[key] for key in ("name", "code") if isinstance(value.get(key), str)}
    return chosen


def _place(
    session: Session, facts: SceneFacts, chosen: Mapping[str, Entity | None]
) -> tuple[Context, dict[str, Entity | None]]:
    """What the scene's path tells, and the links: chosen, or guessed where that agrees with what was chosen."""
    told, guessed = Context(), dict[str, Entity | None].fromkeys(_LINKS)
    if facts.scene:
        told, guessed = place_of(session, PurePath(facts.scene))
    links: dict[str, Entity | None] = {}
    agrees = True
    for name in _LINKS:
        links[name] = chosen[name] or (guessed[name] if agrees else None)
        agrees = agrees and _is_same(links[name], guessed[name])
        if not agrees and name != "task":
            told = Context()  # the scene lies where another shot's scenes do
    return told, links


def _is_same(one: Entity | None, other: Entity | None) -> bool:
    return (one and (one["type"], one["id"])) == (other and (other["type"], other["id"]))


def _publish_context(session: Session, told: Context, links: Mapping[str, Entity | None]) -> PublishContext:
    project, entity, task = (_named(session, links[name]) for name in _LINKS)
    code = (project.get("code") if project else None) or told.show
    return PublishContext(
        show_code=code,
        project=project["name"] if project and project.get("code") != code else None,
        shot=entity["name"] if entity and entity["type"] in _SHOTS else None,
        task=task["name"] if task else None,
        told=told,
    )


def _named(session: Session, row: Entity | None) -> Entity | None:
    """The row with what it is called; a project with its code, too. None where nobody can tell."""
    if row is None or (row.get("name") and (row["type"] != "Project" or row.get("code"))):
        return row
    site, kind = session.find_site(), row["type"]
    if site is None:
        return row if row.get("name") else None
    field = _NAMES.get(kind, "code")

    def ask() -> Entity | None:
        return site.find_one(kind, [["id", "is", row["id"]]], (field, *(("code",) if kind == "Project" else ())))

    try:
        found = session.kept(f"name {kind} {row['id']}", [kind], ask).value
    except TrackerError:
        return row if row.get("name") else None
    return {**row, "name": found.get(field), "code": found.get("code")} if found else None


METHODS: dict[str, Method[Session]] = {"publish.check": check}
