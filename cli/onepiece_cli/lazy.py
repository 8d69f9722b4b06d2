"""A command group that knows its commands' names without importing them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from onepiece_cli.session import session_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: the module that holds its ``app``, and its line in ``--help``."""

    module: str
    help: str
    has_defaults: bool = False  # its options may have values in [commands] of onepiece.toml


COMMANDS: dict[str, Entry] = {
    "demo": Entry("onepiece_cli.commands.demo", "Publish a small show on this machine and look at the result."),
    "info": Entry("onepiece_cli.commands.info", "Show this machine: Python, DCCs, ShotGrid, AWS; check each."),
    "profile": Entry("onepiece_cli.commands.profile", "Show the settings in force and where each one came from."),
    "aws": Entry("onepiece_cli.commands.aws", "Move media to and from S3: mirror folders, take in drops.", True),
    "dcc": Entry("onepiece_cli.commands.dcc", "Publish from a DCC, open a shot in one.", True),
    "shelves": Entry("onepiece_cli.commands.shelves", "Tools on the hosts' menus and shelves: check, list, export."),
    "validate": Entry("onepiece_cli.commands.validate", "Check names, paths, media, manifests and hosts.", True),
    "verify": Entry("onepiece_cli.commands.verify", "Prove a package against its manifest, on disk or in S3.", True),
    "recover": Entry("onepiece_cli.commands.recover", "Finish or discard publishes that were interrupted.", True),
    "unpublish": Entry("onepiece_cli.commands.unpublish", "Take a version back: rows retired, files parked.", True),
    "restore": Entry("onepiece_cli.commands.restore", "Bring back a version that was unpublished.", True),
    "shotgrid": Entry("onepiece_cli.commands.shotgrid", "Shows, bulk work, playlists, deliveries.", True),
    "editorial": Entry("onepiece_cli.commands.editorial", "Compare cuts: what changed, what no longer covers."),
    "render": Entry("onepiece_cli.commands.render", "Render on this machine or a farm: submit, wait, look.", True),
    "server": Entry("onepiece_cli.commands.server", "Run Trafalgar, the render service; its keys and audit log.", True),
    "notify": Entry("onepiece_cli.commands.notify", "Tell people by Slack or e-mail; choose what you are told.", True),
    "login": Entry("onepiece_cli.commands.login", "Sign in at ShotGrid as yourself."),
    "logout": Entry("onepiece_cli.commands.logout", "Forget the personal ShotGrid session."),
    "whoami": Entry("onepiece_cli.commands.whoami", "Show as whom ShotGrid is used."),
    "worker": Entry("onepiece_cli.commands.worker", "Serve the panels of a DCC; they start it by themselves."),
    "sandbox": Entry("onepiece_cli.commands.sandbox", "Run a whole studio (ShotGrid and S3) on this machine."),
}


class LazyGroup(TyperGroup):
    """Lists stubs, and loads the one command that is really used."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else TyperCommand(cmd_name, help=entry.help, callback=_never)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        self.commands = {name: self.get_command(ctx, name) for name in COMMANDS}  # for "Did you mean"
        name, command, rest = super().resolve_command(ctx, args)
        if command is None or name is None:
            return name, command, rest
        loaded = load(name)
        if COMMANDS[name].has_defaults and "--help" not in rest and not ctx.resilient_parsing:
            from onepiece_cli.settings import command_defaults

            ctx.default_map = command_defaults(session_of(ctx), {name: loaded})
        return name, loaded, rest


def load(name: str) -> Any:
    """The real command behind a name in COMMANDS."""
    entry = COMMANDS[name]
    command = typer.main.get_command(import_module(entry.module).app)
    command.name = name
    command.short_help = entry.help
    return command


def _never() -> None:
    """A stub's callback: stubs are listed, never run."""
