"""Shelves and the menu for Houdini: ``toolbar/onepiece.shelf`` and ``MainMenuCommon.xml``, below HOUDINI_PATH."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from onepiece_shelves.calls import call_of
from onepiece_shelves.model import Shelves, Tool
from onepiece_shelves.pictures import Look

HOST = "houdini"
_LOOK = Look()
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def export(shelves: Shelves, look: Look = _LOOK) -> dict[str, str]:
    """File name -> text."""
    return {"toolbar/onepiece.shelf": _shelf_file(shelves, look), "MainMenuCommon.xml": _menu_file(shelves)}


def _shelf_file(shelves: Shelves, look: Look) -> str:
    lines = [_HEAD, "<shelfDocument>"]
    for number, (name, tools) in enumerate(shelves.shelves(HOST).items(), start=1):
        lines.append(f"  <toolshelf name={_attribute(_number('onepiece', number))} label={_attribute(name)}>")
        lines += [f"    <memberTool name={_attribute(_tool_name(tool))}/>" for tool in tools]
        lines.append("  </toolshelf>")
    for tool in shelves.of(HOST):
        if tool.shelf is not None:
            lines += _tool(tool, look)
    return "\n".join([*lines, "</shelfDocument>", ""])


def _tool(tool: Tool, look: Look) -> list[str]:
    picture = look.picture(tool.icon)
    icon = f" icon={_attribute(picture)}" if picture else ""
    return [
        f"  <tool name={_attribute(_tool_name(tool))} label={_attribute(tool.label)}{icon}>",
        f"    <helpText>{_text(tool.tooltip)}</helpText>",
        f'    <script scriptType="python">{_text(call_of(tool, HOST))}</script>',
        "  </tool>",
    ]


def _menu_file(shelves: Shelves) -> str:
    lines = [_HEAD, "<mainMenu>", "  <menuBar>"]
    for number, (name, tools) in enumerate(shelves.menus(HOST).items(), start=1):
        lines.append(f"    <subMenu id={_attribute(_number('onepiece_menu', number))}>")
        lines += [f"      <label>{_text(name)}</label>", "      <insertBefore>help_menu</insertBefore>"]
        for index, tool in enumerate(tools):
            if tool.starts_group and index:
                lines.append("      <separatorItem/>")
            lines += [
                f"      <scriptItem id={_attribute(_tool_name(tool))}>",
                f"        <label>{_text(tool.label)}</label>",
                f"        <scriptCode>{_text(call_of(tool, HOST))}</scriptCode>",
                "      </scriptItem>",
            ]
        lines.append("    </subMenu>")
    return "\n".join([*lines, "  </menuBar>", "</mainMenu>", ""])


def _tool_name(tool: Tool) -> str:
    return f"onepiece_{tool.id}"


def _number(name: str, number: int) -> str:
    """The first keeps the plain name: desktops remember their shelves by it."""
    return name if number == 1 else f"{name}_{number}"


def _text(text: str) -> str:
    return escape(_allowed(text))


def _attribute(text: str) -> str:
    return quoteattr(_allowed(text))


def _allowed(text: str) -> str:
    """XML has no way at all to write a control character, a lone surrogate, U+FFFE or U+FFFF."""
    return "".join(" " if ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 or ord(c) in (0xFFFE, 0xFFFF) else c for c in text)
