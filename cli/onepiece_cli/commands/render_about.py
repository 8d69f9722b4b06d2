"""``onepiece render farms``, ``templates`` and ``presets``: what jobs can be made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.sandbox_folder import examples
from onepiece_cli.options import Json
from onepiece_cli.render.opening import Server, open_jobs
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_core.farm.capabilities import Capabilities

FARMS_EPILOG = examples("onepiece render farms", "onepiece render farms --server https://farm.studio:8000 --json")
TEMPLATES_EPILOG = examples("onepiece render templates", "onepiece render templates blender --json")
PRESETS_EPILOG = examples("onepiece render presets", "onepiece render presets --json")

_WORDS = ("retry", "hold", "dependencies", "logs", "task_progress")


def farms(ctx: typer.Context, server: Server = None, as_json: Json = False) -> None:
    """Name every farm, what it can do, and why one cannot be used."""
    from onepiece_cli.render.shape import table

    session = session_of(ctx)
    with open_jobs(session, session.settings(), server) as jobs:
        found = jobs.list_farms()
    if as_json:
        typer.echo(session.told({"farms": [farm.model_dump(mode="json") for farm in found]}))
        return
    rows = [
        (farm.name, farm.label, "yes" if farm.available else "no", _told(farm.capabilities), farm.reason or "")
        for farm in found
    ]
    table(("farm", "called", "usable", "can", "why not"), rows)


def _told(can: Capabilities) -> str:
    words = [word.replace("_", " ") for word in _WORDS if getattr(can, word)]
    return ", ".join([*words, can.proof])


def templates(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show this one with its parameters.")] = None,
    as_json: Json = False,
) -> None:
    """Name the job templates: OnePiece's own and the studio's."""
    from onepiece_cli.render.shape import fields, table
    from onepiece_core.errors import OnePieceError
    from onepiece_core.farm.template import JobTemplate, list_templates, load_template

    session = session_of(ctx)
    studio = session.settings().render.templates_dir
    found: dict[str, JobTemplate | OnePieceError] = {}
    for each in [name] if name is not None else list_templates(studio):
        try:
            found[each] = load_template(each, studio)
        except OnePieceError as error:
            if name is not None:
                raise
            found[each] = error  # one that is broken hides no other
    told = [_template(each, template) for each, template in found.items()]
    if as_json:
        typer.echo(session.told({"templates": told}))
    elif name is None:
        table(
            ("template", "of", "says"),
            [(each["name"], "studio" if each["is_studios"] else "OnePiece", each["description"]) for each in told],
        )
    else:
        (only,) = told
        fields({"template": only["name"], "of": "studio" if only["is_studios"] else "OnePiece"})
        fields({"says": only["description"]})
        rows = [
            (each["name"], each["type"], json.dumps(each["default"]) if "default" in each else "", each["description"])
            for each in only["parameters"]
        ]
        table(("parameter", "type", "default", "says"), rows)


def _template(name: str, template: Any) -> dict[str, Any]:
    from onepiece_core.errors import OnePieceError

    if isinstance(template, OnePieceError):
        broken = f"broken: {template.report.message}"
        return {
            "name": name,
            "description": broken,
            "is_studios": True,
            "parameters": [],
            "error": template.report.code,
        }
    parameters = [
        {
            "name": parameter,
            "type": definition["type"],
            "description": definition.get("description", ""),
            **({"default": definition["default"]} if "default" in definition else {}),
        }
        for parameter, definition in template.parameters.items()
    ]
    return {
        "name": name,
        "description": template.description,
        "is_studios": template.is_studios,
        "parameters": parameters,
    }


def presets(ctx: typer.Context, as_json: Json = False) -> None:
    """Name the presets of the settings, [render.presets.NAME], and what each one sets."""
    from onepiece_cli.render.asked import preset
    from onepiece_cli.render.shape import table

    session = session_of(ctx)
    settings = session.settings()
    found = {name: preset(settings, name) for name in sorted(settings.render.presets)}
    if as_json:
        typer.echo(session.told({"presets": [{"name": name, "options": options} for name, options in found.items()]}))
    elif found:
        rows = [
            (name, ", ".join(f"{key} {json.dumps(value)}" for key, value in options.items()))
            for name, options in found.items()
        ]
        table(("preset", "sets"), rows)
    else:
        typer.echo("No preset is in the settings: [render.presets.NAME].")
