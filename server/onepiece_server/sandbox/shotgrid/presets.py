"""Additional filter presets: what no filter can say, applied inside the rows that the filters leave."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid.faults import shown
from onepiece_server.sandbox.shotgrid.operators import Sql
from onepiece_server.sandbox.shotgrid.query import Scope

_LATEST = "LATEST"
_IN_CUT = "CUT_SHOT_VERSIONS"
_CREATED = "ENTITIES_CREATED_AT"
_STEP = "BY_PIPELINE_STEP_NUMBER_AND_ENTITIES_CREATED_AT"
_NUMBER = "VERSION_NUMBER"
_REVISION = "REVISION_NUMBER"
_LATEST_BY = {"Version": (_CREATED, _STEP), "PublishedFile": (_CREATED, _NUMBER), "Cut": (_REVISION,)}


def preset_sql(scope: Scope, presets: Any, where: str, params: list[Any]) -> Sql:
    """``where`` and its parameters, narrowed by the presets."""
    if not presets:
        return where, params
    if not isinstance(presets, list) or not all(isinstance(preset, dict) for preset in presets):
        raise scope.fault(f"expected [Array] of [Hash] for 'additional_filter_presets' but got: {shown(presets)}")
    for preset in presets:
        if _name(scope, preset) == _IN_CUT:
            where, params = f"{where} AND {_in_cut(scope)}", [*params, _cut_id(scope, preset)]
    for preset in presets:
        if preset["preset_name"] == _LATEST:
            latest = _latest(scope, preset, where)
            where, params = f"{where} AND {scope.alias}.id IN ({latest})", [*params, *params]
    return where, params


def _name(scope: Scope, preset: dict[str, Any]) -> str:
    name = preset.get("preset_name")
    known = [_LATEST] if scope.entity_type in _LATEST_BY else []
    if scope.entity_type == "Version":
        known.append(_IN_CUT)
    if name not in known:
        raise scope.fault(
            f"{scope.entity_type} doesn't support the filter preset {shown(name)}: {shown(preset)}\n"
            f"Valid presets: {shown(known)}"
        )
    wanted = {"preset_name", "latest_by" if name == _LATEST else "cut_id"}
    if set(preset) != wanted:
        raise scope.fault(f"filter preset '{name}' expects the keys {shown(sorted(wanted))}: {shown(preset)}")
    return str(name)


def _cut_id(scope: Scope, preset: dict[str, Any]) -> int:
    cut_id = preset["cut_id"]
    if isinstance(cut_id, bool) or not isinstance(cut_id, int):
        raise scope.fault(f"filter preset '{_IN_CUT}' expects an Integer 'cut_id': {shown(preset)}")
    return max(min(cut_id, 2**62), -1)


def _in_cut(scope: Scope) -> str:
    """Versions of the Shots that the Cut's items are of."""
    link = f'{scope.alias}."entity__type" = \'Shot\' AND {scope.alias}."entity__id"'
    items = (
        'SELECT i."shot__id" FROM "CutItem" AS i JOIN "Cut" AS c ON c.id = i."cut__id" AND c."__retired" = 0 '
        'WHERE i."cut__id" = ? AND i."__retired" = 0'
    )
    return f"({link} IN ({items}))"


def _latest(scope: Scope, preset: dict[str, Any], where: str) -> str:
    """The ids that LATEST leaves of the rows ``where`` matches."""
    by, known = preset["latest_by"], _LATEST_BY[scope.entity_type]
    if by not in known:
        raise scope.fault(
            f"filter preset '{_LATEST}' of {scope.entity_type} doesn't support the 'latest_by' {shown(by)}: "
            f"{shown(preset)}\nValid values: {shown(list(known))}"
        )
    alias = scope.alias
    if by == _REVISION:
        ranked = f'RANK() OVER (ORDER BY {alias}."revision_number" DESC NULLS LAST)'
    else:
        keys = [f'{alias}."created_at" DESC', f"{alias}.id DESC"]
        if by == _STEP:
            keys.insert(0, f"{_step_order(scope)} DESC NULLS LAST")
        elif by == _NUMBER:
            keys.insert(0, f'{alias}."version_number" DESC NULLS LAST')
        group = f'{alias}."entity__type", {alias}."entity__id"'
        where = f'{where} AND {alias}."entity__id" IS NOT NULL'
        ranked = f"ROW_NUMBER() OVER (PARTITION BY {group} ORDER BY {', '.join(keys)})"
    return (
        f"SELECT id FROM (SELECT {alias}.id AS id, {ranked} AS place FROM {scope.table} WHERE {where}) WHERE place = 1"
    )


def _step_order(scope: Scope) -> str:
    """How far along the pipeline the Version's Task is."""
    alias, field, _ = scope.step("sg_task.Task.step.Step.list_order")
    return f'{alias}."{field.name}"'
