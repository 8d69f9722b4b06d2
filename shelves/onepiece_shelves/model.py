"""What the shelves are made of: tools, and what is wrong with the files that name them."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = "onepiece.shelves.1"
HOSTS = ("maya", "nuke", "houdini", "blender")

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Tool:
    """One thing that an artist can ask for.

    Attributes:
        icon: the name of one of ours (``publish``), or the absolute path of a picture; None shows none.
        menu, shelf: the name of the menu and of the shelf or toolbar it stands on; None keeps it off.
        command: ``module:function``, called with the host's session when the artist asks for the tool.
        starts_group: a line or gap stands before it.
        file: where it was last changed.
    """

    id: str
    label: str
    command: str
    tooltip: str = ""
    icon: str | None = None
    hosts: tuple[str, ...] = HOSTS
    menu: str | None = None
    shelf: str | None = None
    starts_group: bool = False
    file: str = ""


@dataclass(frozen=True)
class Finding:
    """What is wrong at one place of one file.

    Attributes:
        path: as ``tools[2].label``; empty for the whole file.
        severity: ``error``: it was left out; ``warning``: it works, but not as meant.
    """

    file: str
    path: str
    severity: str
    message: str


@dataclass(frozen=True)
class Shelves:
    """The tools in their order, hidden ones left out, and what could not be used of the files."""

    tools: tuple[Tool, ...]
    findings: tuple[Finding, ...] = ()

    def of(self, host: str) -> tuple[Tool, ...]:
        """The tools of one host."""
        return tuple(tool for tool in self.tools if host in tool.hosts)

    def menus(self, host: str) -> dict[str, tuple[Tool, ...]]:
        """The menus of a host by name, each with its tools."""
        return _by_name([(tool.menu, tool) for tool in self.of(host)])

    def shelves(self, host: str) -> dict[str, tuple[Tool, ...]]:
        """The shelves or toolbars of a host by name, each with its tools."""
        return _by_name([(tool.shelf, tool) for tool in self.of(host)])


def _by_name(placed: list[tuple[str | None, Tool]]) -> dict[str, tuple[Tool, ...]]:
    names = dict.fromkeys(name for name, _ in placed if name is not None)
    return {name: tuple(tool for where, tool in placed if where == name) for name in names}
