"""docs/reference/commands.md: read from the functions that are the commands, so that no terminal has a say in it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any, get_args, get_origin

import typer.models

from onepiece_cli import app as root_app
from onepiece_cli.lazy import COMMANDS
from onepiece_cli.reference.table import code, table

_HEAD = """# Commands

`onepiece [GLOBAL OPTIONS] COMMAND [OPTIONS]`. Every command answers `--help`. Data goes to stdout, the log, progress
and errors to stderr; under `--json` stdout is one object and an error is one object on stderr. The exit statuses are
listed in [errors.md](errors.md). Global options stand before the command; `--config-profile` beats the environment,
a command's own `--profile` is always the AWS profile.
"""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One option or argument."""

    spelling: str
    is_argument: bool
    required: bool
    default: str
    help: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it is typed."""

    path: str
    help: str
    epilog: str
    parameters: tuple[Parameter, ...]

    @property
    def examples(self) -> list[str]:
        """The command lines of the epilog, each on one line."""
        _, _, told = self.epilog.partition("Examples:")
        return [" ".join(block.split()) for block in told.split("\n\n") if block.strip()]


def list_commands() -> list[Command]:
    """Every command, in the order of ``onepiece --help``."""
    return [command for name in COMMANDS for command in _commands(name)]


def global_options() -> tuple[Parameter, ...]:
    """The options that stand before a command."""
    return tuple(_parameters(root_app.root))


def _commands(name: str) -> Iterator[Command]:
    app: typer.Typer = import_module(COMMANDS[name].module).app
    single = len(app.registered_commands) == 1 and app.registered_callback is None and not app.registered_groups
    yield from _commands_of(name, app, single=single)


def _commands_of(name: str, app: typer.Typer, *, single: bool = False) -> Iterator[Command]:
    for info in app.registered_commands:
        assert info.callback is not None
        own = info.name or info.callback.__name__.replace("_", "-")
        yield Command(
            path=name if single else f"{name} {own}",
            help=inspect.cleandoc(info.help or info.callback.__doc__ or ""),
            epilog=info.epilog or "",
            parameters=tuple(_parameters(info.callback)),
        )
    for group in app.registered_groups:
        assert group.typer_instance is not None
        # A group without a name of its own adds its commands to the one around it.
        inner = f"{name} {group.name}" if isinstance(group.name, str) else name
        yield from _commands_of(inner, group.typer_instance)


def _parameters(function: Callable[..., Any]) -> Iterator[Parameter]:
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        hint, *notes = get_args(parameter.annotation) if get_origin(parameter.annotation) else (parameter.annotation,)
        info = next((note for note in notes if isinstance(note, typer.models.ParameterInfo)), None)
        if info is None or getattr(info, "hidden", False):
            continue
        required = parameter.default is inspect.Parameter.empty
        value = _value(hint, info)
        if isinstance(info, typer.models.ArgumentInfo):
            yield Parameter(info.metavar or name.upper(), True, required, "", info.help or "")
            continue
        spellings = ", ".join(_spellings(name, info))
        default = "" if required else _shown(parameter.default)
        yield Parameter(f"{spellings} {value}".strip(), False, required, default, info.help or "")


def _spellings(name: str, info: typer.models.ParameterInfo) -> tuple[str, ...]:
    # Inside Annotated, what stands first is a spelling, wherever typer keeps it until it builds the command.
    first = (info.default,) if isinstance(info.default, str) else ()
    return (*first, *(info.param_decls or ())) or (f"--{name.replace('_', '-')}",)


def _value(hint: Any, info: typer.models.ParameterInfo) -> str:
    """What stands behind an option: nothing for a switch, the choices, or a word."""
    kinds = [kind for kind in get_args(hint) if kind is not type(None)] or [hint]
    kind = kinds[0]
    if kind is bool:
        return ""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    if info.metavar:
        return info.metavar
    return {"Path": "PATH", "int": "NUMBER", "float": "NUMBER"}.get(getattr(kind, "__name__", ""), "TEXT")


def _shown(default: Any) -> str:
    if default in (None, False, "", ()):
        return ""
    return str(default.value) if isinstance(default, Enum) else str(default)


def commands_page() -> str:
    lines = [_HEAD, *_options(global_options(), "Global options"), "| `--help` | | Show the help of any command. |", ""]
    for command in list_commands():
        lines += _section(command)
    return "\n".join(lines).rstrip() + "\n"


def _section(command: Command) -> list[str]:
    arguments = [one for one in command.parameters if one.is_argument]
    options = tuple(one for one in command.parameters if not one.is_argument)
    usage = " ".join(
        ["onepiece", command.path, "[OPTIONS]"]
        + [one.spelling if one.required or one.spelling.startswith("[") else f"[{one.spelling}]" for one in arguments]
    )
    lines = [f"## onepiece {command.path}", "", command.help, "", f"    {usage}", ""]
    if arguments:
        rows = ((code(one.spelling), one.help) for one in arguments)
        lines += [*table(("argument", "meaning"), rows), ""]
    lines += [*_options(options), ""] if options else []
    if command.examples:
        lines += ["```bash", *command.examples, "```", ""]
    return lines


def _options(options: tuple[Parameter, ...], title: str | None = None) -> list[str]:
    rows = (
        (code(one.spelling) + (" (required)" if one.required else ""), code(one.default), one.help) for one in options
    )
    return ([f"## {title}", ""] if title else []) + table(("option", "default", "meaning"), rows)
