"""docs/reference/settings.md: every setting and every environment variable."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from onepiece_cli.reference.table import code, table
from onepiece_core.config.environment import CONFIG_HOME_VARIABLE, PROFILE_VARIABLE, VARIABLES
from onepiece_core.config.models import Tables
from onepiece_core.dcc import DCCS

_HEAD = """# Settings

Settings come from `onepiece.toml` files, the environment and the command line. Tables are merged; of two values the
later in this list wins. `onepiece profile --show-sources` shows what is in force and where it came from.

1. built-in values
2. the user's files: `$XDG_CONFIG_HOME/onepiece/onepiece.toml` (else `~/.config/onepiece/`),
   `~/.onepiece/onepiece.toml`, `~/onepiece.toml`; below them the `onepiece.toml` in a sandbox's own folder
3. the project's files: `onepiece.toml` and `.onepiece/onepiece.toml` in ONEPIECE_PROJECT_ROOT
4. the workspace: `onepiece.toml` in the working folder and its parents up to the project's root; where there is none,
   in the folder that the command works on
5. the profile named by ONEPIECE_PROFILE, else by `default_profile`
6. environment variables
7. the profile named by `onepiece --config-profile NAME` (it takes the place of number 5)
8. the command line

`[profiles.NAME]` may hold every table below. A key that OnePiece does not know is an error, so a slip of the pen never
goes unnoticed. A value is taken away with `""`. Explicit AWS keys and an AWS profile exclude each other: the one set
later wins as a whole.

```toml
default_profile = "studio"

[naming.shows.FG]
scene = "{show}_{episode}_{sequence}_{shot}_{asset}_v{version}"

[profiles.studio.shotgrid]
url = "https://mystudio.shotgrid.autodesk.com"
script = "pipeline-user"

[profiles.studio.contexts.vendor_out]
bucket = "studio-vendor-out"
prefix = "outgoing"

[profiles.studio.commands.dcc.publish]
show-type = "prod"
```
"""

_VARIABLES_HEAD = """## Environment variables

An empty variable counts as not set.
"""

# Variables that are no setting.
_OTHERS = {
    "ONEPIECE_LAUNCH_FILE": "Set by `onepiece dcc open-shot`: the file in which our start-up tells that it is up.",
    "ONEPIECE_FARM_TASK": "Set for render tasks: all that a task started is known by it, and ended with the task.",
    "ONEPIECE_FARM_WORKER": "Set for workers of the farm `local`: all that a worker started is known by it.",
    "ONEPIECE_HOSTS": "Set for DCCs by `onepiece dcc open-shot`: the version folder of the host files in force.",
    "ONEPIECE_SHELVES": "Set in the same way: the studio's and the show's files of tools, separated as in PATH.",
    PROFILE_VARIABLE: "Profile to lay over the files, below the environment; `--config-profile` lays one above it.",
    CONFIG_HOME_VARIABLE: "Where the user's configuration lies; `~/.config` when it is not set.",
    "AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE": "The AWS configuration files that a profile is looked up in.",
    "HTTPS_PROXY, NO_PROXY": "The proxy on the way to servers with an https address.",
    "SHOTGUN_API_CACERTS": "Certificates that the ShotGrid client trusts instead of its own.",
    "NO_COLOR": "Print without colours.",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One key, with dots; NAME stands for a name of your own."""

    key: str
    kind: str
    default: str
    variables: tuple[str, ...]
    help: str


def list_settings() -> list[Setting]:
    """Every key that a file may hold, but for the profiles."""
    return list(_fields(Tables, ()))


def _fields(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        key = (*above, name)
        inner, is_named = _model_of(field.annotation)
        if inner is not None:
            yield from _fields(inner, (*key, "NAME") if is_named else key)
            continue
        yield Setting(
            key=".".join(key),
            kind=_kind(field.annotation),
            default=_default(field),
            variables=VARIABLES.get(key, ()),
            help=field.description or "",
        )


def _model_of(hint: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model of a table, and whether it stands below free names."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint, False
    arguments = get_args(hint)
    if get_origin(hint) is dict and isinstance(arguments[1], type) and issubclass(arguments[1], BaseModel):
        return arguments[1], True
    return None, False


_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "folder", SecretStr: "secret"}


def _kind(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _kind(next(kind for kind in arguments if kind is not type(None)))
    if origin is Literal:
        return " or ".join(arguments)
    if origin is list:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return "table"
    return _kind(arguments[0]) if arguments else _WORDS.get(hint, "text")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "" if value in (None, "", {}, []) else code(json.dumps(value, default=str))


def settings_page() -> str:
    rows = [
        (code(one.key), one.kind, one.default, ", ".join(map(code, one.variables)), one.help) for one in list_settings()
    ]
    rows.append((code("default_profile"), "text", "", code(PROFILE_VARIABLE), "Profile that is laid over the files."))
    rows.append((code("profiles.NAME"), "table", "", "", "Every table and key above, in force when it is chosen."))
    notes = (
        "",
        "`roots.NAME` may also be one folder for all systems. Without a file the contexts `vendor_in`, `vendor_out`,",
        "`client_in` and `client_out` are the buckets `vendor-in`, `vendor-out`, `client-in` and `client-out`.",
        "",
    )
    head = ("setting", "value", "default", "environment", "meaning")
    return "\n".join([_HEAD, *table(head, rows), *notes, _VARIABLES_HEAD, *_variables()]) + "\n"


def _variables() -> list[str]:
    found = {name: f"Setting `{one.key}`: {one.help}" for one in list_settings() for name in one.variables} | _OTHERS
    for dcc in DCCS:
        found |= dict.fromkeys(dcc.variables, f"Where {dcc.label} is installed.")
    return table(("variable", "meaning"), [(", ".join(map(code, n.split(", "))), found[n]) for n in sorted(found)])
